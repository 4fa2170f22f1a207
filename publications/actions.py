"""Every write about guides, pages and news that somebody asks for."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from forum.audit import record as audit
from forum.kit import clock
from forum.kit.models import keep
from members.models import Person
from publications.models import Guide, NewsItem, Page, Wording

_LONGEST_SLUG = 70


@transaction.atomic
def keep_guide(guide: Guide, *, by: Person) -> Guide:
    """Saves what a chair wrote about a guide."""
    new = guide.pk is None
    keep(guide)
    audit.record("publications.added" if new else "publications.edited", by=by.pk, about=f"guide:{guide.pk}")
    return guide


# --- Pages ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """What a page says. Shape: `body` is in the form that `publications.markup` reads."""

    title: str
    lead: str
    body: str


@transaction.atomic
def edit_page(page: Page, words: PageWords, *, seen: datetime, by: Person) -> bool:
    """Gives a page other words, and keeps those before; False when they are the same.

    Shape: `seen` is when the page had last been written when its writer began.
    Errors: ValidationError when somebody else has written it since, or the words cannot be kept.
    """
    page = Page.objects.select_for_update().get(pk=page.pk)
    if words == _words(page):
        return False
    if page.edited_at != seen:
        raise ValidationError(
            "Somebody has written this page since you opened it. Look at it, then try again"
        )
    _replace(page, words, by)
    audit.record("publications.page_edited", by=by.pk, about=f"page:{page.pk}", page=page.slug)
    return True


@transaction.atomic
def put_words_back(page: Page, *, by: Person) -> bool:
    """Gives a page the words before its present ones; those are kept in turn. False when there are none."""
    page = Page.objects.select_for_update().get(pk=page.pk)
    before = page.wordings.first()
    if before is None:
        return False
    _replace(page, PageWords(title=before.title, lead=before.lead, body=before.body), by)
    audit.record("publications.page_put_back", by=by.pk, about=f"page:{page.pk}", page=page.slug)
    return True


def _words(page: Page) -> PageWords:
    return PageWords(title=page.title, lead=page.lead, body=page.body)


def _replace(page: Page, words: PageWords, by: Person) -> None:
    Wording.objects.create(page=page, **asdict(_words(page)))
    page.title, page.lead, page.body = words.title, words.lead, words.body
    page.edited_at, page.edited_by = clock.now(), by
    keep(page)


# --- News -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsWords:
    """What a news item says. Shape: as the fields of `publications.NewsItem`."""

    kind: str = NewsItem.Kind.NEWS.value
    title: str
    summary: str
    body: str = ""
    published_on: date
    author: str = ""
    author_role: str = ""
    source_title: str = ""
    source_outlet: str = ""
    source_url: str = ""
    on_home: bool = True


@transaction.atomic
def write_news(words: NewsWords, *, by: Person | None) -> NewsItem:
    """A draft, with an address made of its title that stays whatever the title becomes.

    Errors: ValidationError.
    """
    item = NewsItem(slug=_free_slug(words.title), **asdict(words))
    keep(item)
    audit.record("publications.news_written", by=by.pk if by else None, about=f"news:{item.pk}")
    return item


@transaction.atomic
def edit_news(item: NewsItem, words: NewsWords, *, seen: datetime, by: Person) -> bool:
    """Gives an item other words; False when they are the same.

    Shape: `seen` is when it had last been written when its writer began.
    Errors: ValidationError when somebody else has written it since, or the words cannot be kept.
    """
    item = NewsItem.objects.select_for_update().get(pk=item.pk)
    given = asdict(words)
    if all(getattr(item, name) == value for name, value in given.items()):
        return False
    if item.edited_at != seen:
        raise ValidationError("Somebody has written this since you opened it. Look at it, then try again")
    for name, value in given.items():
        setattr(item, name, value)
    item.edited_at = clock.now()
    keep(item)
    audit.record("publications.news_edited", by=by.pk, about=f"news:{item.pk}")
    return True


@transaction.atomic
def publish_news(item: NewsItem, *, by: Person | None) -> bool:
    """Lets readers see an item from its day on; False when they may already."""
    return _turn(item, NewsItem.State.PUBLISHED, "publications.news_published", by)


@transaction.atomic
def withdraw_news(item: NewsItem, *, by: Person) -> bool:
    """Takes an item off the site and keeps it as a draft; False when it is one."""
    return _turn(item, NewsItem.State.DRAFT, "publications.news_withdrawn", by)


def _turn(item: NewsItem, state: NewsItem.State, verb: str, by: Person | None) -> bool:
    item = NewsItem.objects.select_for_update().get(pk=item.pk)
    if item.state == state:
        return False
    item.state, item.edited_at = state, clock.now()
    keep(item)
    audit.record(verb, by=by.pk if by else None, about=f"news:{item.pk}")
    return True


def _free_slug(title: str) -> str:
    """An address made of a title, which no item has yet and which is no year."""
    base = slugify(title)[:_LONGEST_SLUG].strip("-") or "news"
    if base.isdecimal():
        base = f"news-{base}"
    taken = set(NewsItem.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = next(n for n in range(1, len(taken) + 2) if (base if n == 1 else f"{base}-{n}") not in taken)
    return base if number == 1 else f"{base}-{number}"
