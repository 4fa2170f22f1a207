"""Plain functions that make rows for tests; what a test cares about it says, the rest is invented."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from itertools import count
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.apps import apps
from django.contrib.auth.models import Group

from communities.models import Community
from forum.kit import clock
from forum.rights import write_offices
from meetings import actions
from meetings.models import CalendarEntry, Meeting
from members.models import MailingList, Person, Subscription, Trust, TrustRole
from publications.models import Guide, NewsItem, Page

_numbers = count(1)


def london(text: str) -> datetime:
    """«2025-11-06 10:00» on London's wall clock, aware."""
    return datetime.fromisoformat(text).replace(tzinfo=clock.LONDON).astimezone(UTC)


def forum_list() -> MailingList:
    """The Forum's own list."""
    return MailingList.objects.get_or_create(
        slug="forum", defaults={"label": "Forum meeting", "home": "/meetings/"}
    )[0]


def trust(name: str = "", **fields: Any) -> Trust:
    """A member trust."""
    fields.setdefault("approved_at", clock.now())
    return Trust.objects.create(name=name or f"Trust {next(_numbers)}", **fields)


def person(name: str = "", email: str = "", **fields: Any) -> Person:
    """Somebody, on no list."""
    number = next(_numbers)
    if fields.get("office") and not Group.objects.exists():
        write_offices(apps)  # a test that emptied the database took them away
    return Person.objects.create_person(
        name=name or f"Person {number}", email=email or f"person.{number}@trust.example", **fields
    )


def second_step(who: Person) -> Authenticator:
    """The app that somebody has set up, or sets up now."""
    found = Authenticator.objects.filter(user=who, type=Authenticator.Type.TOTP).first()
    return found or totp.TOTP.activate(who, totp.generate_totp_secret()).instance


def figures(app: Authenticator, *, ahead: int = 0) -> str:
    """What that app shows now, or so many times half a minute ahead."""
    counter = int(clock.real().timestamp()) // 30 + ahead
    return totp.format_hotp_value(totp.hotp_value(app.data["secret"], counter))


def role(who: Person, at: Trust, kind: str = "colleague") -> TrustRole:
    """A place at a trust."""
    return TrustRole.objects.create(person=who, trust=at, kind=kind)


def subscribed(who: Person | None = None, to: MailingList | None = None, **fields: Any) -> Person:
    """Somebody on a list, the Forum's unless another is named."""
    who = who or person()
    Subscription.objects.create(person=who, list=to or forum_list(), **fields)
    return who


def meeting(
    starts: str = "2025-11-06 10:00",
    *,
    minutes: int = 90,
    invite_at: datetime | None = None,
    of_list: MailingList | None = None,
    **fields: Any,
) -> Meeting:
    """A meeting set up through the action, then given what the test says."""
    starts_at = london(starts)
    plan = actions.PlannedMeeting(
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes), invite_at=invite_at
    )
    made = actions.set_up_year([plan], of_list=of_list or forum_list(), by=None)[0]
    for name, value in fields.items():
        setattr(made, name, value)
    made.save()
    made.entries.update(settles_at=None, before=None, act="")
    made.entries.get().revisions.update(**{name: value for name, value in fields.items() if name in _REVISED})
    return made


_REVISED = {"theme", "agenda", "place", "join_url", "join_id", "passcode"}


def entry(of: Meeting) -> CalendarEntry:
    """The meeting's newest calendar entry."""
    return of.entries.latest("id")


def community(name: str = "", **fields: Any) -> Community:
    """A community with its own list."""
    number = next(_numbers)
    own = MailingList.objects.create(
        slug=f"community-{number}", label=name or f"Community {number}", home="/communities/"
    )
    fields.setdefault("question", "What is the question?")
    return Community.objects.create(name=own.label, slug=own.slug, list=own, **fields)


def pages() -> None:
    """The standing pages with their first words, as the migration makes them; a test that emptied the database took
    them away."""
    import_module("publications.migrations.0004_first_pages").write_pages(apps, None)


def page(slug: str = "about", **words: Any) -> Page:
    """A standing page, with other words if the test says so."""
    pages()
    found = Page.objects.get(slug=slug)
    found.edited_at = clock.now()
    for name, value in words.items():
        setattr(found, name, value)
    found.save()
    return found


def news(title: str = "", day: str = "2025-10-13", **fields: Any) -> NewsItem:
    """A published news item."""
    number = next(_numbers)
    fields.setdefault("summary", "What happened.")
    fields.setdefault("state", "published")
    fields.setdefault("slug", f"news-{number}-x")
    return NewsItem.objects.create(
        title=title or f"News {number}",
        published_on=date.fromisoformat(day),
        **fields,
    )


def guide(title: str = "A guide", **fields: Any) -> Guide:
    """A guide."""
    return Guide.objects.create(title=title, slug=f"guide-{next(_numbers)}", **fields)
