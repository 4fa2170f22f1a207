"""A pasted year: the list, the decisions about its rows, and what would be set up."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from crispy_forms.layout import Div, Field
from django import forms

from forum.forms import PlainForm
from forum.kit import clock, wording
from meetings import dates
from meetings.actions import PlannedMeeting

NOW, ON, LEAVE = "now", "on", "leave"
_TIME = re.compile(r"(?i)\d{1,2}(?:[:.h]?\d{2})?\s?(?:[ap]\.?m\.?)?|midday|noon")
_WEEKEND_OR_NONE = (None, dates.Fault.WEEKEND, dates.Fault.HOLIDAY)


class YearForm(PlainForm):
    """The list as it stands, and the usual times."""

    dates = forms.CharField(
        label="The dates",
        strip=False,
        help_text="Paste the list as it stands: one date on each line, with or without the year",
        widget=forms.Textarea(attrs={"rows": 14, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Paste the dates, one on each line"},
    )
    starts = forms.CharField(
        label="Starts",
        initial="10:00am",
        error_messages={"required": "Enter when the meetings start, like 10:00am"},
    )
    ends = forms.CharField(
        label="Ends",
        initial="11:30am",
        error_messages={"required": "Enter when the meetings end, like 11:30am"},
    )
    year = forms.IntegerField(required=False, min_value=2000, max_value=2098, widget=forms.HiddenInput)
    layout = ("dates", Div(Field("starts", "ends", wrapper_class="width-10"), css_class="times"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        """Adds the two usual times, read as people write them."""
        data = super().clean() or {}
        if "starts" in data and "ends" in data:
            times = read_times(str(data["starts"]), str(data["ends"]), today=self.today)
            if times is None:
                self.add_error("starts", "Enter two times, the later one last, like 10:00am and 11:30am")
            else:
                data["default_start"], data["default_end"] = times
        return data


class WhichYearForm(PlainForm):
    """The school year of a list that could be of several."""

    year = forms.ChoiceField(
        label="Which school year?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the school year", "invalid_choice": "Choose the school year"},
    )

    def __init__(self, *args: Any, candidates: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [  # type: ignore[attr-defined]
            (year, wording.school_year(year)) for year in candidates
        ]


def read_times(starts: str, ends: str, *, today: date) -> tuple[time, time] | None:
    """Two times as people write them, if they are two and in order."""
    if not (_TIME.fullmatch(starts.strip()) and _TIME.fullmatch(ends.strip())):
        return None
    day = dates.working_days_before(today, 1)
    reading = dates.read_dates(
        f"{day.isoformat()}, {starts} to {ends}",
        today=today,
        default_start=time(10),
        default_end=time(11, 30),
    )
    if len(reading.rows) != 1:
        return None
    row = reading.rows[0]
    if row.starts_at is None or row.ends_at is None or not row.own_times:
        return None
    return clock.london(row.starts_at).time(), clock.london(row.ends_at).time()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRow:
    """One row of the list with what setting it up would mean.

    Shape: `already` when there is a meeting that day, or was before it moved to `moved_to`; `invite_at` when its
    invitations would go; `passed` when their day has passed and a chair must say what then, with `when` and
    `invite_day` as chosen and `trouble` if that will not do.
    """

    row: dates.Row
    already: bool
    moved_to: date | None = None
    passed: bool
    invite_at: datetime | None
    when: str = ""
    invite_day: str = ""
    trouble: str = ""

    @property
    def is_new(self) -> bool:
        """Whether a meeting would be created."""
        return self.row.is_meeting and not self.already

    @property
    def asks(self) -> bool:
        """Whether it waits for an answer."""
        return self.row.state == dates.State.FAULT or bool(self.trouble)

    def planned(self) -> PlannedMeeting:
        """The meeting it would become."""
        assert self.row.starts_at and self.row.ends_at
        return PlannedMeeting(
            starts_at=self.row.starts_at,
            ends_at=self.row.ends_at,
            theme=self.row.theme[:200],
            invite_at=self.invite_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTerm:
    """The rows of one term."""

    name: str
    rows: list[CheckedRow]
    good: int
    to_decide: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedYear:
    """A whole pasted list, checked against what is there."""

    reading: dates.Reading
    terms: list[CheckedTerm]

    @property
    def rows(self) -> list[CheckedRow]:
        """Every row, as pasted."""
        return sorted((row for term in self.terms for row in term.rows), key=lambda one: one.row.number)

    @property
    def new(self) -> list[CheckedRow]:
        """Rows that would become meetings."""
        return [row for row in self.rows if row.is_new and not row.asks]

    @property
    def already(self) -> int:
        """How many are set up already."""
        return sum(row.already for row in self.rows)

    @property
    def inviting_now(self) -> list[CheckedRow]:
        """Rows whose invitations a chair chose to send at once."""
        return [row for row in self.new if row.when == NOW]

    @property
    def asking(self) -> list[CheckedRow]:
        """Rows that wait for an answer."""
        return [row for row in self.rows if row.asks]

    @property
    def dated(self) -> int:
        """How many rows are about a date."""
        return sum(row.row.state != dates.State.LEFT_OUT for row in self.rows)

    @property
    def ready(self) -> bool:
        """Whether everything is decided."""
        unanswered = any(row.passed and not row.when for row in self.rows)
        asks = self.asking or unanswered or self.reading.asks_year or self.reading.problem
        return bool(self.new) and not asks

    @property
    def first_invitation(self) -> datetime | None:
        """When the first invitations would go."""
        return min((row.invite_at for row in self.new if row.invite_at), default=None)


def check_year(
    reading: dates.Reading,
    *,
    there: Counter[date],
    moved: Mapping[date, date],
    answers: Mapping[str, str],
    now: datetime,
    asked: bool,
) -> CheckedYear:
    """Holds a reading against the meetings that are there.

    Shape: `there` counts the list's meetings by day, `moved` leads from a former day to the present one; `answers`
    are the fields of the check screen, `asked` whether it has been shown, so that a missing answer is a fault.
    """
    left = Counter(there)
    checked: dict[int, CheckedRow] = {}
    for row in reading.rows:
        already = bool(row.is_meeting and row.date and left[row.date])
        if already and row.date:
            left[row.date] -= 1
        moved_to = moved.get(row.date) if row.is_meeting and row.date and not already else None
        checked[row.number] = (
            CheckedRow(row=row, already=True, moved_to=moved_to, passed=False, invite_at=None)
            if moved_to
            else _checked(row, already, answers, now, asked)
        )
    return CheckedYear(
        reading=reading,
        terms=[
            CheckedTerm(
                name=term.term.label if term.term else "Your list",
                rows=[checked[row.number] for row in term.rows],
                good=sum(not checked[row.number].asks and row.is_meeting for row in term.rows),
                to_decide=sum(checked[row.number].asks for row in term.rows),
                left_out=term.left_out,
            )
            for term in reading.by_term()
        ],
    )


def _checked(
    row: dates.Row, already: bool, answers: Mapping[str, str], now: datetime, asked: bool
) -> CheckedRow:
    moment = dates.invitation_moment(row.invitation_on) if row.invitation_on else None
    is_to_come = bool(row.is_meeting and row.starts_at and row.starts_at > now)
    passed = is_to_come and not already and moment is not None and moment <= now
    if not passed:
        plan = moment if is_to_come and not already else None
        return CheckedRow(row=row, already=already, passed=False, invite_at=plan)
    when, day = answers.get(f"invite-{row.number}", ""), answers.get(f"invite-day-{row.number}", "").strip()
    invite_at, trouble = _chosen(row, when, day, now)
    if not when and asked:
        trouble = "Choose when its invitations go"
    return CheckedRow(
        row=row, already=False, passed=True, invite_at=invite_at, when=when, invite_day=day, trouble=trouble
    )


def _chosen(row: dates.Row, when: str, day: str, now: datetime) -> tuple[datetime | None, str]:
    if when == NOW:
        return now, ""
    if when != ON:
        return None, ""
    assert row.date and row.starts_at
    reading = dates.read_dates(
        day,
        today=clock.london(now).date(),
        year=dates.school_year_of(row.date),
        default_start=time(9),
        default_end=time(10),
    )
    read = reading.rows[0] if len(reading.rows) == 1 and not reading.problem else None
    if read is None or read.date is None or read.fault not in _WEEKEND_OR_NONE:
        return None, "Type one day, with its month"
    if not dates.is_working_day(read.date):
        return None, f"{wording.day_month(read.date)} is no working day: choose another"
    moment = dates.invitation_moment(read.date)
    if not now < moment < row.starts_at:
        return None, f"Choose a day from tomorrow on and before {wording.day_month(row.date)}"
    return moment, ""


def decisions_in(answers: Mapping[str, str]) -> dict[int, dates.Decision]:
    """The answers given to rows: their radios and the days typed beside them."""
    found = {}
    for name, value in answers.items():
        number = name.removeprefix("row-")
        if name.startswith("row-") and number.isdecimal() and value:
            found[int(number)] = dates.Decision(key=value, typed=answers.get(f"day-{number}", ""))
    return found
