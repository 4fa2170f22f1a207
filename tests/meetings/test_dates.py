"""The pasted year: proven on generated lists first, then on the Forum's own."""

from datetime import UTC, date, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.kit import wording
from meetings.dates import Decision, Fault, State, Term
from tests.meetings.pasted import SUMMER_BEFORE, THE_ELEVEN, Line, Pasted, london, pasted_years, read


def years_that_fit(lines: list[Line], today: date) -> list[int]:
    """Worked out anew: the school years in which every line that names a weekday has that weekday."""
    fitting = []
    for year in range(today.year - 3, today.year + 7):
        fits = True
        for _, day, _, _, named in lines:
            calendar_year = year if day.month >= 9 else year + 1
            leap = calendar_year % 4 == 0
            if named and (day.month, day.day) == (2, 29) and not leap:
                fits = False
            elif named:
                fits = fits and day.replace(year=calendar_year).weekday() == day.weekday()
        if fits:
            fitting.append(year)
    return fitting


@settings(max_examples=400, deadline=None)
@given(pasted_years(), st.sampled_from(("\n", "\r\n", "\n\n", "\u2028", "\x0b")))
def test_a_generated_year_is_read_as_it_was_written(pasted: Pasted, newline: str) -> None:
    year, today, lines, told = pasted
    text = newline.join(line for line, *_ in lines)
    fitting = years_that_fit(lines, today)
    reading = read(text, today=today)
    if told or len(fitting) == 1:
        assert reading.year == year
    elif any(named for *_, named in lines):
        assert (reading.year, reading.candidates) == (None, tuple(fitting))
    else:
        assert (reading.year, len(reading.candidates)) == (None, 2)
    chosen = read(text, today=today, year=year)
    assert [row.date for row in chosen.rows] == [day for _, day, *_ in lines]
    assert not chosen.faults and chosen.settled
    assert [(row.starts_at, row.ends_at) for row in chosen.rows] == [
        (london(day, starts), london(day, ends)) for _, day, starts, ends, _ in lines
    ]
    themes = ["A theme" if line.endswith("A theme") else "" for line, *_ in lines]
    assert [row.theme for row in chosen.rows] == themes


@settings(max_examples=100, deadline=None)
@given(pasted_years(), st.randoms())
def test_reading_is_stable(pasted: Pasted, random: Random) -> None:
    """The long form reads back as the same day, and order does not matter."""
    year, today, lines, _ = pasted
    reading = read("\n".join(line for line, *_ in lines), today=today, year=year)
    days = [row.date for row in reading.rows if row.date]
    again = read("\n".join(wording.long_date(day) for day in days), today=today)
    assert (again.year, [row.date for row in again.rows]) == (year, days)
    assert not any("read as" in row.message for row in again.rows)
    mixed = [line for line, *_ in lines]
    random.shuffle(mixed)
    other = read("\n".join(mixed), today=today)
    straight = read("\n".join(line for line, *_ in lines), today=today)
    assert (other.year, other.candidates) == (straight.year, straight.candidates)
    assert {row.date for row in other.rows} == {row.date for row in straight.rows}


SCRAPS = st.sampled_from(
    [
        *(" ", "\t", "\n", "\u200b", "\ue000"),
        *[
            "0",
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
            "7",
            "8",
            "9",
            "31",
            "2025",
            "/",
            "-",
            ".",
            ":",
            ",",
            "(",
            "’",
            "and",
            "to",
            "th",
            "the",
            "of",
            "T",
            "Z",
            "am",
            "pm",
            "noon",
        ],
        *["Tue", "May", "Sept", "Septmber", "2025-26", "９", "ᵗʰ", "٣"],
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(), st.lists(SCRAPS, max_size=40).map("".join), st.lists(SCRAPS, max_size=40).map(" ".join)
    ),
    st.dictionaries(
        st.integers(1, 5),
        st.builds(
            Decision,
            key=st.one_of(
                st.text(max_size=30), st.sampled_from(["type", "leave", "keep:2025-09-09", "use:9", ":"])
            ),
            typed=st.one_of(st.text(max_size=30), st.just("9 Sept 2025")),
        ),
    ),
    st.one_of(st.none(), st.integers(2000, 2100)),
)
def test_no_text_and_no_decision_is_too_much(
    text: str, decisions: dict[int, Decision], year: int | None
) -> None:
    reading = read(text, year=year, decisions=decisions)
    assert reading.problem or reading.rows
    assert all(row.sentence for row in reading.rows if row.state in (State.FAULT, State.LEFT_OUT))
    assert all(row.date and row.starts_at and row.ends_at for row in reading.meetings)
    assert sum(len(group.rows) for group in reading.by_term()) == len(reading.rows)
    assert all(len(row.choices) != 1 for row in reading.faults)


