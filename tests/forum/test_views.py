"""Doors of the roof: the start page and what a machine asks."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from meetings import actions
from members.models import Person
from tests import make
from tests.conftest import Hand
from tests.pages import text_of

pytestmark = pytest.mark.django_db


def home(client: Client) -> str:
    """What the start page says, with ordinary spaces, each only once."""
    return " ".join(client.get("/").content.decode().replace("\u00a0", " ").split())


def words(client: Client) -> str:
    """What a reader reads there."""
    return text_of(client.get("/"))


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
    assert "Counted" not in page and "Next meeting" not in page


def test_size_is_counted_and_says_when(visitor: Client, forum_list: object, portal_clock: Hand) -> None:
    make.trust(pupils=4120)
    make.trust(pupils=None)
    make.trust(pupils=9000, approved_at=None)
    page = words(visitor)
    assert "2 trusts, serving at least 4,120 pupils. Counted October 2025." in page
    portal_clock.set("2026-02-03 09:00")
    assert "Counted February 2026." in words(visitor)


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


def test_communities_guide_and_news_stand_below(
    visitor: Client, forum_list: object, portal_clock: Hand
) -> None:
    empty = words(visitor)
    assert "Communities of Practice" not in empty and "All news" not in empty and "guide" not in empty
    portal_clock.passes(minutes=1)
    make.community("Leading subjects", question="How do we lead a subject well?", state="writing_up")
    make.community("Ended", state="concluded")
    make.guide("Subject Leadership", summary="What volunteers found.", due="autumn 2025")
    for day in range(1, 5):
        make.news(f"News of day {day}", f"2025-10-0{day}")
    make.news("Elsewhere only", "2025-10-09", on_home=False)
    make.news("Tomorrow", "2025-10-21")
    page = words(visitor)
    assert "Writing up Leading subjects How do we lead a subject well?" in page and "Ended" not in page
    assert (
        "The first guide Free to read and adapt with credit. Subject Leadership Expected autumn 2025" in page
    )
    assert "4 Oct 2025 News of day 4" in page and "News of day 2" in page and "News of day 1" not in page
    assert "Elsewhere only" not in page and "Tomorrow" not in page
    portal_clock.passes(minutes=1)
    make.guide("Older", published_on=date(2025, 3, 1))
    assert "The newest guide Free to read and adapt with credit. Subject Leadership" in words(visitor)


def test_a_visitor_joins_by_writing_and_a_member_is_not_asked(
    visitor: Client, priya: Person, as_person: Callable[[Person], Client]
) -> None:
    assert '<a class="button" href="/contact/">Join the Forum</a>' in home(visitor)
    member = home(as_person(priya))
    assert "Join" not in member and "Sign out" in member and priya.name in member


def test_one_press_from_the_start_page(visitor: Client, forum_list: object) -> None:
    """What a visitor from the press or the department looks for."""
    make.pages()
    make.meeting("2025-11-06 10:00")
    make.news()
    page = home(visitor)
    for path in ("/about/", "/contact/", "/meetings/", "/communities/", "/guides/", "/news/", "/press/"):
        assert f'href="{path}"' in page
    about = text_of(visitor.get("/about/"))
    assert "Who leads it" in about and "October 2022" in about


@pytest.mark.parametrize("number", [1, 11])
def test_the_start_page_asks_little(number: int, visitor: Client, django_assert_num_queries: Any) -> None:
    for day in range(number):
        make.trust()
        make.meeting(f"2025-11-{day + 3:02d} 10:00")
        make.community()
        make.guide()
        make.news()
    with django_assert_num_queries(7):
        visitor.get("/")
