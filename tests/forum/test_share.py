"""The pictures of shared links: the right words, the right size, drawn once, and of nothing that is not public."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import Client
from PIL import Image

from forum import share
from forum.share import Words
from meetings import actions
from members.models import Person
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Words]:
    """The words of every picture that is asked for, which is not drawn."""
    found: list[Words] = []
    monkeypatch.setattr("forum.views.picture", lambda words: found.append(words) or b"a picture")
    return found


@pytest.mark.parametrize(
    "words",
    [
        Words(title="Trust-wide CPD Leaders’ Forum"),
        Words(title="Ŵyn a’r Ŷd " * 30, above="News", below="By somebody"),
        Words(title="W" * 300),
        Words(title=""),
    ],
)
def test_any_title_gives_a_picture_of_the_size_that_cards_show(words: Words):
    image = Image.open(BytesIO(share.picture(words)))
    assert (image.format, image.size) == ("PNG", (1200, 630))
    ground = (251, 250, 245)
    edges = [image.convert("RGB").getpixel((1199, y)) for y in range(630)]
    assert set(edges) == {ground}
    assert len(share.picture(words)) < 60_000


def test_titles_are_set_in_even_lines_of_one_face():
    face, lines = share._fitted("Early career teachers: making the entitlement work in our context")
    assert lines == ["Early career teachers:", "making the entitlement", "work in our context"]
    assert face.size == 68
    assert share._fitted("Dates")[0].size == 84


@pytest.mark.parametrize("who", ["visitor", "priya"])
@pytest.mark.parametrize("path", ["forum", "about", "news", "news/dates", "meetings/2025-26/6-november"])
def test_doors(
    path: str,
    who: str,
    drawn: list[Words],
    request: pytest.FixtureRequest,
    as_person: Callable[[Person], Client],
):
    make.pages()
    make.news("Dates", slug="dates")
    make.meeting("2025-11-06 10:00")
    client = Client() if who == "visitor" else as_person(request.getfixturevalue(who))
    methods = {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}
    assert {method: client.generic(method, f"/share/{path}.png").status_code for method in methods} == methods


@pytest.mark.parametrize("path", ["nothing", "news/draft", "news/later", "meetings/2025-26/7-november"])
def test_there_is_no_picture_of_what_nobody_may_read(path: str, visitor: Client, drawn: list[Words]):
    make.news("Draft", slug="draft", state="draft")
    make.news("Later", "2025-12-01", slug="later")
    assert visitor.get(f"/share/{path}.png").status_code == 404
    assert drawn == []


def test_each_picture_says_what_its_page_says(visitor: Client, drawn: list[Words], tracy: Person):
    make.page("about", title="About us")
    make.news("On NPQs", "2025-10-13", slug="on-npqs", kind="article", author="Sam Gibbs")
    meeting = make.meeting("2025-11-06 10:00", theme="Coaching", join_url="https://zoom.example/j/1")
    for path in ("about", "news/on-npqs", "meetings/2025-26/6-november"):
        visitor.get(f"/share/{path}.png")
    actions.cancel_meeting(meeting, reason="Snow", by=tracy)
    visitor.get("/share/meetings/2025-26/6-november.png")
    day = "6\u00a0November\u00a02025"
    assert drawn == [
        Words(title="About us", below="Leading staff development across many schools, together"),
        Words(title="On NPQs", above="Article, 13\u00a0October\u00a02025", below="By Sam Gibbs"),
        Words(
            title="Coaching",
            above=f"Forum meeting, Thursday {day}",
            below="10:00am to 11:30am. Online (Zoom).",
        ),
        Words(title=f"Thursday {day}", above="Cancelled", below="10:00am to 11:30am. Online (Zoom)."),
    ]


def test_who_has_the_picture_is_not_sent_it_again(visitor: Client, drawn: list[Words]):
    page = make.page("about")
    first = visitor.get("/share/about.png")
    assert first["Cache-Control"] == "public, max-age=3600" and first["Content-Type"] == "image/png"
    assert first["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = visitor.get("/share/about.png", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, len(drawn)) == (304, b"", 1)
    page.title = "Another title"
    page.save()
    assert visitor.get("/share/about.png", headers={"If-None-Match": first["ETag"]}).status_code == 200