@pytest.mark.parametrize(
    "text", ["9" * 20_000, "1, " * 6_000, "Septemxer 1 " * 1_600, "1/1/25 " * 2_800, "10:00-" * 3_000]
)
def test_long_nonsense_ends(text: str) -> None:
    assert read(text) == read(text)


def test_too_much_is_refused_in_words() -> None:
    assert read("x" * 20_001).problem == "This text is too long: paste at most 20,000 characters"
    assert read("x\n" * 201).problem == "This list is too long: paste at most 200 lines"
    assert read("1/9/25; " * 300).problem == "This list is too long: paste at most 200 dates"
    assert read(" \n•\n--- ").problem == "Paste the dates, one on each line"


@pytest.mark.parametrize("today", [SUMMER_BEFORE, date(2025, 10, 20)])
def test_the_forums_eleven_lines(today: date) -> None:
    reading = read("\n".join(line for line, _ in THE_ELEVEN), today=today)
    assert (reading.year, reading.candidates) == (2025, ())
    assert reading.message == "These weekdays fit the school year 2025 to 2026"
    assert [row.date for row in reading.rows] == [day for _, day in THE_ELEVEN]
    assert [(group.term, group.good) for group in reading.by_term()] == [
        (Term.AUTUMN, 4),
        (Term.SPRING, 3),
        (Term.SUMMER, 4),
    ]
    assert reading.rows[0].invitation_on == date(2025, 9, 1)
    assert [row.past for row in reading.rows] == [day < today for _, day in THE_ELEVEN]
    assert reading.rows[2].starts_at == datetime(2025, 11, 6, 10, tzinfo=UTC)
    assert reading.rows[7].starts_at == datetime(2026, 4, 15, 9, tzinfo=UTC)


def test_two_years_that_fit_are_asked_about() -> None:
    reading = read("Tuesday 9th September\nWednesday 8th October")
    assert (reading.year, reading.candidates) == (None, (2025, 2031))
    assert reading.message == "Which school year? These days fit 2025 to 2026 and 2031 to 2032"
    assert {row.fault for row in reading.rows} == {Fault.YEAR}
    assert read("9 September\n8 October").candidates == (2024, 2025)
    for heading in ("School year 2025-26", "Dates 2025 to 2026:", "Autumn term 2025", "2025/2026"):
        headed = read(f"{heading}\nTuesday 9th September\nWednesday 8th October")
        assert (headed.year, [row.state for row in headed.rows]) == (2025, ["left_out", "good", "good"])
    assert read("Year 2024-25\nTuesday 9th September").candidates == (2024, 2025, 2031)


@pytest.mark.parametrize(
    ("line", "days"),
    [
        ("Tues 9 Sept; Wed 8 Oct", [(9, 9), (10, 8)]),
        ("Tues 9 Sept and Wed 8 Oct, 10am to 11.30am", [(9, 9), (10, 8)]),
        ("Tues 9 Sept / Wed 8 Oct", [(9, 9), (10, 8)]),
        ("9, 16 and 23 September", [(9, 9), (9, 16), (9, 23)]),
        ("9/9/25\t8/10/25", [(9, 9), (10, 8)]),
        ("Tuesday 9 September (moved from 8 September)", [(9, 9)]),
        ("1 - Tuesday 9 September", [(9, 9)]),
        ("1. September 9", [(9, 9)]),
        ("1\tSeptember 25", [(9, 25)]),
        ("1 - September 9th", [(9, 9)]),
    ],
)
def test_days_of_one_line(line: str, days: list[tuple[int, int]]) -> None:
    reading = read(line, year=2025)
    assert [(row.date.month, row.date.day) for row in reading.meetings if row.date] == days
    assert {row.line for row in reading.rows} == {1}
    assert [row.number for row in reading.rows] == list(range(1, len(days) + 1))


@pytest.mark.parametrize(
    ("line", "theme"),
    [
        ("Tuesday 9 September - What works?", "What works?"),
        ("Tuesday 9 September: “What works?”", "“What works?”"),
        ("Tuesday 9 September, 10am - 11am – Theme: oracy", "oracy"),
        ("Tuesday 9 September – oracy – 10am", "oracy"),
        ("1\tTuesday 9 September\t10:00\t11:30\tOnline\tOracy", "Oracy"),
        ("| Tuesday 9 September | 10:00 | 11:30 | Oracy |", "Oracy"),
        ("Tuesday 9 September, via Zoom", ""),
        ("Tuesday 9 September in the hall", ""),
        ("Meeting 3: Tuesday 9 September", ""),
    ],
)
def test_words_set_apart_are_the_theme(line: str, theme: str) -> None:
    (row,) = read(line, year=2025).rows
    assert (row.date, row.theme) == (date(2025, 9, 9), theme)
