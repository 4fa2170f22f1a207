"""Visitors' pages are made once, are never old, and never anybody else's."""

import gzip
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from forum.audit import queries as audit
from forum.audit.models import AuditEntry
from meetings import actions
from meetings.models import Meeting
from members.models import Person
from tests import make
from tests.conftest import Hand
from tests.pages import text_of

pytestmark = pytest.mark.django_db

PAGES = ["about", "people", "history", "press", "contact", "privacy", "cookies", "accessibility"]
PAGES += ["news", "news-year", "news-item", "news-feed"]


@pytest.fixture
def november(tracy: Person) -> Meeting:
    """The next meeting."""
    return make.meeting("2025-11-06 10:00", theme="Coaching", join_url="https://zoom.example/j/1")


def queries(visit: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as seen:
        visit()
    return len(seen)


def test_the_second_visitor_costs_one_look_at_the_newest_act(november: Meeting):
    first = Client().get("/")
    assert queries(lambda: Client().get("/")) == 1
    assert Client().get("/").content == first.content


def test_an_act_shows_at_once(november: Meeting, tracy: Person):
    assert "Coaching" in text_of(Client().get("/"))
    actions.edit_words(november, theme="Mentoring", agenda="", announce=False, by=tracy)
    assert "Mentoring" in text_of(Client().get("/"))


def test_an_act_that_is_kept_late_shows_too(db: None):
    """Of two acts at once the one with the lower number may be committed last."""
    earlier = AuditEntry.objects.create(verb="meetings.edited")
    number = earlier.pk
    earlier.delete()
    AuditEntry.objects.create(verb="meetings.edited")
    seen = audit.newest()
    AuditEntry.objects.create(pk=number, verb="meetings.edited")
    assert audit.newest() != seen


def test_the_minute_shows(november: Meeting, portal_clock: Hand):
    assert "Next meeting" in text_of(Client().get("/"))
    portal_clock.set("2025-11-06 11:31")
    assert "Coaching" not in text_of(Client().get("/"))


def test_the_query_is_part_of_the_address(november: Meeting):
    assert Client().get("/?a=1").status_code == 200
    assert queries(lambda: Client().get("/?a=2")) > 1


def test_who_is_signed_in_gets_their_own_page_and_leaves_nothing(
    november: Meeting, priya: Person, as_person: Callable[[Person], Client]
):
    own = as_person(priya).get(november_path(november))
    assert "Sign out" in text_of(own) and own["Cache-Control"] == "private, no-store" and "ETag" not in own
    page = Client().get(november_path(november))
    assert "zoom.example" not in page.content.decode() and "Sign out" not in text_of(page)
    assert "Sign out" in text_of(as_person(priya).get(november_path(november)))


def november_path(of: Meeting) -> str:
    return f"/meetings/2025-26/{of.slug}/"


def test_a_message_is_for_one_visitor(priya: Person, as_person: Callable[[Person], Client]):
    client = as_person(priya)
    client.post("/sign-out/")
    told = client.get("/")
    assert "signed out" in text_of(told).lower()
    assert "signed out" not in text_of(Client().get("/")).lower()


def test_browsers_ask_again_and_get_nothing_new(november: Meeting):
    page = Client().get("/")
    again = Client().get("/", headers={"If-None-Match": page["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == page["ETag"] and again["Cache-Control"] == "no-cache"
    assert set(page["Vary"].split(", ")) == {"Accept-Encoding", "Cookie"}
    assert not page.cookies


def test_it_is_sent_compressed_to_who_can_read_it(november: Meeting):
    plain = Client().get("/")
    packed = Client().get("/", headers={"Accept-Encoding": "gzip, br"})
    assert packed["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain
    assert gzip.decompress(packed.content) == plain.content
    assert int(packed["Content-Length"]) == len(packed.content)


@pytest.mark.parametrize("codings", ["", "gzip;q=0", "xgzip", "br, gzip; q=0.0", "identity"])
def test_it_is_sent_plain_to_who_cannot(codings: str, november: Meeting):
    assert "Content-Encoding" not in Client().get("/", headers={"Accept-Encoding": codings})


def test_only_pages_that_succeed_are_kept(november: Meeting):
    for _ in range(2):
        missing = Client().get("/meetings/2031-32/")
        assert missing.status_code == 404 and "ETag" not in missing


def test_every_page_for_everybody_is_one_of_these():
    """What is marked may be kept; a new one is a decision."""

    def doors(patterns: list[URLPattern | URLResolver], space: str = "") -> list[str]:
        found = []
        for one in patterns:
            if isinstance(one, URLResolver):
                found += doors(one.url_patterns, f"{space}{one.namespace}:" if one.namespace else space)
            elif getattr(one.callback, "is_public_page", False):
                found.append(f"{space}{one.name}")
        return found

    assert set(doors(get_resolver().url_patterns)) == {
        "home",
        "robots",
        "sitemap",
        "meetings:year-now",
        "meetings:year",
        "meetings:meeting",
        "meetings:for-it",
        "communities:index",
        "publications:index",
        *(f"publications:{name}" for name in PAGES),
    }
