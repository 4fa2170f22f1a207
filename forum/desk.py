"""The chairs' desk: what needs a chair now, gathered from every app, and what was done."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from forum.audit import record as audit
from forum.audit.models import AuditEntry
from forum.kit import clock, wording
from forum.kit.needs import Done, Need
from forum.outbox import queries as outbox
from meetings import queries as meetings
from meetings import reminders
from meetings.models import Meeting
from members import queries as members
from members.adapter import used_second_step
from members.models import Person
from publications import queries as publications

ACTS = ("taken", "given_back", "put_off")
AT_MOST = 7
SOURCES = (outbox.needs, meetings.needs, members.needs)
DONE_SHOWN = 8
REMEMBERED = timedelta(days=60)
OTHER_ACTS = {
    "outbox.stopped": "stopped all mail.",
    "outbox.resumed": "let mail go again.",
    "communities.added": "added a community.",
    "communities.edited": "corrected what we say of a community.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskItem:
    """One need on one chair's desk. Shape: `taken_by` is who said they will do it."""

    need: Need
    taken_by: Person | None
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneLine:
    """One act with the name of who did it, and when in words."""

    done: Done
    who: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexLink:
    """One line under «Everything else». Shape: without `number` nothing is counted, without `add_url` nothing added."""

    label: str
    url: str
    number: int | None = None
    add_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All that the admin opens with.

    Shape: `more` items are left for when the shown ones are done, `put_off` were put off until tomorrow.
    """

    now: datetime
    items: list[DeskItem]
    more: int
    put_off: int
    minutes: int
    next_meeting: Meeting | None
    place: meetings.Place | None
    answers: meetings.Answers | None
    next_invitation: Meeting | None
    reminder_at: datetime | None
    line: meetings.YearLine | None
    done: list[DoneLine]
    last_sign_in: datetime | None
    index: list[tuple[str, list[IndexLink]]]

    @property
    def number(self) -> int:
        """How many things need a chair."""
        return len(self.items) + self.more

    @property
    def title(self) -> str:
        """«5 things need you»."""
        if not self.number:
            return "Nothing needs you"
        return f"{self.short_title} need{'s' if self.number == 1 else ''} you"

    @property
    def short_title(self) -> str:
        """«5 things», for the window's title."""
        return wording.count(self.number, "thing")


def gather(now: datetime, person: Person, *, with_put_off: bool = False, last_seen: str = "") -> Desk:
    """One chair's desk at this moment; what the chair put off until tomorrow only on wish.

    Shape: `last_seen` is the real moment of the sign-in before this one, in ISO form, or empty.
    """
    needs = _needs(now)
    taken, passed = _taken(needs, person, now)
    people = {one.pk: one for one in Person.objects.filter(pk__in=[by for by in taken.values() if by])}
    left = [need for need in needs if with_put_off or need.key not in passed]
    coming = meetings.next_meeting(now)
    return Desk(
        now=now,
        items=[
            DeskItem(
                need=need,
                taken_by=people.get(taken.get(need.key) or 0),
                mine=taken.get(need.key) == person.pk,
            )
            for need in left[:AT_MOST]
        ],
        more=len(left[AT_MOST:]),
        put_off=len(needs) - len(left),
        minutes=sum(need.minutes for need in left[:AT_MOST]),
        next_meeting=coming,
        place=meetings.place_of(coming) if coming else None,
        answers=meetings.answers(coming) if coming else None,
        next_invitation=meetings.next_invitation(now),
        reminder_at=_reminder_at(coming, now),
        line=_line(now),
        done=what_was_done(AuditEntry.objects.order_by("-id")[: DONE_SHOWN * 3], now)[:DONE_SHOWN],
        last_sign_in=clock.shown(datetime.fromisoformat(last_seen)) if last_seen else None,
        index=_index(),
    )


def _reminder_at(coming: Meeting | None, now: datetime) -> datetime | None:
    """When the reminder of the next meeting goes, if it has not gone."""
    goes_at = reminders.moment(coming.starts_at) if coming else None
    return goes_at if goes_at and goes_at > now else None


def what_was_done(entries: Iterable[AuditEntry], now: datetime) -> list[DoneLine]:
    """Acts in words with the names of who did them, newest first."""
    rows = list(entries)
    other = [
        Done(at=row.at, by_id=row.by_id, words=OTHER_ACTS[row.verb]) for row in rows if row.verb in OTHER_ACTS
    ]
    done = sorted(
        [*meetings.done(rows), *members.done(rows), *publications.done(rows), *other],
        key=lambda one: one.at,
        reverse=True,
    )
    names = dict(
        Person.objects.filter(pk__in={one.by_id for one in done if one.by_id}).values_list("pk", "name")
    )
    return [
        DoneLine(done=one, who=names.get(one.by_id or 0, ""), when=wording.lately(one.at, now))
        for one in done
    ]


def decide(key: str, act: str, *, by: Person) -> bool:
    """Keeps that a chair takes an item, gives it back or puts it off until tomorrow; False when it is gone.

    Errors: ValueError for any other act.
    """
    if act not in ACTS:
        raise ValueError(f"Not an act on the desk: {act!r}")
    if key not in {need.key for need in _needs(clock.now())}:
        return False
    audit.record(f"desk.{act}", by=by.pk, about=_about(key))
    return True


def _needs(now: datetime) -> list[Need]:
    return sorted((need for source in SOURCES for need in source(now)), key=lambda need: need.rank)


