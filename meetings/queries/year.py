"""The year: which meetings it has, which is next, how the year line shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from forum.kit import clock, wording
from meetings import dates
from meetings.models import Meeting, OldAddress
from members.models import MailingList


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a meeting stands in its year: «3 of 11»."""

    number: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One meeting on the year line. Shape: `state` is held, next, to_come, changed or cancelled."""

    meeting: Meeting
    number: int
    url: str
    weekday: str
    day: str
    state: str
    state_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermMarks:
    """One term of the year line."""

    name: str
    span: str
    marks: list[Mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearLine:
    """A school year's meetings by term, with one sentence that sums them up."""

    year: int
    terms: list[TermMarks]
    summary: str
    total: int

    @property
    def marks(self) -> list[Mark]:
        """All marks in order."""
        return [mark for term in self.terms for mark in term.marks]


_STATE_WORDS = {"held": "held", "next": "Next", "to_come": "", "changed": "Changed", "cancelled": "Cancelled"}


def forum_list() -> MailingList:
    """The Forum's own mailing list."""
    return MailingList.objects.get(slug=MailingList.FORUM)


def next_meeting(now: datetime, *, of_list: int | None = None, but: int | None = None) -> Meeting | None:
    """The next meeting that is on: the Forum's own, or one list's."""
    meetings = Meeting.objects.to_come(now).select_related("list")
    meetings = meetings.filter(list_id=of_list) if of_list else meetings.of_forum()
    return (meetings.exclude(pk=but) if but else meetings).first()


def next_invitation(now: datetime) -> Meeting | None:
    """The Forum's next meeting whose invitations are still to go."""
    coming = Meeting.objects.of_forum().to_come(now).filter(invite_at__gt=now)
    return coming.order_by("invite_at").first()


def following(meeting: Meeting) -> Meeting | None:
    """The next date of the same list that is on, after a given one."""
    later = Meeting.objects.filter(
        list_id=meeting.list_id, starts_at__gt=meeting.starts_at, cancelled_at__isnull=True
    )
    return later.order_by("starts_at", "id").first()


def place_of(meeting: Meeting) -> Place:
    """Where it stands among its list's meetings of the school year."""
    ids = list(
        Meeting.objects.filter(list_id=meeting.list_id).of_year(meeting.year).values_list("pk", flat=True)
    )
    return Place(number=ids.index(meeting.pk) + 1, total=len(ids))


def years() -> list[int]:
    """School years with meetings, newest first."""
    return list(Meeting.objects.of_forum().order_by("-year").values_list("year", flat=True).distinct())


def present_year(now: datetime) -> int:
    """The school year that pages open with: the one of the next meeting, else the newest one, else today's."""
    coming = next_meeting(now)
    if coming:
        return coming.year
    known = years()
    return known[0] if known else dates.school_year_of(clock.london(now).date())


def meetings_of(year: int) -> list[Meeting]:
    """The Forum's meetings of a school year, in order."""
    return list(Meeting.objects.of_forum().of_year(year).select_related("list"))


def clashes(meeting: Meeting, starts_at: datetime, ends_at: datetime) -> list[str]:
    """What speaks against a time, in sentences: other meetings then, bank holidays, weekends, quiet dates."""
    day = clock.london(starts_at).date()
    found = [
        f"{other.list.label} is on then: {wording.moment(other.starts_at)}"
        for other in Meeting.objects.filter(
            starts_at__lt=ends_at, ends_at__gt=starts_at, cancelled_at__isnull=True
        )
        .exclude(pk=meeting.pk)
        .select_related("list")
    ]
    holiday = dates.bank_holiday(day)
    if holiday:
        found.append(f"{wording.day_month(day)} is a bank holiday, {holiday}")
    elif not dates.is_working_day(day):
        found.append(f"{wording.day_month(day)} is at the weekend")
    if dates.is_quiet(day):
        found.append(f"{wording.day_month(day)} is in the quiet dates")
    year = dates.school_year_of(day)
    if year != meeting.year:
        found.append(f"This is in the school year {wording.school_year(year)}")
    return found


def by_old_address(year: int, slug: str) -> Meeting | None:
    """The meeting that a page's former address stands for."""
    old = (
        OldAddress.objects.filter(year=year, slug=slug, meeting__list__slug=MailingList.FORUM)
        .order_by("-id")
        .first()
    )
    return old.meeting if old else None


def year_line(meetings: Iterable[Meeting], now: datetime) -> YearLine | None:
    """A year's meetings as the year line shows them; nothing when there are none."""
    ordered = sorted(meetings, key=lambda meeting: (meeting.starts_at, meeting.pk))
    if not ordered:
        return None
    coming = next((one for one in ordered if one.ends_at > now and not one.cancelled_at), None)
    marks = [_mark(one, number, one == coming, now) for number, one in enumerate(ordered, 1)]
    terms: dict[str, list[Mark]] = {}
    for mark in marks:
        terms.setdefault(dates.term_of(clock.london(mark.meeting.starts_at).date()).label, []).append(mark)
    return YearLine(
        year=ordered[0].year,
        terms=[TermMarks(name=name, span=_span(group), marks=group) for name, group in terms.items()],
        summary=_summary(marks),
        total=len(marks),
    )


def _mark(meeting: Meeting, number: int, is_next: bool, now: datetime) -> Mark:
    if meeting.cancelled_at:
        state = "cancelled"
    elif meeting.ends_at <= now:
        state = "held"
    elif is_next:
        state = "next"
    else:
        state = "changed" if meeting.moved_from else "to_come"
    return Mark(
        meeting=meeting,
        number=number,
        url=meeting.get_absolute_url(),
        weekday=wording.weekday(meeting.starts_at)[:3],
        day=wording.short_date(meeting.starts_at).split(" ", 1)[1],
        state=state,
        state_words=_STATE_WORDS[state],
    )


def _span(marks: list[Mark]) -> str:
    first, last = (
        wording.long_day(mark.meeting.starts_at).split(wording.NBSP) for mark in (marks[0], marks[-1])
    )
    if first[1:] == last[1:]:
        return " ".join(first[1:])
    return f"{first[1]} to {' '.join(last[1:])}"


def _summary(marks: list[Mark]) -> str:
    counts = {state: sum(mark.state == state for mark in marks) for state in _STATE_WORDS}
    coming = counts["to_come"] + counts["changed"]
    parts = [
        f"{number} {words}"
        for number, words in (
            (counts["held"], "held"),
            (counts["next"], "next"),
            (coming, "to come"),
            (counts["cancelled"], "cancelled"),
        )
        if number
    ]
    times = {wording.time_range(*mark.meeting.time) for mark in marks if mark.state != "cancelled"}
    always = f" Always {times.pop()}." if len(times) == 1 else ""
    return f"{wording.count(len(marks), 'meeting')}: {', '.join(parts)}.{always}"
