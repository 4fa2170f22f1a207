"""A portal of real processes for the fault tests, and the figures that each fault leaves."""

from collections.abc import Callable, Iterator

import pytest

from tests.services import house as houses
from tests.services.house import Figures, House


@pytest.fixture(scope="session")
def _house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with houses.opened(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def house(_house: House) -> Iterator[House]:
    """An empty portal; whatever a test started in it is ended."""
    houses.clear(_house)
    yield _house
    houses.clear(_house)
    assert _house.sink.violations == []


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Tells at the end what a fault cost, and holds it to its bound."""

    def tell(fault: str, figures: Figures, *, bound: int, **more: object) -> None:
        extra = "".join(f", {name.replace('_', ' ')} {value}" for name, value in more.items())
        line = (
            f"fault {fault}: lost {figures.lost}, duplicates {figures.duplicates}, bound {bound}, "
            f"worst copies {figures.worst}, accepted {figures.accepted}{extra}"
        )
        record_property("fault", line)
        assert figures.lost == 0, line
        assert figures.duplicates <= bound, line
        assert figures.worst <= 3, line

    return tell
