"""What the public pages and the answer page show."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import connection
from django.db.models import OuterRef, Q, Subquery

from forum.kit import clock, wording
from meetings.models import CalendarEntry, Invitation, Meeting, Revision
from meetings.queries.year import Mark, YearLine
from members.models import Person, Subscription, TrustRole

FOLD_ABOVE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DateRow:
    """One meeting on the dates page.

    Shape: `was` is the time it was moved from, `reason` why it is cancelled, `next_on` the date after it then.
    """

    mark: Mark
    was: str
    reason: str
    next_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRows:
    """One term of the dates page. Shape: `earlier` can be folded away under `earlier_words`."""

    name: str
    span: str
    earlier: list[DateRow]
    earlier_words: str
    rows: list[DateRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatesPage:
    """A school year's dates by term. Shape: `unfolded` says whether what is over shows at once."""

    line: YearLine
    terms: list[TermRows]
    unfolded: bool


def dates_page(line: YearLine, now: datetime) -> DatesPage:
    """A school year as the dates page shows it; a year that is over has nothing folded."""
    marks = line.marks
    over = [mark for mark in marks if mark.meeting.ends_at <= now]
    current = len(over) < len(marks)
    terms = []
    for term in line.terms:
        rows = [_row(mark, marks) for mark in term.marks]
        earlier = [row for row in rows if current and row.mark.meeting.ends_at <= now]
        terms.append(
            TermRows(
                name=term.name,
                span=term.span,
                earlier=earlier,
                earlier_words=_earlier_words(earlier),
                rows=rows[len(earlier) :],
            )
        )
    return DatesPage(line=line, terms=terms, unfolded=len(over) <= FOLD_ABOVE)


def moved_from(meeting: Meeting) -> str:
    """The day, the time or both that a moved meeting had before, as far as they differ; empty for one never moved."""
    if not meeting.moved_from:
        return ""
    was, now = clock.london(meeting.moved_from), clock.london(meeting.starts_at)
    if was.date() == now.date():
        return wording.clock_time(was)
    day = wording.day_month(was) if was.year == now.year else wording.long_date(was)
    return day if was.time() == now.time() else f"{day}, {wording.clock_time(was)}"


def reason(meeting: Meeting) -> str:
    """Why a meeting is cancelled, as a sentence; empty when no reason was given."""
    given = meeting.cancel_reason.strip()
    return given if not given or given[-1] in ".!?" else f"{given}."


def _row(mark: Mark, marks: list[Mark]) -> DateRow:
    return DateRow(
        mark=mark, was=moved_from(mark.meeting), reason=reason(mark.meeting), next_on=_next_on(mark, marks)
    )


def _next_on(cancelled: Mark, marks: list[Mark]) -> str:
    if cancelled.state != "cancelled":
        return ""
    later = (mark for mark in marks if mark.number > cancelled.number and mark.state != "cancelled")
    following = next(later, None)
    return wording.short_date(following.meeting.starts_at) if following else ""


def _earlier_words(rows: list[DateRow]) -> str:
    cancelled = sum(row.mark.state == "cancelled" for row in rows)
    held = len(rows) - cancelled
    parts = [f"{wording.count(held, 'meeting')} held"] if held else []
    if cancelled:
        parts.append(f"{cancelled} cancelled" if held else f"{wording.count(cancelled, 'meeting')} cancelled")
    return ", ".join(parts)


# --- One meeting ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """How many have said yes to the present time. Units: people, and the trusts they work for."""

    people: int
    trusts: int


_COMING = """
SELECT count(DISTINCT i.person_id), count(DISTINCT r.trust_id)
FROM meetings_calendarentry e
JOIN meetings_meeting m ON m.id = e.meeting_id
JOIN meetings_invitation i ON i.entry_id = e.id AND i.withdrawn_at IS NULL
JOIN LATERAL (
    SELECT a.choice FROM meetings_answer a
    WHERE a.invitation_id = i.id AND a.counted AND a.revision >= e.time_revision AND a.starts_at = m.starts_at
    ORDER BY a.id DESC LIMIT 1
) latest ON latest.choice = 'yes'
LEFT JOIN members_trustrole r ON r.person_id = i.person_id AND r.ended_at IS NULL
WHERE e.meeting_id = %s AND e.ended_at IS NULL
"""


