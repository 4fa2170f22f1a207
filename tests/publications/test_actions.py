"""Pages and news are written through actions: what changes, what is kept, what is recorded."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from forum.audit.models import AuditEntry
from forum.kit import clock
from members.models import Person
from publications import actions
from publications.models import NewsItem, Page, Wording
from tests import make
from tests.conftest import Hand

pytestmark = pytest.mark.django_db

WORDS = actions.PageWords(title="New title", lead="New lead.", body="New text.")


def news(**words: Any) -> actions.NewsWords:
    return actions.NewsWords(
        **({"title": "Dates", "summary": "Eleven.", "published_on": date(2025, 10, 20)} | words)
    )


def acts() -> list[tuple[str, int | None, str]]:
    rows = AuditEntry.objects.order_by("id").values_list("verb", "by_id", "about")
    return [row for row in rows if row[0].startswith("publications.")]


def test_editing_a_page_keeps_the_words_before(tracy: Person, portal_clock: Hand) -> None:
    page = make.page("about", title="Old title", lead="Old lead.", body="Old text.")
    portal_clock.passes(hours=1)
    assert actions.edit_page(page, WORDS, seen=page.edited_at, by=tracy)
    now = Page.objects.get(slug="about")
    assert (now.title, now.lead, now.body, now.edited_by) == ("New title", "New lead.", "New text.", tracy)
    assert now.edited_at > page.edited_at
    assert [(one.title, one.lead, one.body) for one in now.wordings.all()] == [
        ("Old title", "Old lead.", "Old text.")
    ]
    assert acts() == [("publications.page_edited", tracy.pk, f"page:{page.pk}")]


def test_the_same_words_change_nothing(tracy: Person) -> None:
    page = make.page("about")
    same = actions.PageWords(title=page.title, lead=page.lead, body=page.body)
    assert not actions.edit_page(page, same, seen=page.created_at, by=tracy)
    assert acts() == [] and not Wording.objects.exists()


def test_who_began_before_somebody_else_wrote_is_told(tracy: Person, sam: Person) -> None:
    page = make.page("about")
    seen = page.edited_at
    actions.edit_page(page, WORDS, seen=seen, by=sam)
    other = actions.PageWords(title="Mine", lead="Mine.", body="Mine.")
    with pytest.raises(ValidationError, match="Somebody has written this page"):
        actions.edit_page(page, other, seen=seen, by=tracy)
    assert Page.objects.get(slug="about").title == "New title"


def test_words_that_cannot_be_seen_are_refused(tracy: Person) -> None:
    page = make.page("about")
    with pytest.raises(ValidationError), transaction.atomic():
        actions.edit_page(
            page, actions.PageWords(title="a\u202eb", lead="x", body="y"), seen=page.edited_at, by=tracy
        )
    assert Page.objects.get(slug="about").title == page.title and not Wording.objects.exists()


def test_the_words_before_come_back_and_go_again(tracy: Person) -> None:
    page = make.page("about", title="Old title")
    assert not actions.put_words_back(page, by=tracy)
    actions.edit_page(page, WORDS, seen=page.edited_at, by=tracy)
    assert actions.put_words_back(page, by=tracy)
    assert Page.objects.get(slug="about").title == "Old title"
    assert actions.put_words_back(page, by=tracy)
    assert Page.objects.get(slug="about").title == "New title"
    assert [verb for verb, _, _ in acts()] == ["publications.page_edited"] + [
        "publications.page_put_back"
    ] * 2


def test_news_is_a_draft_until_it_is_published(tracy: Person) -> None:
    item = actions.write_news(news(), by=tracy)
    today = date(2025, 10, 20)
    assert (item.slug, item.state) == ("dates", "draft")
    assert not NewsItem.objects.on_site(today).exists()
    assert actions.publish_news(item, by=tracy) and not actions.publish_news(item, by=tracy)
    assert NewsItem.objects.on_site(today).get() == item
    assert not NewsItem.objects.on_site(date(2025, 10, 19)).exists()
    assert actions.edit_news(item, news(title="Other"), seen=_seen(item), by=tracy)
    assert not actions.edit_news(item, news(title="Other"), seen=item.created_at, by=tracy)
    assert actions.withdraw_news(item, by=tracy) and not actions.withdraw_news(item, by=tracy)
    kept = NewsItem.objects.get()
    assert (kept.slug, kept.title, kept.state) == ("dates", "Other", "draft")
    assert [verb.partition("_")[2] for verb, _, _ in acts()] == [
        "written",
        "published",
        "edited",
        "withdrawn",
    ]


def _seen(item: NewsItem) -> Any:
    return NewsItem.objects.get(pk=item.pk).edited_at


def test_news_that_somebody_else_wrote_meanwhile_is_not_lost(tracy: Person) -> None:
    item = actions.write_news(news(), by=tracy)
    with pytest.raises(ValidationError, match="Somebody has written this"):
        actions.edit_news(item, news(title="Other"), seen=make.london("2025-01-01 09:00"), by=tracy)


@pytest.mark.parametrize(
    ("titles", "slugs"),
    [
        (["Dates", "Dates", "Dates!"], ["dates", "dates-2", "dates-3"]),
        (["2025", "2025"], ["news-2025", "news-2025-2"]),
        (["???"], ["news"]),
        (["Leaders’ views on NPQs"], ["leaders-views-on-npqs"]),
        (["word " * 24], ["-".join(["word"] * 14)]),
    ],
)
def test_addresses_of_news(titles: list[str], slugs: list[str], tracy: Person) -> None:
    assert [actions.write_news(news(title=title.strip()), by=tracy).slug for title in titles] == slugs


# --- Truth in the database --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"kind": "article"}, "newsitem_article_signed"),
        ({"published_on": None}, "newsitem_published_dated"),
        ({"source_url": "https://tes.example/"}, "newsitem_source_named"),
        ({"source_url": "http://tes.example/", "source_outlet": "Tes"}, "newsitem_source_named"),
        ({"slug": "2025"}, "newsitem_slug_no_year"),
        ({"title": "a\u202eb"}, "newsitem_words_seen"),
        ({"author": "a\nb"}, "newsitem_words_seen"),
    ],
)
def test_what_no_news_item_can_be(wrong: dict[str, Any], constraint: str, db: None) -> None:
    fields = {
        "slug": "x",
        "title": "T",
        "summary": "S",
        "state": "published",
        "published_on": date(2025, 10, 20),
    }
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        NewsItem.objects.create(**(fields | wrong))


@pytest.mark.parametrize(
    ("wrong", "constraint"), [({"slug": "shop"}, "page_known"), ({"lead": "a\u200bb"}, "page_words_seen")]
)
def test_what_no_page_can_be(wrong: dict[str, str], constraint: str) -> None:
    page = make.page("about")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Page.objects.filter(pk=page.pk).update(**wrong)


def test_the_constraint_knows_every_page() -> None:
    make.pages()
    assert set(Page.objects.values_list("slug", flat=True)) == set(Page.Place.values)
    assert clock.now()
