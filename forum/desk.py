"""The chairs' desk: what needs a chair now, gathered from every app, and what was done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from forum.audit import record as audit
from forum.audit.models import AuditEntry
from forum.kit import clock, wording
from forum.kit.needs import Done, Need
from forum.outbox import queries as outbox
from meetings import queries as meetings
from meetings.models import Meeting
from members import queries as members
from members.models import Person

AT_MOST = 7
SOURCES = (outbox.needs, meetings.needs, members.needs)
DONE_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskItem:
    """One need on one chair's desk. Shape: `taken_by` is who said they will do it."""

    need: Need
    taken_by: Person | None
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneLine:
    """One act with the name of who did it."""

    done: Done
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All that the admin opens with."""

    now: datetime
    items: list[DeskItem]
    put_off: int
    minutes: int
    next_meeting: Meeting | None
    place: meetings.Place | None
    answers: meetings.Answers | None
    next_invitation: Meeting | None
    line: meetings.YearLine | None
    done: list[DoneLine]
    last_sign_in: datetime | None

    @property
    def title(self) -> str:
        """«5 things need you»."""
        number = len(self.items)
        if not number:
            return "Nothing needs you"
        return f"{number}{wording.NBSP}thing{'' if number == 1 else 's'} need{'s' if number == 1 else ''} you"


def gather(now: datetime, person: Person) -> Desk:
    """One chair's desk at this moment."""
    needs = sorted((need for source in SOURCES for need in source(now)), key=lambda need: need.rank)
    taken, passed = _taken(needs, person, now)
    people = {one.pk: one for one in Person.objects.filter(pk__in={by for by in taken.values() if by})}
    shown = [need for need in needs if need.key not in passed][:AT_MOST]
    coming = meetings.next_meeting(now)
    return Desk(
        now=now,
        items=[
            DeskItem(
                need=need,
                taken_by=people.get(taken.get(need.key) or 0),
                mine=taken.get(need.key) == person.pk,
            )
            for need in shown
        ],
        put_off=len([need for need in needs if need.key in passed]),
        minutes=sum(need.minutes for need in shown),
        next_meeting=coming,
        place=meetings.place_of(coming) if coming else None,
        answers=meetings.answers(coming) if coming else None,
        next_invitation=meetings.next_invitation(now),
        line=meetings.year_line(meetings.meetings_of(meetings.present_year(now)), now),
        done=what_was_done(AuditEntry.objects.order_by("-id")[: DONE_SHOWN * 3])[:DONE_SHOWN],
        last_sign_in=person.last_login,
    )


def what_was_done(entries: Iterable[AuditEntry]) -> list[DoneLine]:
    """Acts in words with the names of who did them, newest first."""
    rows = list(entries)
    done = sorted([*meetings.done(rows), *members.done(rows)], key=lambda one: one.at, reverse=True)
    names = dict(
        Person.objects.filter(pk__in={one.by_id for one in done if one.by_id}).values_list("pk", "name")
    )
    return [DoneLine(done=one, who=names.get(one.by_id or 0, "")) for one in done]


def decide(key: str, act: str, *, by: Person) -> None:
    """Keeps that a chair takes an item, gives it back or puts it off until tomorrow."""
    audit.record(f"desk.{act}", by=by.pk, about=f"need:{key}"[:80])


def _taken(needs: list[Need], person: Person, now: datetime) -> tuple[dict[str, int | None], set[str]]:
    """Who took which item, and which this chair put off today."""
    abouts = {f"need:{need.key}"[:80]: need.key for need in needs}
    taken: dict[str, int | None] = {}
    passed: set[str] = set()
    today = clock.london(now).date()
    for entry in AuditEntry.objects.filter(about__in=abouts, at__gt=now - timedelta(days=60)).order_by("id"):
        key = abouts[entry.about]
        if entry.verb == "desk.taken":
            taken[key] = entry.by_id
            passed.discard(key)
        elif entry.verb == "desk.given_back":
            taken[key] = None
        elif entry.by_id == person.pk and clock.london(entry.at).date() == today:
            passed.add(key)
    return taken, passed


# --- On every page ----------------------------------------------------------------------------------------------------


def on_every_page(request: HttpRequest) -> dict[str, Any]:
    """The running strip, and in the admin what can still be undone; worked out only when a page shows it."""
    return {"strip": SimpleLazyObject(_strip), "undo_offers": SimpleLazyObject(lambda: _undo_offers(request))}


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
    if not getattr(request.user, "is_staff", False):
        return []
    return [
        {
            "title": offer.title,
            "detail": offer.detail,
            "undo_url": reverse("admin:meetings_meeting_undo", args=[offer.meeting.pk]) if offer.open else "",
            "undo_label": offer.button,
            "see_url": reverse("admin:meetings_meeting_message", args=[offer.meeting.pk])
            if offer.told
            else "",
            "see_label": "See the message",
        }
        for offer in meetings.undo_offers(clock.now())
    ]
