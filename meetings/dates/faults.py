"""What can be wrong with a day, in words, and the choices that mend it."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Self

from forum.kit import clock, wording
from meetings.dates.lines import Entry
from meetings.dates.mentions import YEARS, Mention
from meetings.dates.reading import Choice, Fault
from meetings.dates.school import calendar_year, school_year_of
from meetings.dates.workdays import bank_holiday, is_weekend
from meetings.dates.years import place

_WEEK = 7
_NEAR = 3
_TYPE_ADVICE = "Type the day you mean, or leave this line out"


class Verb(StrEnum):
    """What a choice does. From DAY to BOTH each also settles every question before it."""

    LEAVE = "leave"
    TYPE = "type"
    DAY = "day"
    YEAR = "year"
    USE = "use"
    KEEP = "keep"
    BOTH = "both"


SETTLES = {Verb.DAY: 1, Verb.YEAR: 2, Verb.USE: 3, Verb.KEEP: 4, Verb.BOTH: 5}
NEVER_SETTLED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A choice as text: the verb, its day, and whether it builds on the typed day or the usual times."""

    verb: Verb
    day: date | None = None
    typed: bool = False
    usual_times: bool = False

    def __str__(self) -> str:
        parts = [self.verb.value, *([self.day.isoformat()] if self.day else [])]
        return ":".join([*parts, *["typed"] * self.typed, *["usual"] * self.usual_times])

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The key in this text; None where it is none of ours."""
        verb, *rest = text.split(":")
        typed, usual_times = "typed" in rest, "usual" in rest
        days = [part for part in rest if part not in ("typed", "usual")]
        try:
            day = date.fromisoformat(days[0]) if days else None
            key = cls(verb=Verb(verb), day=day, typed=typed, usual_times=usual_times)
        except ValueError:
            return None
        return key if str(key) == text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a row asks. Shape: `settled_by` is the weakest answer in SETTLES that settles it."""

    fault: Fault
    message: str
    advice: str = ""
    choices: tuple[Choice, ...] = ()
    settled_by: int = SETTLES[Verb.DAY]
    kept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row while it is checked.

    Shape: `taken` are the days settled by the rows above; `typed` says that the entry was typed in place of
    the pasted one; `usual_times` that the entry's own times are set aside.
    """

    entry: Entry
    year: int | None
    starts: time
    ends: time
    taken: frozenset[date] | set[date] = field(default_factory=set)
    typed: bool = False
    usual_times: bool = False
    leave: Choice

    def choice(self, verb: Verb, day: date, label: str, *, usual_times: bool = False) -> Choice:
        """A choice for this row that builds on what was decided before."""
        key = Key(verb=verb, day=day, typed=self.typed, usual_times=self.usual_times or usual_times)
        return Choice(key=str(key), label=label, date=day)

    def name(self, day: date) -> str:
        """The day as short as it is clear: without the year inside the list's own school year."""
        return wording.day_month(day) if school_year_of(day) == self.year else wording.long_date(day)

    @property
    def written_day(self) -> date | None:
        """The day as it is written, where there is one."""
        return None if self.entry.mention is None else place(self.entry.mention, self.year)

    def reachable(self) -> set[date]:
        """Every day that a choice for this row can stand for."""
        mention = self.entry.mention
        if mention is None:
            return set()
        days = {place(one, self.year) for one in (mention, *mention.others)}
        days |= {_other_way_round(mention), _same_day_in(mention, self.year)}
        found = {day for day in days if day}
        if mention.weekday is not None:
            found |= {nearest_weekday(day, mention.weekday) for day in found}
        return found

    def moments(self, day: date) -> tuple[datetime, datetime] | str:
        """Start and end in UTC, or what is wrong with the times in words."""
        times = None if self.usual_times else self.entry.times
        starts, usual_end = _minutes(self.starts), _minutes(self.ends)
        ends = usual_end
        if times:
            if times.trouble:
                return times.trouble
            ends = times.ends if times.ends is not None else times.starts + usual_end - starts
            starts = times.starts
        if ends >= 24 * 60:
            return f"A start at {_clock(starts)} would end after midnight"
        if ends <= starts:
            return f"The end, {_clock(ends)}, is not after the start, {_clock(starts)}"
        moments = []
        for minutes in (starts, ends):
            wall = datetime.combine(day, time(minutes // 60, minutes % 60), clock.LONDON)
            moment = wall.astimezone(UTC)
            if clock.london(moment).replace(tzinfo=None) != wall.replace(tzinfo=None):
                name = wording.long_date(day)
                return f"There is no {_clock(minutes)} on {name}: the clocks go forward"
            moments.append(moment)
        if moments[0] >= moments[1]:
            return f"The end, {_clock(ends)}, is not after the start, {_clock(starts)}"
        return moments[0], moments[1]


def _minutes(value: time) -> int:
    return value.hour * 60 + value.minute


def _clock(minutes: int) -> str:
    return wording.clock_time(time(minutes // 60, minutes % 60))


def nearest_weekday(day: date, weekday: int) -> date:
    """The day with this weekday that is at most three days away."""
    return day + timedelta(days=(weekday - day.weekday() + _NEAR) % _WEEK - _NEAR)


def _other_way_round(mention: Mention) -> date | None:
    """The day of «9/16/2025» if the month came first, where it cannot have come second."""
    if not mention.numeric or mention.month <= 12 or mention.year not in YEARS:
        return None
    try:
        return date(mention.year or 0, mention.day, mention.month)
    except ValueError:
        return None


def _same_day_in(mention: Mention, year: int | None) -> date | None:
    """The day with its own year put aside for the list's."""
    if year is None or mention.year is None or not 1 <= mention.month <= 12:
        return None
    return mention.on(calendar_year(year, mention.month))


TYPE_INSTEAD = Choice(key=Verb.TYPE.value, label="Use another day, typed below", needs_text=True)


def questions_about(case: Case, day: date | None) -> Iterator[Question]:
    """Everything to ask about this row, in the order in which it is asked."""
    mention = case.entry.mention
    if mention is None:
        message = f"‘{case.entry.written}’ has no month"
        choices = (TYPE_INSTEAD, case.leave)
        yield Question(fault=Fault.NO_MONTH, message=message, advice=_TYPE_ADVICE, choices=choices)
        return
    if mention.others:
        yield _several(case, mention)
    if day is None:
        yield _no_day(case, mention)
        return
    trouble = case.moments(day)
    if isinstance(trouble, str):
        yield _times(case, day, trouble)
    if case.year is not None and mention.year is not None and school_year_of(day) != case.year:
        yield _outside(case, day, mention)
    if mention.weekday is not None and day.weekday() != mention.weekday:
        yield _weekday(case, day, mention.weekday)
    if is_weekend(day):
        name = wording.weekday(day)
        yield Question(
            fault=Fault.WEEKEND,
            message=f"{wording.long_day(day)} is a {name}",
            advice="Keep it, or type another day",
            choices=(case.choice(Verb.KEEP, day, f"Keep the {name}"), TYPE_INSTEAD),
            settled_by=SETTLES[Verb.KEEP],
            kept=f"{wording.long_day(day)} is a {name}: kept",
        )
    holiday = bank_holiday(day)
    if holiday:
        the = f"the {holiday}" if "bank holiday" in holiday.lower() else f"a bank holiday, {holiday}"
        yield Question(
            fault=Fault.HOLIDAY,
            message=f"{wording.long_day(day)} is {the}",
            advice="Keep it anyway, or leave it out",
            choices=(case.choice(Verb.KEEP, day, "Keep it anyway"), case.leave),
            settled_by=SETTLES[Verb.KEEP],
            kept=f"{wording.long_day(day)} is {the}: kept",
        )
    if day in case.taken:
        name = wording.day_number_month(day)
        leave = Choice(key=case.leave.key, label="Leave this one out")
        yield Question(
            fault=Fault.TWICE,
            message=f"{name} is in the list twice",
            advice="Leave this one out, or have two meetings that day",
            choices=(leave, case.choice(Verb.BOTH, day, "Two meetings that day")),
            settled_by=SETTLES[Verb.BOTH],
            kept=f"Two meetings on {name}",
        )


def _several(case: Case, mention: Mention) -> Question:
    days = [place(one, case.year) for one in (mention, *mention.others)]
    uses = tuple(case.choice(Verb.DAY, day, f"Use {case.name(day)}") for day in dict.fromkeys(days) if day)
    return Question(
        fault=Fault.SEVERAL,
        message=f"‘{mention.written}’ names more than one day",
        advice="Choose the day of the meeting. Two meetings go on two lines",
        choices=(*uses, TYPE_INSTEAD, case.leave),
    )


def _no_day(case: Case, mention: Mention) -> Question:
    """No such day, or none before the school year is known."""
    if mention.year is None and case.year is None and mention.exists:
        return Question(
            fault=Fault.YEAR,
            message=f"The year of ‘{mention.written}’ is not known",
            advice="Choose the school year",
        )
    swapped = _other_way_round(mention)
    swap = (case.choice(Verb.DAY, swapped, f"Use {case.name(swapped)}"),) if swapped else ()
    return Question(
        fault=Fault.IMPOSSIBLE,
        message=_why_no_day(mention, case.year),
        advice=_TYPE_ADVICE,
        choices=(*swap, TYPE_INSTEAD, case.leave),
    )


def _why_no_day(mention: Mention, year: int | None) -> str:
    if not 1 <= mention.month <= 12:
        return (
            f"‘{mention.written}’ does not exist: there is no month {mention.month}, and the day comes first"
        )
    if mention.year is not None and mention.year not in YEARS:
        return f"‘{mention.written}’ cannot be right: the year is {mention.year}"
    month = wording.MONTHS[mention.month - 1]
    own = mention.year or (calendar_year(year, mention.month) if year is not None else None)
    long = monthrange(own or 2000, mention.month)[1]
    leap = mention.month == 2 and own is not None
    named = f"{month}{wording.NBSP}{own}" if leap else month
    day = f"{mention.day}{wording.NBSP}{named}"
    return f"{day} does not exist: {named} has {long} days"


def _times(case: Case, day: date, trouble: str) -> Question:
    usual = wording.time_range(case.starts, case.ends)
    choices: tuple[Choice, ...] = (TYPE_INSTEAD, case.leave)
    advice = "Type the day and the times"
    if case.entry.times and not case.usual_times:
        choices = (case.choice(Verb.DAY, day, f"Use {usual}", usual_times=True), *choices)
        advice = f"Use {usual}, or type the day and the times"
    return Question(
        fault=Fault.TIMES, message=trouble, advice=advice, choices=choices, settled_by=NEVER_SETTLED
    )


def _outside(case: Case, day: date, mention: Mention) -> Question:
    inside = _same_day_in(mention, case.year)
    mend = (case.choice(Verb.YEAR, inside, f"Use {wording.long_date(inside)}"),) if inside else (case.leave,)
    name = wording.long_day(day)
    message = f"{name} is outside the school year {wording.school_year(case.year or 0)}"
    advice = (
        f"Use {wording.long_date(inside)}, or keep {name}?" if inside else f"Keep {name}, or leave it out"
    )
    return Question(
        fault=Fault.OUTSIDE,
        message=message,
        advice=advice,
        choices=(*mend, case.choice(Verb.YEAR, day, f"Keep {wording.long_date(day)}")),
        settled_by=SETTLES[Verb.YEAR],
        kept=f"{message}: kept",
    )


def _weekday(case: Case, day: date, weekday: int) -> Question:
    nearest = nearest_weekday(day, weekday)
    a, b = case.name(nearest), case.name(day)
    return Question(
        fault=Fault.WEEKDAY,
        message=f"{wording.long_day(day)} is a {wording.weekday(day)}, not a {wording.WEEKDAYS[weekday]}",
        advice=f"Use {a} or {b}?",
        choices=(case.choice(Verb.USE, nearest, f"Use {a}"), case.choice(Verb.USE, day, f"Use {b}")),
        settled_by=SETTLES[Verb.USE],
    )
