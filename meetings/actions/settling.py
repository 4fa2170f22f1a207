"""The two minutes after an act in which it can be taken back."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime

from forum.kit import clock
from forum.outbox import post
from meetings import dates, invitations, queries
from meetings.models import CalendarEntry, Meeting, OldAddress, Revision

UNDO_WITHIN = timedelta(minutes=2)
_MOMENTS = ("starts_at", "ends_at", "invite_at", "moved_from", "cancelled_at", "edited_at")
_WORDS = ("theme", "agenda", "place", "join_url", "join_id", "passcode", "cancel_reason", "slug", "year")


def lock(meeting: Meeting) -> tuple[Meeting, CalendarEntry]:
    """The meeting's own row and its newest entry, held until the transaction ends."""
    own = Meeting.objects.select_for_update(of=("self",)).select_related("list").get(pk=meeting.pk)
    return own, CalendarEntry.objects.select_for_update().filter(meeting=own).latest("id")


def begin(meeting: Meeting, entry: CalendarEntry, act: str, now: datetime) -> None:
    """Keeps what stands before an act, and starts its two minutes anew.

    Effects: reminders still waiting end; what is due once the act has settled is posted then.
    """
    post.withdraw(now=now, about=f"entry:{entry.pk}", kinds=("reminder",))
    state: dict[str, Any] = {name: _iso(getattr(meeting, name)) for name in _MOMENTS}
    state |= {name: getattr(meeting, name) for name in _WORDS}
    state |= {
        "revision": entry.revision,
        "time_revision": entry.time_revision,
        "ended_at": _iso(entry.ended_at),
        "told_from": entry.told_from,
        "earlier": {"act": entry.act, "before": entry.before} if can_undo(entry, now) else None,
    }
    entry.before = state
    entry.act = act
    entry.settles_at = now + UNDO_WITHIN


def announce(meeting: Meeting, entry: CalendarEntry, now: datetime, *, new_time: bool = False) -> None:
    """Makes the meeting's present content the entry's next revision; its SEQUENCE rises with it."""
    entry.revision = invitations.keep_revision(entry, queries.content_of(meeting))
    entry.sequence += 1
    entry.revised_at = now
    if new_time:
        entry.time_revision = entry.revision


def write_revision(meeting: Meeting, entry: CalendarEntry) -> None:
    """Lets the entry's present revision say what the meeting says, while nobody was sent it."""
    if entry.invitations.filter(letters__gt=0).exists():
        return
    Revision.objects.update_or_create(
        entry=entry, number=entry.revision, defaults=asdict(queries.content_of(meeting))
    )


def finish(meeting: Meeting, entry: CalendarEntry, now: datetime) -> int:
    """Saves both rows, the constraints first; how many people will be told once the two minutes are over."""
    meeting.edited_at = now
    meeting.full_clean()
    meeting.save()
    entry.meeting = meeting
    told = queries.letters_due(entry, now)
    if entry.before is not None:
        entry.before["told"] = told
    entry.save()
    return told


def restore(meeting: Meeting, entry: CalendarEntry, now: datetime) -> None:
    """Puts back what stood before the last act; SEQUENCE rises all the same.

    Errors: ValidationError when the two minutes are over.
    """
    before = entry.before
    if not can_undo(entry, now) or before is None:
        raise ValidationError("The two minutes to undo this are over: it has been sent.", code="too_late")
    leave_address(meeting, before["year"], before["slug"])
    for name in _MOMENTS:
        setattr(meeting, name, parse_datetime(before[name]) if before[name] else None)
    for name in _WORDS:
        setattr(meeting, name, before[name])
    entry.revision, entry.time_revision = before["revision"], before["time_revision"]
    entry.ended_at = parse_datetime(before["ended_at"]) if before["ended_at"] else None
    entry.sequence += 1
    entry.revised_at = now
    entry.told_from = before["told_from"]
    earlier = before["earlier"] or {"act": "", "before": None}
    entry.act, entry.before = earlier["act"], earlier["before"]
    write_revision(meeting, entry)


def tell_list(entry: CalendarEntry, was: queries.Content) -> None:
    """Has the list told, once the act has settled, that the meeting is no longer what it was."""
    kept = asdict(was) | {"starts_at": was.starts_at.isoformat(), "ends_at": was.ends_at.isoformat()}
    entry.told_from = entry.told_from or kept


def can_undo(entry: CalendarEntry, now: datetime) -> bool:
    """Whether the entry's last act can still be taken back."""
    return entry.before is not None and entry.settles_at is not None and now < entry.settles_at


def leave_address(meeting: Meeting, year: int, slug: str) -> None:
    """Keeps the page's present address as one that redirects, when it is about to change."""
    if (meeting.year, meeting.slug) != (year, slug):
        OldAddress.objects.get_or_create(meeting=meeting, year=meeting.year, slug=meeting.slug)


def readdress(meeting: Meeting) -> None:
    """Gives the page the address of the meeting's day; a second one that day gets «-2»."""
    day = clock.london(meeting.starts_at).date()
    year, wanted = dates.school_year_of(day), dates.slug_of(day)
    others = set(
        Meeting.objects.filter(list_id=meeting.list_id, year=year, slug__startswith=wanted)
        .exclude(pk=meeting.pk)
        .values_list("slug", flat=True)
    )
    slug, number = wanted, 2
    while slug in others:
        slug, number = f"{wanted}-{number}", number + 1
    if meeting.pk:
        leave_address(meeting, year, slug)
    meeting.year, meeting.slug = year, slug


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