def _about(key: str) -> str:
    return f"need:{key}"[:80]


def _taken(needs: list[Need], person: Person, now: datetime) -> tuple[dict[str, int | None], set[str]]:
    """Who took which item, and which this chair put off today."""
    abouts = {_about(need.key): need.key for need in needs}
    taken: dict[str, int | None] = {}
    passed: set[str] = set()
    today = clock.london(now).date()
    recent = AuditEntry.objects.filter(about__in=list(abouts), at__gt=now - REMEMBERED)
    for entry in recent.order_by("id"):
        key = abouts[entry.about]
        if entry.verb == "desk.taken":
            taken[key] = entry.by_id
            if entry.by_id == person.pk:
                passed.discard(key)
        elif entry.verb == "desk.given_back":
            taken[key] = None
        elif entry.by_id == person.pk and clock.london(entry.at).date() == today:
            passed.add(key)
    return taken, passed


def _line(now: datetime) -> meetings.YearLine | None:
    """The year line with each mark leading to the meeting's screen in the admin."""
    line = meetings.year_line(meetings.meetings_of(meetings.present_year(now)), now)
    if line is None:
        return None
    terms = [
        replace(term, marks=[replace(mark, url=_screen(mark.meeting)) for mark in term.marks])
        for term in line.terms
    ]
    return replace(line, terms=terms)


def _screen(meeting: Meeting) -> str:
    return reverse("admin:meetings_meeting_change", args=[meeting.pk])


def _index() -> list[tuple[str, list[IndexLink]]]:
    """Everything else that the admin holds, in three columns."""

    def line(label: str, table: str, number: int | None = None, *, adds: bool = False) -> IndexLink:
        add_url = reverse(f"admin:{table}_add") if adds else ""
        return IndexLink(
            label=label, url=reverse(f"admin:{table}_changelist"), number=number, add_url=add_url
        )

    return [
        (
            "Meetings",
            [
                line("Meetings", "meetings_meeting", Meeting.objects.count()),
                IndexLink(label="Set up a year", url=reverse("admin:meetings_set_up_year")),
                line("Messages", "outbox_message"),
                line("Sending of mail", "outbox_sendingswitch"),
            ],
        ),
        (
            "People",
            [
                line("Trusts", "members_trust", members.size().trusts, adds=True),
                line("People", "members_person", Person.objects.filter(is_active=True).count(), adds=True),
                line("Mailing lists", "members_mailinglist"),
            ],
        ),
        (
            "Writing",
            [
                line("Communities", "communities_community", adds=True),
                line("Guides", "publications_guide", adds=True),
                line("News", "publications_newsitem", adds=True),
                line("Pages of the site", "publications_page"),
            ],
        ),
    ]


# --- On every page ----------------------------------------------------------------------------------------------------


def on_every_page(request: HttpRequest) -> dict[str, Any]:
    """The running strip, and in the admin what can still be undone; worked out only when a page shows it."""
    offers = SimpleLazyObject(lambda: _undo_offers(request))
    return {
        "strip": SimpleLazyObject(_strip),
        "undo_offers": offers,
        "undo_rest": SimpleLazyObject(lambda: _rest(offers)),
        "help_address": settings.MAIL_FROM,
        "site_address": settings.SITE_URL,
        "demo_authenticator": "/demo/authenticator/" if settings.DEMO_MAILDIR else "",
    }


def _strip() -> dict[str, Any] | None:
    now = clock.now()
    coming = meetings.next_meeting(now)
    if coming is None:
        return None
    line = meetings.year_line(meetings.meetings_of(coming.year), now)
    mark = next((mark for mark in line.marks if mark.meeting == coming), None) if line else None
    if line is None or mark is None:
        return None
    return {
        "number": mark.number,
        "total": line.total,
        "url": mark.url,
        "label": f"{wording.day_month(coming.starts_at)}, {wording.clock_time(coming.starts_at)}",
        "short_label": wording.short_moment(coming.starts_at),
        "terms": [[one.state for one in term.marks] for term in line.terms],
    }


def _undo_offers(request: HttpRequest) -> list[dict[str, str]]:
    """What banners say: the present meeting's act first, then what can be undone, each newest first."""
    if not (getattr(request.user, "is_staff", False) and used_second_step(request)):
        return []
    found = request.resolver_match
    on_a_meeting = found is not None and (found.url_name or "").startswith("meetings_meeting_")
    present = found.kwargs.get("object_id") if found and on_a_meeting else None
    # An act that mailed nobody has nothing to tell once it cannot be undone.
    offers = [offer for offer in meetings.undo_offers(clock.now()) if offer.open or offer.told]
    offers.sort(key=lambda offer: (offer.meeting.pk != present, not offer.open))
    return [
        {
            "title": offer.title,
            "detail": offer.detail,
            "undo_url": reverse("admin:meetings_meeting_undo", args=[offer.meeting.pk]) if offer.open else "",
            "undo_label": offer.button,
            "mark": offer.mark,
            "see_url": reverse("admin:meetings_meeting_message", args=[offer.meeting.pk])
            if offer.told
            else "",
            "see_label": "See the message",
        }
        for offer in offers
    ]


def _rest(offers: Iterable[dict[str, str]]) -> str:
    """What a line says of all banners but the first, which it folds."""
    rest = list(offers)[1:]
    undoable = sum(bool(offer["undo_url"]) for offer in rest)
    return f"{undoable} more can be undone" if undoable else f"{len(rest)} more just sent" if rest else ""
