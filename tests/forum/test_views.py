"""Doors of the roof: the start page and what a machine asks."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from meetings import actions
from members.models import Person
from tests import make
from tests.conftest import Hand

pytestmark = pytest.mark.django_db


def home(client: Client) -> str:
    """What the start page says, with ordinary spaces, each only once."""
    return " ".join(client.get("/").content.decode().replace("\u00a0", " ").split())


@pytest.mark.parametrize("who", ["visitor", "priya", "tracy"])
@pytest.mark.parametrize("path", ["/", "/health/live/", "/health/ready/"])
def test_doors(
    path: str, who: str, request: pytest.FixtureRequest, as_person: Callable[[Person], Client]
) -> None:
    client = Client() if who == "visitor" else as_person(request.getfixturevalue(who))
    methods = {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}
    assert {method: client.generic(method, path).status_code for method in methods} == methods


def test_an_empty_portal_has_a_worthy_start_page(visitor: Client, forum_list: object) -> None:
    page = home(visitor)
    assert "No dates are set yet." in page
    assert "Counted in" not in page and "Next meeting" not in page


def test_size_is_counted_and_says_when(visitor: Client, forum_list: object, portal_clock: Hand) -> None:
    make.trust(pupils=4120)
    make.trust(pupils=None)
    make.trust(pupils=9000, approved_at=None)
    page = home(visitor)
    assert "<strong>2 trusts with 4,120 pupils </strong> work in it." in page
    assert "Counted in October 2025." in page
    portal_clock.set("2026-02-03 09:00")
    assert "Counted in February 2026." in home(visitor)


def test_the_next_meeting_and_the_year(visitor: Client, tracy: Person, portal_clock: Hand) -> None:
    make.meeting("2025-09-09 10:00")
    first = make.meeting(
        "2025-11-06 10:00", theme="Early career teachers", join_url="https://zoom.example/j/1"
    )
    make.meeting("2025-12-02 10:00", theme="Support staff count too")
    page = home(visitor)
    assert "Next meeting, 2 of 3" in page and "Early career teachers" in page
    assert 'href="/meetings/2025-26/6-november/meeting.ics"' in page and "zoom.example" not in page
    assert "3 meetings: 1 held, 1 next, 1 to come. Always 10:00am to 11:30am." in page
    actions.cancel_meeting(first, reason="", by=tracy)
    assert "Next meeting, 3 of 3" in home(visitor)
    portal_clock.set(datetime.fromisoformat("2026-01-05T09:00:00+00:00"))
    page = home(visitor)
    assert "Next meeting" not in page and "Our year, 2025 to 2026" in page


@pytest.mark.parametrize("number", [1, 11])
def test_the_start_page_asks_little(number: int, visitor: Client, django_assert_num_queries: Any) -> None:
    for day in range(number):
        make.trust()
        make.meeting(f"2025-11-{day + 3:02d} 10:00")
    with django_assert_num_queries(4):
        visitor.get("/")
