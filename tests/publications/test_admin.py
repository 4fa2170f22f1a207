"""How chairs write: look first, keep then; who may; what somebody else wrote meanwhile is not lost."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from forum.audit.models import AuditEntry
from members.models import Person
from publications import actions
from publications.models import NewsItem, Page, Wording
from tests import make
from tests.conftest import Hand
from tests.pages import NOT_INLINE, hidden, rows_of, text_of, title_of

pytestmark = pytest.mark.django_db

type SignIn = Callable[[Person], Client]

TABLES = (Page, Wording, NewsItem, AuditEntry)
WORDS = {"title": "About us", "lead": "We are a forum.", "body": "## Who\n- you & <we>"}
NEWS = {
    "kind": "news",
    "title": "Dates are set",
    "summary": "Eleven meetings.",
    "body": "See [all dates](/meetings/).",
    "published_on": "20 October 2025",
    "on_home": "on",
}


@pytest.fixture
def chair(tracy: Person, as_person: SignIn) -> Client:
    """The chair's browser."""
    return as_person(tracy)


def url(screen: str, row: Any) -> str:
    table = "page" if isinstance(row, Page) else "newsitem"
    return reverse(f"admin:publications_{table}_{screen}", args=[row.pk])


ADD = "/admin/publications/newsitem/add/"


def seen(answer: HttpResponse) -> dict[str, str]:
    """What the screen holds about when the thing was last written."""
    return {"seen": hidden(answer)["seen"]}


