"""Every fault of a pasted list, generated into good ones, and the decisions that mend it."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.kit import wording
from meetings import dates
from meetings.dates import Decision, Fault, State
from tests.meetings.pasted import DAY, TEN, Pasted, london, pasted_years, plain, read

GOOD_YEARS = st.integers(2018, 2027)


def faulty(year: int, line: str, decisions: dict[int, Decision] | None = None) -> dates.Row:
    """The row of this line at the end of a list with three good ones."""
    first = date(year, 9, 1)
    working = [first + n * DAY for n in range(30, 200) if dates.is_working_day(first + n * DAY)][::40][:3]
    text = "\n".join([*(wording.long_date(day) for day in working), line])
    reading = read(text, today=date(year, 7, 1), decisions=decisions)
    assert reading.year == year
    assert [row.state for row in reading.rows[:3]] == [State.GOOD] * 3
    return reading.rows[3]


@given(GOOD_YEARS, st.integers(0, 364), st.integers(1, 6))
@settings(deadline=None)
def test_a_wrong_weekday_offers_both_days(year: int, after: int, wrong: int) -> None:
    day = date(year, 9, 1) + after * DAY
    weekday = wording.WEEKDAYS[(day.weekday() + wrong) % 7]
    line = f"{weekday} {day.day} {wording.MONTHS[day.month - 1]}"
    row = faulty(year, line)
    assert (row.state, row.fault) == (State.FAULT, Fault.WEEKDAY)
    assert plain(row.message) == plain(
        f"{wording.long_day(day)} is a {wording.WEEKDAYS[day.weekday()]}, not a {weekday}"
    )
    nearest, written = row.choices
    assert nearest.date is not None and abs(nearest.date - day) <= 3 * DAY
    assert wording.WEEKDAYS[nearest.date.weekday()] == weekday
    assert written.date == day
    for choice in row.choices:
        settled = faulty(year, line, {4: Decision(key=choice.key)})
        assert settled.date == choice.date
        assert settled.fault in (None, Fault.WEEKEND, Fault.HOLIDAY, Fault.TWICE)


@given(GOOD_YEARS, st.integers(0, 49), st.sampled_from([5, 6]), st.booleans())
@settings(deadline=None)
def test_a_weekend_is_kept_or_replaced(year: int, week: int, weekday: int, named: bool) -> None:
    day = date(year, 9, 1) + timedelta(weeks=week)
    day += (weekday - day.weekday()) % 7 * DAY
    line = wording.day_month(day) if named else wording.day_number_month(day)
    row = faulty(year, line)
    name = wording.WEEKDAYS[weekday]
    assert (row.fault, plain(row.message)) == (Fault.WEEKEND, plain(f"{wording.long_day(day)} is a {name}"))
    assert [choice.label for choice in row.choices] == [f"Keep the {name}", "Use another day, typed below"]
    kept = faulty(year, line, {4: Decision(key=row.choices[0].key)})
    assert (kept.state, kept.date, kept.starts_at) == (State.NOTE, day, london(day, TEN))
    other = next(one for n in range(1, 9) if dates.is_working_day(one := day + n * DAY))
    typed = faulty(year, line, {4: Decision(key="type", typed=wording.day_number_month(other))})
    assert typed.fault in (None, Fault.TWICE) and typed.date == other


@given(
    st.sampled_from(
        [date(2021, 12, 27), date(2023, 5, 8), date(2026, 4, 3), date(2026, 5, 25), date(2027, 1, 1)]
    )
)
def test_a_bank_holiday_is_kept_or_left_out(day: date) -> None:
    year = dates.school_year_of(day)
    row = faulty(year, wording.day_month(day))
    assert row.fault == Fault.HOLIDAY and str(dates.bank_holiday(day)) in row.message
    assert faulty(year, wording.day_month(day), {4: Decision(key=row.choices[0].key)}).is_meeting
    left = faulty(year, wording.day_month(day), {4: Decision(key=row.choices[1].key)})
    assert (left.state, left.date) == (State.LEFT_OUT, None)


@given(pasted_years(), st.data())
@settings(max_examples=50, deadline=None)
def test_a_repeated_day_asks_on_its_second_row(pasted: Pasted, data: st.DataObject) -> None:
    year, today, lines, _ = pasted
    again = data.draw(st.sampled_from(lines))[1]
    text = "\n".join([*(line for line, *_ in lines), wording.long_date(again)])
    reading = read(text, today=today, year=year)
    (row,) = reading.faults
    assert (row.number, row.fault) == (len(lines) + 1, Fault.TWICE)
    assert plain(row.message) == f"{plain(wording.day_number_month(again))} is in the list twice"
    both = read(text, today=today, year=year, decisions={row.number: Decision(key=row.choices[1].key)})
    assert len(both.meetings) == len(lines) + 1
    left = read(text, today=today, year=year, decisions={row.number: Decision(key=row.choices[0].key)})
    assert (len(left.meetings), left.settled) == (len(lines), True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("31 September", "31 September does not exist: September has 30 days"),
        ("Sunday 29 February 2026", "29 February 2026 does not exist: February 2026 has 28 days"),
        ("32 May", "32 May does not exist: May has 31 days"),
        ("0 May", "0 May does not exist: May has 31 days"),
        ("9/16/2025", "‘9/16/2025’ does not exist: there is no month 16, and the day comes first"),
        ("6 May 1025", "‘6 May 1025’ cannot be right: the year is 1025"),
        ("2025-02-30", "30 February 2025 does not exist: February 2025 has 28 days"),
        ("Tuesday 9th", "‘Tuesday 9th’ has no month"),
        ("9 or 10 September", "‘9 or 10 September’ names more than one day"),
        ("Meeting 1 September 9", "‘1 September 9’ names more than one day"),
        ("9–10 September", "‘9–10 September’ names more than one day"),
        ("9 Sept to 11 Sept", "‘9 Sept to 11 Sept’ names more than one day"),
        ("9 September 2026", "9 September 2026 is outside the school year 2025 to 2026"),
        ("9 September, 11:30 to 10:00", "The end, 10:00am, is not after the start, 11:30am"),
        ("9 September, 11pm", "A start at 11:00pm would end after midnight"),
        ("9 September, 25:00", "25:00 is not a time of day"),
        ("2025-09-09T10:00Z", "10:00 has a time zone of its own"),
        ("29 March 2026, 1:30am to 3am", "There is no 1:30am on Sunday 29 March 2026: the clocks go forward"),
    ],
)
def test_what_cannot_be_asks_and_can_be_typed_anew(line: str, message: str) -> None:
    row = faulty(2025, line)
    assert (row.state, plain(row.message)) == (State.FAULT, message)
    assert row.advice and row.choices
    typed = faulty(2025, line, {4: Decision(key="type", typed="Tues 9 Sept 2025, 1pm to 2pm")})
    assert (typed.state, typed.date) == (State.GOOD, date(2025, 9, 9))
    assert (typed.starts_at, typed.typed) == (
        london(date(2025, 9, 9), time(13)),
        "Tues 9 Sept 2025, 1pm to 2pm",
    )
    unread = faulty(2025, line, {4: Decision(key="type", typed="soon")})
    assert (unread.fault, unread.message) == (Fault.UNREADABLE, "‘soon’ is not one day")


FAULTY = {
    1: (
        "Tuesday 10th September",
        "10 September 2025 is a Wednesday, not a Tuesday. Use Tuesday 9 September or Wednesday 10 September?",
    ),
    2: ("Wednesday 8th October", ""),
    3: ("Thursday 6th November", ""),
    4: (
        "Thursday 6th November",
        "6 November is in the list twice. Leave this one out, or have two meetings that day",
    ),
    5: ("Saturday 7 February 2026", "7 February 2026 is a Saturday. Keep it, or type another day"),
    6: ("Monday 25th May", "25 May 2026 is the Spring bank holiday. Keep it anyway, or leave it out"),
    7: ("June 16", "June 16 read as Tuesday 16 June 2026"),
    8: ("All online", "Not a date, left out: All online"),
}


def test_the_list_with_faults_and_its_decisions() -> None:
    text = "\n".join(line for line, _ in FAULTY.values())
    reading = read(text)
    assert [plain(row.sentence) for row in reading.rows] == [message for _, message in FAULTY.values()]
    assert [row.number for row in reading.faults] == [1, 4, 5, 6]
    last = reading.by_term()[-1]
    assert (last.good, last.to_decide, last.left_out) == (1, 1, 1)
    decisions = {
        1: Decision(key=reading.rows[0].choices[0].key),
        4: Decision(key=reading.rows[3].choices[0].key),
        5: Decision(key="type", typed="Thursday 5 February 2026"),
        6: Decision(key=reading.rows[5].choices[1].key),
        7: Decision(key="leave:2026-06-16"),
    }
    again = read(text, decisions=decisions)
    assert again.settled
    assert [row.date and row.date.isoformat() for row in again.rows] == [
        *("2025-09-09", "2025-10-08", "2025-11-06", None, "2026-02-05", None, "2026-06-16", None)
    ]
    assert all(row.chosen in {choice.key for choice in row.choices} for row in again.rows[:6] if row.chosen)
    assert again.as_facts()["rows"] == [
        {
            "line": row.line,
            "date": row.date.isoformat() if row.date else None,
            "state": str(row.state),
            "message": plain(row.sentence),
        }
        for row in again.rows
    ]


def test_a_typed_day_is_checked_like_any_other() -> None:
    weekend = faulty(2025, "31 September", {4: Decision(key="type", typed="Saturday 27 September")})
    assert (weekend.fault, weekend.date) == (Fault.WEEKEND, date(2025, 9, 27))
    kept = faulty(2025, "31 September", {4: Decision(key=weekend.choices[0].key, typed=weekend.typed)})
    assert (kept.state, kept.date) == (State.NOTE, date(2025, 9, 27))
    unheard = faulty(
        2025, "31 September", {4: Decision(key="keep:2025-10-01", typed="Saturday 27 September")}
    )
    assert (unheard.fault, unheard.chosen) == (Fault.IMPOSSIBLE, "")
