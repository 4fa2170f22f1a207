"""What reading a pasted list gives: rows, their questions and the choices that answer them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from forum.kit import wording
from meetings.dates.school import Term, school_year_of, term_of


class State(StrEnum):
    """How a row stands."""

    GOOD = "good"
    NOTE = "note"
    FAULT = "fault"
    LEFT_OUT = "left_out"


class Fault(StrEnum):
    """What a row asks about."""

    SEVERAL = "several"
    NO_MONTH = "no_month"
    IMPOSSIBLE = "impossible"
    UNREADABLE = "unreadable"
    YEAR = "year"
    TIMES = "times"
    OUTSIDE = "outside"
    WEEKDAY = "weekday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    TWICE = "twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer to a row's question.

    Shape: `key` is what a radio sends back; `date` the day it stands for; `needs_text` where a day is typed
    beside it.
    """

    key: str
    label: str
    date: dt.date | None = None
    needs_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer given for one row: a choice's key, and the day typed beside it."""

    key: str
    typed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One day of the list, or one line without a day.

    Shape: `number` counts rows from 1 and is what decisions go by; `line` counts the pasted lines that are
    not blank, and is the same for two days of one line. `date` is None where there is no day yet or the row
    is left out; `starts_at`, `ends_at` and `invitation_on` are there only where the row is settled.
    `message` says what is wrong or how the row was read, `advice` what to do. `choices` are there for a
    question open or answered; `chosen` is the answer in use.
    Units: moments are aware, in UTC.
    """

    number: int
    line: int
    pasted: str
    state: State
    date: dt.date | None = None
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    own_times: bool = False
    invitation_on: dt.date | None = None
    theme: str = ""
    past: bool = False
    fault: Fault | None = None
    message: str = ""
    advice: str = ""
    choices: tuple[Choice, ...] = ()
    chosen: str = ""
    typed: str = ""

    @property
    def term(self) -> Term | None:
        """The term of its day."""
        return None if self.date is None else term_of(self.date)

    @property
    def is_meeting(self) -> bool:
        """Whether a meeting can be made of it."""
        return self.state in (State.GOOD, State.NOTE)

    @property
    def sentence(self) -> str:
        """Message and advice in one."""
        return (
            f"{self.message}. {self.advice}" if self.message and self.advice else self.message or self.advice
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRows:
    """The rows of one term, by date; a row without a day stands after the one it was pasted under.

    Shape: `term` is None where no row has a day.
    """

    term: Term | None
    year: int | None
    rows: tuple[Row, ...]

    @property
    def good(self) -> int:
        """How many can become meetings."""
        return sum(row.is_meeting for row in self.rows)

    @property
    def to_decide(self) -> int:
        """How many ask something."""
        return sum(row.state == State.FAULT for row in self.rows)

    @property
    def left_out(self) -> int:
        """How many are left out."""
        return sum(row.state == State.LEFT_OUT for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A pasted list as read.

    Shape: `year` is the one the school year begins in, None where it must be asked, with `candidates` to
    choose from; `message` says how the year was found or asks for it; `problem` says why nothing was read.
    """

    rows: tuple[Row, ...] = ()
    year: int | None = None
    candidates: tuple[int, ...] = ()
    message: str = ""
    problem: str = ""

    @property
    def meetings(self) -> tuple[Row, ...]:
        """The rows that can become meetings, in the list's order."""
        return tuple(row for row in self.rows if row.is_meeting)

    @property
    def faults(self) -> tuple[Row, ...]:
        """The rows that ask something, in the list's order."""
        return tuple(row for row in self.rows if row.state == State.FAULT)

    @property
    def left_out(self) -> tuple[Row, ...]:
        """The rows left out, in the list's order."""
        return tuple(row for row in self.rows if row.state == State.LEFT_OUT)

    @property
    def asks_year(self) -> bool:
        """Whether the school year must be chosen before anything else."""
        return bool(self.candidates)

    @property
    def settled(self) -> bool:
        """Whether there is something to create and nothing to ask."""
        return bool(self.meetings) and not self.faults and not self.asks_year and not self.problem

    def by_term(self) -> tuple[TermRows, ...]:
        """The rows by school year and term, in order of time."""
        placed = _placed(self.rows)
        if not placed:
            return (TermRows(term=None, year=self.year, rows=self.rows),) if self.rows else ()
        groups = groupby(placed, key=lambda pair: (school_year_of(pair[0]), term_of(pair[0])))
        return tuple(
            TermRows(term=term, year=year, rows=tuple(row for _, row in pairs))
            for (year, term), pairs in groups
        )

    def as_facts(self) -> dict[str, object]:
        """The reading for programs, with plain spaces: year and rows, each line, date, state and message."""
        rows = [
            {
                "line": row.line,
                "date": row.date.isoformat() if row.date else None,
                "state": row.state.value,
                "message": row.sentence.replace(wording.NBSP, " "),
            }
            for row in self.rows
        ]
        return {"year": self.year, "rows": rows}


def _placed(rows: Sequence[Row]) -> list[tuple[dt.date, Row]]:
    """Each row with the day it is shown at, in order; nothing where no row has a day."""
    above = next((row.date for row in rows if row.date), None)
    if above is None:
        return []
    placed: list[tuple[dt.date, Row]] = []
    anchors: dict[int, int] = {}
    number = 0
    for row in rows:
        if row.date:
            above, number = row.date, row.number
        anchors[row.number] = number
        placed.append((above, row))
    return sorted(placed, key=lambda pair: (pair[0], anchors[pair[1].number], pair[1].number))
