"""Named reads of what the Forum publishes, and the figures that its pages print."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet
from django.urls import reverse

from communities.models import Community
from forum.audit.models import AuditEntry
from forum.kit import clock, wording
from forum.kit.needs import Done
from meetings import queries as meetings
from members import queries as members
from publications import markup
from publications.models import Guide, NewsItem, Page, Wording

ON_HOME = 3
BELOW_ABOUT = (Page.Place.PEOPLE, Page.Place.HISTORY)
WITH_DAY = (Page.Place.PRIVACY, Page.Place.COOKIES, Page.Place.ACCESSIBILITY)


def today() -> date:
    """London's day."""
    return clock.london(clock.now()).date()


def page(slug: str) -> Page | None:
    """A standing page."""
    return Page.objects.filter(slug=slug).first()


def wording_before(found: Page) -> Wording | None:
    """What a page said before its present words."""
    return found.wordings.first()


def news(today: date, *, year: int | None = None) -> QuerySet[NewsItem]:
    """What readers see of the news, newest first: all of it, or that of one calendar year."""
    items = NewsItem.objects.on_site(today)
    return items.filter(published_on__year=year) if year else items


def news_years(today: date) -> list[int]:
    """Calendar years with news, newest first."""
    days = NewsItem.objects.on_site(today).order_by("-published_on").dates("published_on", "year", "DESC")
    return [day.year for day in days]


def news_item(slug: str, today: date) -> NewsItem | None:
    """One item, if readers may see it."""
    return NewsItem.objects.on_site(today).filter(slug=slug).first()


def news_for_home(today: date) -> list[NewsItem]:
    """The newest items that may stand on the start page."""
    return list(NewsItem.objects.on_site(today).filter(on_home=True)[:ON_HOME])


def guides_for_home() -> list[Guide]:
    """The newest guide, and the one before it if there is one; the one to come stands first."""
    return list(Guide.objects.order_by(F("published_on").desc(nulls_first=True), "-id")[:2])


def is_out(guide: Guide, today: date) -> bool:
    """Whether a guide has been published by this day."""
    return guide.published_on is not None and guide.published_on <= today


# --- What pages show, their words kept or not ----------------------------------------------------------------------


def page_context(found: Page) -> dict[str, Any]:
    """What a standing page shows, its words kept or not."""
    now = clock.now()
    crumbs = [{"url": reverse("publications:about"), "label": "About"}] if found.slug in BELOW_ABOUT else []
    return {
        "page": found,
        "text": markup.read(found.body, mailbox=settings.MAIL_FROM),
        "mailbox": settings.MAIL_FROM,
        "section": "about" if crumbs or found.slug == Page.Place.ABOUT else found.slug,
        "crumbs": crumbs,
        "now": now,
        "size": members.size() if found.slug == Page.Place.ABOUT else None,
        "figures": figures(now) if found.slug == Page.Place.PRESS else [],
        "says_when": found.slug in WITH_DAY,
    }


def news_context(found: NewsItem) -> dict[str, Any]:
    """What the page of a news item shows, its words kept or not."""
    crumbs = [{"url": reverse("publications:news"), "label": "News"}]
    if found.published_on:
        year = found.published_on.year
        crumbs.append({"url": reverse("publications:news-year", args=[year]), "label": f"{year}"})
    return {
        "item": found,
        "text": markup.read(found.body, mailbox=settings.MAIL_FROM),
        "crumbs": crumbs,
        "section": "news",
    }


# --- Figures ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One counted number. Shape: `means` says what was counted and where the count ends."""

    name: str
    number: str
    means: str


def figures(now: datetime) -> list[Figure]:
    """The Forum in numbers, counted at this moment from what the portal knows."""
    size = members.size()
    year = meetings.present_year(now)
    held = meetings.meetings_of(year)
    on = [one for one in held if not one.cancelled_at]
    gone = sum(one.ends_at <= now for one in on)
    at_work = Community.objects.exclude(state=Community.State.CONCLUDED).count()
    found = [
        Figure(
            name="Member trusts",
            number=f"{size.trusts:,}",
            means="Multi-academy trusts and other families of schools that have joined.",
        ),
        Figure(
            name="Pupils in their schools",
            number=f"{size.pupils:,}",
            means="The sum of what trusts have told us."
            + (
                f" {wording.count(size.uncounted, 'trust has', 'trusts have')} given no number yet, "
                "so the true figure is higher."
                if size.uncounted
                else ""
            ),
        ),
        Figure(
            name=f"Meetings, {wording.school_year(year)}",
            number=f"{len(on):,}",
            means=f"Online meetings of the whole Forum in the school year; {gone:,} of them held so far.",
        ),
        Figure(
            name="Communities of Practice",
            number=f"{at_work:,}",
            means="Groups that work on one shared problem, without those that have ended.",
        ),
    ]
    return [one for one in found if one.number != "0"]


# --- What was done ----------------------------------------------------------------------------------------------------

_ACTS = {
    "publications.added": "added a guide.",
    "publications.edited": "corrected what we say of a guide.",
    "publications.page_edited": "wrote the page ‘{name}’.",
    "publications.page_put_back": "put back the words before on the page ‘{name}’.",
    "publications.news_written": "wrote a draft for the news.",
    "publications.news_edited": "corrected a news item.",
    "publications.news_published": "published a news item.",
    "publications.news_withdrawn": "took a news item off the site.",
}


def done(entries: Iterable[AuditEntry]) -> list[Done]:
    """Acts about publications in words."""
    names = dict(Page.Place.choices)
    return [
        Done(
            at=row.at,
            by_id=row.by_id,
            words=_ACTS[row.verb].format(name=names.get(row.facts.get("page"), "")),
        )
        for row in entries
        if row.verb in _ACTS
    ]