def everything(answer: HttpResponse) -> dict[str, str]:
    """Every hidden field of a page that is looked at."""
    found = re.findall(
        r"<input type=\"hidden\" name=\"(\w+)\"(?: value=\"([^\"]*)\")?", answer.content.decode()
    )
    return {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


# --- Who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("screen", ["change", "put_back", "news", "add"])
def test_the_doors(
    screen: str, visitor: Client, priya: Person, tracy: Person, sam: Person, as_person: SignIn
) -> None:
    page, item = make.page(), make.news()
    where = {"news": url("change", item), "add": ADD}.get(screen) or url(screen, page)
    method = "post" if screen == "put_back" else "get"
    assert getattr(visitor, method)(where).status_code == 302
    assert getattr(as_person(priya), method)(where).status_code == 403
    for who in (tracy, sam):
        assert getattr(as_person(who), method)(where).status_code == (302 if method == "post" else 200)


def test_what_is_not_there_and_wrong_methods(chair: Client) -> None:
    page = make.page()
    for number in ("987", "99999999999999999999", "x"):
        assert chair.get(f"/admin/publications/page/{number}/change/").status_code == 404
        assert chair.get(f"/admin/publications/newsitem/{number}/change/").status_code == 404
    assert chair.get(url("put_back", page)).status_code == 405
    assert chair.get("/admin/publications/page/add/").status_code == 403


@pytest.mark.parametrize("table", ["page", "newsitem"])
def test_nothing_is_deleted(table: str, chair: Client) -> None:
    row = make.page() if table == "page" else make.news()
    before = rows_of(*TABLES)
    assert chair.post(f"/admin/publications/{table}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    chair.post(
        f"/admin/publications/{table}/",
        {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"},
    )
    assert rows_of(*TABLES) == before


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_looking_keeps_nothing_and_publishing_does(
    chair: Client, visitor: Client, portal_clock: Hand
) -> None:
    page = make.page("about")
    screen = chair.get(url("change", page))
    before = rows_of(*TABLES)
    shown = chair.post(url("change", page), WORDS | seen(screen) | {"how": "preview"})
    assert rows_of(*TABLES) == before
    content = shown.content.decode()
    assert title_of(shown).startswith("Preview: About us")
    assert "<h1>About us</h1>" in content and '<h2 id="who">Who</h2>' in content
    assert "<li>you &amp; &lt;we&gt;</li>" in content and "Nothing is kept yet." in content
    assert not NOT_INLINE.search(content)
    assert "About us" not in text_of(visitor.get("/about/"))
    portal_clock.passes(minutes=5)
    published = chair.post(url("change", page), everything(shown) | {"how": "publish"}, follow=True)
    assert "Published. Readers see it now." in text_of(published)
    assert "About us" in text_of(visitor.get("/about/"))
    assert Page.objects.get(slug="about").body == WORDS["body"]


def test_going_on_writing_loses_nothing(chair: Client) -> None:
    page = make.page("about")
    shown = chair.post(url("change", page), WORDS | seen(chair.get(url("change", page))) | {"how": "preview"})
    again = chair.post(url("change", page), everything(shown) | {"how": "write"})
    assert again.status_code == 200 and "- you &amp; &lt;we&gt;</textarea>" in again.content.decode()


def test_faults_of_a_page_are_said(chair: Client) -> None:
    page = make.page("about")
    answer = chair.post(
        url("change", page), {"title": "", "lead": "x" * 301, "body": "a\u202eb", "how": "publish"}
    )
    text = text_of(answer)
    assert title_of(answer).startswith("Error:") and "There is a problem" in text
    assert "Enter the title" in text and "Shorten this to 300 characters" in text
    assert "Take out the characters that cannot be seen" in text
    assert Page.objects.get(slug="about").title == page.title


def test_what_another_chair_wrote_meanwhile_is_shown(chair: Client, sam: Person, portal_clock: Hand) -> None:
    page = make.page("about")
    held = seen(chair.get(url("change", page)))
    portal_clock.passes(minutes=1)
    actions.edit_page(
        page,
        actions.PageWords(title="By Sam", lead="Sam wrote.", body="His."),
        seen=Page.objects.get(pk=page.pk).edited_at,
        by=sam,
    )
    answer = chair.post(url("change", page), WORDS | held | {"how": "publish"})
    text = text_of(answer)
    assert "Somebody has written this page since you opened it" in text
    assert "Sam wrote." in text and "We are a forum." in answer.content.decode()
    assert Page.objects.get(slug="about").title == "By Sam"


def test_the_words_before_come_back_by_one_press(chair: Client) -> None:
    page = make.page("about", title="Old title")
    assert "Put the words before back" not in text_of(chair.get(url("change", page)))
    chair.post(url("change", page), WORDS | seen(chair.get(url("change", page))) | {"how": "publish"})
    screen = text_of(chair.get(url("change", page)))
    assert (
        "Put the words before back" in screen and "Old title" in screen and ", by Tracy Goodyear." in screen
    )
    assert "The words before are back." in text_of(chair.post(url("put_back", page), follow=True))
    assert Page.objects.get(slug="about").title == "Old title"


def test_what_was_done_is_told(chair: Client) -> None:
    page = make.page("about")
    chair.post(url("change", page), WORDS | seen(chair.get(url("change", page))) | {"how": "publish"})
    chair.post(ADD, NEWS | {"how": "publish"})
    done = text_of(chair.get(reverse("admin:done")))
    assert "Tracy Goodyear wrote the page ‘About the Forum’." in done
    assert "Tracy Goodyear published a news item." in done


# --- News -------------------------------------------------------------------------------------------------------------


def test_news_is_looked_at_kept_and_published(chair: Client, visitor: Client) -> None:
    before = rows_of(*TABLES)
    shown = chair.post(ADD, NEWS | {"how": "preview"})
    assert rows_of(*TABLES) == before
    content = shown.content.decode()
    assert "<h1>Dates are set</h1>" in content and '<a href="/meetings/">all dates</a>' in content
    kept = chair.post(ADD, everything(shown) | {"how": "draft"}, follow=True)
    assert "Kept as a draft. Readers do not see it." in text_of(kept)
    item = NewsItem.objects.get()
    assert (item.slug, item.state, item.on_home) == ("dates-are-set", "draft", True)
    assert visitor.get(item.get_absolute_url()).status_code == 404
    again = chair.post(url("change", item), NEWS | seen(chair.get(url("change", item))) | {"how": "preview"})
    done = chair.post(url("change", item), everything(again) | {"how": "publish"}, follow=True)
    assert "Published. Readers see it now." in text_of(done) and "On the site." in text_of(done)
    assert visitor.get(item.get_absolute_url()).status_code == 200
    look = chair.post(url("change", item), NEWS | seen(chair.get(url("change", item))) | {"how": "preview"})
    assert "Take it off the site, keep a draft" in text_of(look)
    off = chair.post(url("change", item), everything(look) | {"how": "draft"}, follow=True)
    assert "It is off the site, and kept as a draft." in text_of(off)
    assert visitor.get(item.get_absolute_url()).status_code == 404


def test_news_of_a_later_day_says_so(chair: Client) -> None:
    answer = chair.post(ADD, NEWS | {"published_on": "Tue 4 Nov 2025", "how": "publish"}, follow=True)
    assert "Readers see it from 4 November 2025 on." in text_of(answer)
    assert "From 4 Nov 2025 on" in text_of(chair.get(reverse("admin:publications_newsitem_changelist")))


@pytest.mark.parametrize(
    "day", ["20 October 2025", "Monday 20th October 2025", "20/10/2025", "2025-10-20", "20 Oct 2025"]
)
def test_a_day_may_be_written_in_any_usual_way(day: str, chair: Client) -> None:
    chair.post(ADD, NEWS | {"published_on": day, "how": "draft"})
    assert str(NewsItem.objects.get().published_on) == "2025-10-20"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"published_on": "soon"}, "Enter the day, like 20 October 2025"),
        ({"published_on": "1 May 0025"}, "Enter the day, like 20 October 2025"),
        ({"kind": "article"}, "Enter the name of who signs the article"),
        ({"source_url": "https://tes.example/a"}, "Enter where the link leads, like Tes"),
        ({"source_url": "http://tes.example/a", "source_outlet": "Tes"}, "Paste the whole link"),
        ({"source_url": "javascript:alert(1)", "source_outlet": "Tes"}, "Paste the whole link"),
        ({"summary": ""}, "Enter one or two sentences"),
        ({"kind": "advert"}, "Choose who speaks"),
    ],
)
@pytest.mark.parametrize("how", ["preview", "publish"])
def test_faults_of_news_are_said(how: str, wrong: dict[str, str], said: str, chair: Client) -> None:
    answer = chair.post(ADD, NEWS | wrong | {"how": how})
    assert said in text_of(answer) and title_of(answer).startswith("Error:")
    assert not NewsItem.objects.exists()


def test_news_that_somebody_wrote_meanwhile_is_not_lost(chair: Client, portal_clock: Hand) -> None:
    item = make.news("Old")
    held = seen(chair.get(url("change", item)))
    portal_clock.passes(minutes=1)
    chair.post(url("change", item), NEWS | held | {"title": "First", "how": "publish"})
    answer = chair.post(url("change", item), NEWS | held | {"title": "Second", "how": "publish"})
    assert "Somebody has written this since you opened it" in text_of(answer)
    assert NewsItem.objects.get().title == "First"