def coming(meeting: Meeting) -> Coming:
    """How many people, from how many trusts, come to a meeting."""
    with connection.cursor() as cursor:
        cursor.execute(_COMING, [meeting.pk])
        people, trusts = cursor.fetchone()
    return Coming(people=people, trusts=trusts)


def own_invitation(person: Person, meeting: Meeting) -> Invitation | None:
    """Someone's invitation to the meeting as it stands now, if one was posted and not taken back."""
    return (
        Invitation.objects.filter(
            person=person,
            entry__meeting=meeting,
            entry__ended_at__isnull=True,
            withdrawn_at__isnull=True,
            letters__gt=0,
        )
        .select_related("entry__meeting")
        .first()
    )


# --- Files ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A calendar entry for a public file, with the time that stands in it."""

    entry: CalendarEntry
    meeting: Meeting
    starts_at: datetime
    ends_at: datetime


def published(meetings: Iterable[Meeting]) -> list[Published]:
    """Every entry that stands or stood for these meetings.

    Shape: an entry that ended stays, at the time it had last, so that a calendar which holds it takes it out.
    Source: RFC 5545 §3.8.1.11.
    """
    by_id = {meeting.pk: meeting for meeting in meetings}
    last = Revision.objects.filter(entry=OuterRef("pk"), number=OuterRef("revision"))
    rows = (
        CalendarEntry.objects.filter(meeting__in=list(by_id))
        .annotate(
            last_starts_at=Subquery(last.values("starts_at")), last_ends_at=Subquery(last.values("ends_at"))
        )
        .order_by("meeting__starts_at", "id")
    )
    return [_published(row, by_id[row.meeting_id], row.last_starts_at, row.last_ends_at) for row in rows]


def _published(
    entry: CalendarEntry, meeting: Meeting, starts_at: datetime | None, ends_at: datetime | None
) -> Published:
    if entry.ended_at is None or starts_at is None or ends_at is None:
        starts_at, ends_at = meeting.time
    return Published(entry=entry, meeting=meeting, starts_at=starts_at, ends_at=ends_at)


# --- Behind a mailed link ---------------------------------------------------------------------------------------------


class Standing(StrEnum):
    """How an invitation stands when somebody opens its link."""

    OPEN = "open"
    BEGUN = "begun"
    OVER = "over"
    CANCELLED = "cancelled"
    PUT_BACK = "put_back"
    WITHDRAWN = "withdrawn"


def standing(invitation: Invitation, now: datetime) -> Standing:
    """Whether an answer to this invitation still counts, and if not, why."""
    entry, meeting = invitation.entry, invitation.entry.meeting
    if entry.ended_at and meeting.cancelled_at:
        return Standing.CANCELLED
    if meeting.ends_at <= now:
        return Standing.OVER
    if entry.ended_at:
        return Standing.PUT_BACK
    if meeting.starts_at <= now:
        return Standing.BEGUN
    return Standing.WITHDRAWN if invitation.withdrawn_at else Standing.OPEN


def invitation_of(key: uuid.UUID | None) -> Invitation | None:
    """The invitation whose mailed links carry this key, with person and meeting."""
    if key is None:
        return None
    return Invitation.objects.filter(key=key).select_related("person", "entry__meeting__list").first()


def trust_names(person: Person) -> list[str]:
    """The trusts someone works for now."""
    active = TrustRole.objects.filter(person=person, ended_at__isnull=True)
    return list(active.order_by("id").values_list("trust__name", flat=True))


def keeps_entry(invitation: Invitation) -> bool:
    """Whether the person is on the list still, or left it and kept the meeting in their calendar."""
    return (
        Subscription.objects.filter(person_id=invitation.person_id, list_id=invitation.entry.meeting.list_id)
        .filter(Q(ended_at__isnull=True) | Q(takes_entries_out=False))
        .exists()
    )
