"""Doors of the fourth storey."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client

from forum.kit import clock
from members.models import Person
from publications import markup
from publications.models import Page
from tests import make
from tests.conftest import Hand
from tests.pages import NOT_INLINE, text_of, title_of

pytestmark = pytest.mark.django_db

PATH = "/guides/"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize("who", ["visitor", "priya", "tracy"])
def test_doors(who: str, request: pytest.FixtureRequest, as_person: Callable[[Person], Client]) -> None:
    client = Client() if who == "visitor" else as_person(request.getfixturevalue(who))
    methods = {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}
    assert {method: client.generic(method, PATH).status_code for method in methods} == methods


def test_without_guides_the_page_says_so(visitor: Client) -> None:
    assert "No guide is ready yet" in visitor.get(PATH).content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"published_on": date(2025, 10, 20)}, "Published on 20\u00a0October\u00a02025"),
        ({"published_on": date(2025, 10, 21), "due": "soon"}, "Expected on 21\u00a0October\u00a02025"),
        ({"due": "autumn 2025"}, "Expected autumn 2025"),
        ({}, "In preparation"),
    ],
)
def test_each_guide_says_when(
    fields: dict[str, Any], words: str, visitor: Client, portal_clock: Hand
) -> None:
    make.guide("Subject Leadership", summary="What volunteers found.", **fields)
    page = visitor.get(PATH).content.decode()
    assert "Subject Leadership" in page and "What volunteers found." in page
    assert words in page


@pytest.mark.parametrize("number", [1, 9])
def test_the_list_asks_little(number: int, visitor: Client, django_assert_num_queries: Any) -> None:
    make.meeting()
    for _ in range(number):
        make.guide()
    with django_assert_num_queries(4):
        visitor.get(PATH)


# --- Standing pages ---------------------------------------------------------------------------------------------------

PAGES = {
    "about": "/about/",
    "people": "/about/people/",
    "history": "/about/history/",
    "press": "/press/",
    "contact": "/contact/",
    "privacy": "/privacy/",
    "cookies": "/cookies/",
    "accessibility": "/accessibility/",
}
TEXTS = Path(settings.BASE_DIR) / "publications/migrations/first_pages"


@pytest.mark.parametrize("who", ["visitor", "priya", "tracy"])
@pytest.mark.parametrize(
    "path", [*PAGES.values(), "/news/", "/news/feed.atom", "/news/2025/", "/news/dates/"]
)
def test_doors_of_pages_and_news(
    path: str, who: str, request: pytest.FixtureRequest, as_person: Callable[[Person], Client]
) -> None:
    make.pages()
    make.news("Dates", "2025-09-01", slug="dates")
    client = Client() if who == "visitor" else as_person(request.getfixturevalue(who))
    methods = {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}
    assert {method: client.generic(method, path).status_code for method in methods} == methods


@pytest.mark.parametrize("slug", PAGES)
def test_a_page_says_its_words_and_where_it_stands(slug: str, visitor: Client) -> None:
    page = make.page(slug)
    answer = visitor.get(PAGES[slug])
    content = answer.content.decode()
    assert page.get_absolute_url() == PAGES[slug]
    assert title_of(answer).startswith(f"{page.title} –")
    assert content.count("<h1>") == 1 and f"<h1>{page.title}</h1>" in content
    assert re.search(rf'<link rel="canonical"\s+href="http://localhost:8000{PAGES[slug]}">', content)
    assert f'<meta name="description" content="{page.lead}">' in content
    assert not NOT_INLINE.search(content) and not answer.cookies
    for section in markup.read(page.body, mailbox="x@y.example").sections:
        assert f'<h2 id="{section.anchor}">{section.title}</h2>' in content


def test_a_page_that_was_never_written_is_not_there(visitor: Client, db: None) -> None:
    Page.objects.all().delete()
    assert visitor.get("/about/").status_code == 404


def test_pages_below_about_lead_back(visitor: Client) -> None:
    make.pages()
    assert 'aria-label="Breadcrumbs"' in visitor.get("/about/people/").content.decode()
    assert 'aria-label="Breadcrumbs"' not in visitor.get("/about/").content.decode()


def test_figures_are_counted_and_say_when(visitor: Client, forum_list: object, portal_clock: Hand) -> None:
    make.pages()
    assert "In figures" not in visitor.get("/press/").content.decode()
    portal_clock.passes(minutes=1)
    make.trust(pupils=4120)
    make.trust(pupils=None)
    make.trust(pupils=9000, approved_at=None)
    make.meeting("2025-10-08 10:00")
    make.meeting("2025-11-06 10:00")
    make.community()
    make.community(state="concluded")
    text = text_of(visitor.get("/press/"))
    assert "Counted on 20 October 2025" in text
    assert "Member trusts 2 Multi-academy trusts" in text
    assert "4,120 The sum of what trusts have told us. 1 trust has given no number yet" in text
    assert (
        "Meetings, 2025 to 2026 2 Online meetings of the whole Forum in the school year; 1 of them held"
        in text
    )
    assert "Communities of Practice 1 Groups" in text
    about = text_of(visitor.get("/about/"))
    assert "2 trusts, serving at least 4,120 pupils. Counted October 2025." in about


def test_statements_say_when_they_were_last_changed(visitor: Client) -> None:
    make.page("privacy", edited_at=make.london("2025-10-03 12:00"))
    assert "last changed on Friday 3 October 2025" in text_of(visitor.get("/privacy/"))
    assert "last changed" not in text_of(visitor.get("/about/"))


@pytest.mark.parametrize("slug", PAGES)
def test_every_link_of_the_first_pages_leads_somewhere(slug: str, visitor: Client) -> None:
    make.pages()
    found = re.findall(r'href="(/[^"#]*)', visitor.get(PAGES[slug]).content.decode())
    for path in sorted(set(found) - {"/meetings/"}):
        assert path.startswith("/static/") or visitor.get(path).status_code == 200, path


@pytest.mark.parametrize("file", sorted(TEXTS.glob("*.txt")), ids=lambda file: file.stem)
def test_the_first_pages_are_written_as_the_forum_writes(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    title, lead, _ = text.split("\n", 2)
    assert len(title) <= 120 and len(lead) <= 300
    banned = r"\b(user|submit|portal|engage|leverage|stakeholder|best practice|reach out|delegates|virtual)"
    assert re.findall(banned, text, re.I) == []
    assert re.findall(r"[\"'“”]|\d[–-]\d\d|\d(st|nd|rd|th)\b|170|million", text) == []


# --- News -------------------------------------------------------------------------------------------------------------


def test_readers_see_what_is_published_and_due(visitor: Client) -> None:
    make.news("Old news", "2024-01-15")
    make.news("New news", "2025-10-20")
    make.news("A draft", "2025-10-01", state="draft")
    later = make.news("Later", "2025-10-21")
    page = text_of(visitor.get("/news/"))
    assert page.index("New news") < page.index("Old news")
    assert "A draft" not in page and "Later" not in page
    assert visitor.get(later.get_absolute_url()).status_code == 404
    year = text_of(visitor.get("/news/2024/"))
    assert "Old news" in year and "New news" not in year
    assert visitor.get("/news/2023/").status_code == 404
    assert visitor.get("/news/1999/").status_code == 404


def test_news_comes_in_pages(visitor: Client) -> None:
    for number in range(21):
        make.news(f"Item {number:02d}", f"2025-09-{number + 1:02d}")
    first, second = (text_of(visitor.get(f"/news/?page={number}")) for number in (1, 2))
    assert "Item 20" in first and "Item 00" not in first and "1 to 20 of 21" in first
    assert "Item 00" in second and "Item 20" not in second
    assert title_of(visitor.get("/news/?page=2")).startswith("News, page 2")


def test_without_news_the_page_says_so(visitor: Client) -> None:
    assert "There is no news yet." in text_of(visitor.get("/news/"))


def test_an_article_names_who_signs_it_and_where_it_appeared(visitor: Client) -> None:
    item = make.news(
        "On NPQs",
        kind="article",
        author="Sam Gibbs",
        author_role="Deputy Chair",
        body="First.\n\n## Then\n- <b>x</b>",
        source_outlet="Tes",
        source_title="NPQs & us",
        source_url="https://tes.example/a?b=1&c=2",
    )
    answer = visitor.get(item.get_absolute_url())
    content, text = answer.content.decode(), text_of(answer)
    assert (
        "By <strong>Sam Gibbs</strong>, Deputy Chair" in content
        and "Articles say what those who sign them think" in text
    )
    assert '<a href="https://tes.example/a?b=1&amp;c=2">NPQs &amp; us</a>' in content
    assert '<h2 id="then">Then</h2>' in content and "&lt;b&gt;x&lt;/b&gt;" in content
    assert "Article by Sam Gibbs, Deputy Chair" in text_of(visitor.get("/news/"))


def test_the_feed_is_true_atom(visitor: Client, portal_clock: Hand) -> None:
    item = make.news("Dates & themes", "2025-09-01", summary="Eleven <meetings>.", edited_at=clock.now())
    make.news("Draft", state="draft")
    answer = visitor.get("/news/feed.atom")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.content)
    where = f"http://localhost:8000{item.get_absolute_url()}"
    assert feed.findtext(f"{ATOM}id") == "http://localhost:8000/news/"
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None and len(feed.findall(f"{ATOM}entry")) == 1
    assert entry.findtext(f"{ATOM}id") == where
    assert entry.findtext(f"{ATOM}title") == "Dates & themes"
    assert entry.findtext(f"{ATOM}summary") == "Eleven &lt;meetings&gt;."
    assert entry.findtext(f"{ATOM}published") == "2025-09-01T00:00:00+01:00"
    assert entry.findtext(f"{ATOM}updated", "").startswith("2025-10-20T08:00")
    links = {one.get("rel"): one.get("href") for one in feed.findall(f"{ATOM}link")}
    assert links == {
        "alternate": "http://localhost:8000/news/",
        "self": "http://localhost:8000/news/feed.atom",
    }


@pytest.mark.parametrize("number", [1, 9])
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/about/", 5),
        ("/contact/", 4),
        ("/privacy/", 4),
        ("/press/", 8),
        ("/news/", 6),
        ("/news/feed.atom", 2),
        ("/news/dates/", 4),
    ],
)
def test_pages_and_news_ask_little(
    path: str, queries: int, number: int, visitor: Client, django_assert_num_queries: Any
) -> None:
    make.pages()
    make.news("Dates", "2025-09-01", slug="dates")
    for day in range(number):
        make.meeting(f"2025-11-{day + 3:02d} 10:00")
        make.news()
        make.trust()
        make.community()
    with django_assert_num_queries(queries):
        visitor.get(path)
