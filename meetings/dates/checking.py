"""Reads a pasted list and checks every row, with the decisions taken so far."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time

from forum.kit import wording
from meetings.dates.faults import SETTLES, TYPE_INSTEAD, Case, Key, Question, Verb, questions_about
from meetings.dates.lines import MOST_DAYS, Entry, is_blank, read_line
from meetings.dates.reading import Choice, Decision, Fault, Reading, Row, State
from meetings.dates.workdays import bank_holidays_known_until, invitation_day, is_quiet
from meetings.dates.years import find_year

MOST_LINES = 200
MOST_CHARACTERS = 20_000

_LONGEST_QUOTE = 100
_LONGEST_TYPED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A row before it is checked; `entry` is None for a line without a day."""

    number: int
    line: int
    pasted: str
    entry: Entry | None


def read_dates(
    text: str,
    *,
    today: date,
    default_start: time,
    default_end: time,
    year: int | None = None,
    decisions: Mapping[int, Decision] | None = None,
) -> Reading:
    """A pasted list of dates, read and checked; the same text with other decisions is the next check.

    Shape: `year` is the one the school year begins in, found from the weekdays where None; decisions go by
    the row's number, and one that no longer fits its row is passed over.
    Errors: none; whatever was pasted, the reading says what to do.
    """
    if len(text) > MOST_CHARACTERS:
        return Reading(
            year=year, problem=f"This text is too long: paste at most {MOST_CHARACTERS:,} characters"
        )
    lines = [line.strip() for line in text.splitlines() if not is_blank(line)]
    if not lines:
        return Reading(year=year, problem="Paste the dates, one on each line")
    if len(lines) > MOST_LINES:
        return Reading(year=year, problem=f"This list is too long: paste at most {MOST_LINES} lines")
    drafts: list[_Draft] = []
    headings: list[int] = []
    for line, pasted in enumerate(lines, 1):
        read = read_line(pasted, today=today)
        if read.heads_year is not None:
            headings.append(read.heads_year)
        for entry in read.entries or (None,):
            drafts.append(_Draft(number=len(drafts) + 1, line=line, pasted=pasted, entry=entry))
        if len(drafts) > MOST_DAYS:
            return Reading(year=year, problem=f"This list is too long: paste at most {MOST_DAYS} dates")
    mentions = [draft.entry.mention for draft in drafts if draft.entry and draft.entry.mention]
    found = find_year(mentions, headings, today=today, given=year)
    check = _Check(year=found.year, today=today, starts=default_start, ends=default_end, taken=set())
    rows = tuple(check.row(draft, (decisions or {}).get(draft.number)) for draft in drafts)
    return Reading(rows=rows, year=found.year, candidates=found.candidates, message=found.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    """Checks one row after another; `taken` gathers the days settled so far."""

    year: int | None
    today: date
    starts: time
    ends: time
    taken: set[date]

    def row(self, draft: _Draft, decision: Decision | None) -> Row:
        """The row as it stands with this decision."""
        plain = Row(number=draft.number, line=draft.line, pasted=draft.pasted, state=State.LEFT_OUT)
        if draft.entry is None:
            return replace(plain, message=f"Not a date, left out: {_quoted(draft.pasted)}")
        case = self._case(draft.entry)
        day = case.written_day
        first = next(questions_about(case, day), None)
        if first is None:
            return self._settled(plain, case, day, settles=0)
        asked = replace(plain, state=State.FAULT, date=day)
        if decision is None or first.fault == Fault.YEAR:
            return _asking(asked, first)
        key = Key.read(decision.key)
        if key is None:
            return _asking(asked, first)
        row = self._decided(asked, case, first, key, decision)
        return row if row.is_meeting or row.state == State.FAULT else replace(row, date=None)

    def _case(self, entry: Entry) -> Case:
        day = Case(
            entry=entry, year=self.year, starts=self.starts, ends=self.ends, leave=TYPE_INSTEAD
        ).written_day
        leave = Choice(key=str(Key(verb=Verb.LEAVE, day=day)), label="Leave it out")
        return Case(
            entry=entry, year=self.year, starts=self.starts, ends=self.ends, taken=self.taken, leave=leave
        )

    def _decided(self, asked: Row, case: Case, first: Question, key: Key, decision: Decision) -> Row:
        """The row with a decision that may apply to it."""
        chosen = replace(asked, chosen=decision.key, typed=decision.typed.strip()[:_LONGEST_TYPED])
        if decision.key == case.leave.key:
            message = f"Left out: {_quoted(asked.pasted)}"
            return replace(
                chosen, state=State.LEFT_OUT, message=message, choices=_with_leave(first, case.leave)
            )
        if key.verb == Verb.LEAVE:
            return _asking(asked, first)
        if key.verb == Verb.TYPE or key.typed:
            if not chosen.typed:
                return _asking(chosen, replace(first, advice="Type the day of the meeting"))
            typed = self._typed_case(case, chosen.typed)
            if typed is None:
                what = f"‘{_quoted(chosen.typed)}’ is not one day"
                advice = "Type one day, with its month"
                return _asking(chosen, replace(first, fault=Fault.UNREADABLE, message=what, advice=advice))
            case = typed
        case = replace(case, usual_times=key.usual_times)
        day, settles = case.written_day, 0
        if key.verb in SETTLES:
            if key.day not in case.reachable():
                return _asking(asked, first)
            day, settles = key.day, SETTLES[key.verb]
        following = next((one for one in questions_about(case, day) if one.settled_by > settles), None)
        if following:
            return _asking(replace(chosen, date=day), following)
        return self._settled(
            replace(chosen, choices=_with_chosen(first, key, case)), case, day, settles=settles
        )

    def _typed_case(self, case: Case, typed: str) -> Case | None:
        """The row with the typed day in place of the pasted one; what is not typed stays as pasted."""
        read = read_line(" ".join(typed.split()), today=self.today)
        if len(read.entries) > 1:
            return None
        if not read.entries:
            if read.times is None or case.entry.mention is None:
                return None
            return replace(case, entry=replace(case.entry, times=read.times), typed=True)
        entry = read.entries[0]
        if entry.mention is None:
            return None
        times = entry.times or case.entry.times
        return replace(
            case, entry=replace(case.entry, mention=entry.mention, times=times, beside=""), typed=True
        )

    def _settled(self, row: Row, case: Case, day: date | None, *, settles: int) -> Row:
        """The row with its day, its times and what is worth knowing about them."""
        moments = None if day is None else case.moments(day)
        if day is None or not isinstance(moments, tuple):
            return row
        kept = [question.kept for question in questions_about(case, day) if question.kept]
        notes = [*kept, *self._notes(case, day, decided=settles > 0)]
        self.taken.add(day)
        return replace(
            row,
            state=State.NOTE if notes else State.GOOD,
            date=day,
            starts_at=moments[0],
            ends_at=moments[1],
            own_times=case.entry.times is not None and not case.usual_times,
            invitation_on=invitation_day(day),
            theme=case.entry.theme,
            past=day < self.today,
            message=". ".join(notes),
        )

    def _notes(self, case: Case, day: date, *, decided: bool) -> list[str]:
        """How the day was read where that is not plain, and what a chair may want to know about it."""
        notes: list[str] = []
        mention, times = case.entry.mention, case.entry.times
        if mention and not decided:
            unsure = mention.misspelt or (
                mention.weekday is None and (mention.numeric or mention.year is None)
            )
            if unsure:
                notes.append(f"{mention.written} read as {wording.long_date(day)}")
        if times and times.guessed and not case.usual_times:
            moments = case.moments(day)
            if isinstance(moments, tuple):
                notes.append(f"{times.written} read as {wording.time_range(*moments)}")
        if case.entry.beside:
            notes.append(f"{case.entry.beside} on the same line is not read")
        if is_quiet(day):
            notes.append(f"{wording.day_number_month(day)} is in the quiet dates")
        if day > bank_holidays_known_until():
            until = wording.long_day(bank_holidays_known_until())
            notes.append(f"Bank holidays are known only until {until}")
        if day < self.today:
            notes.append("This date has passed")
        return notes


def _quoted(text: str) -> str:
    """The text, shortened where it is long."""
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"


def _asking(row: Row, question: Question) -> Row:
    return replace(
        row,
        state=State.FAULT,
        fault=question.fault,
        message=question.message,
        advice=question.advice,
        choices=question.choices,
    )


def _with_leave(question: Question, leave: Choice) -> tuple[Choice, ...]:
    """The answered question's choices, the one taken among them."""
    keys = {choice.key for choice in question.choices}
    return question.choices if leave.key in keys else (*question.choices, leave)


def _with_chosen(question: Question, key: Key, case: Case) -> tuple[Choice, ...]:
    """The answered question's choices, the one taken among them."""
    if key.day is None or str(key) in {choice.key for choice in question.choices}:
        if key.verb == Verb.TYPE and TYPE_INSTEAD not in question.choices:
            return (*question.choices, TYPE_INSTEAD)
        return question.choices
    return (*question.choices, Choice(key=str(key), label=f"Use {case.name(key.day)}", date=key.day))
