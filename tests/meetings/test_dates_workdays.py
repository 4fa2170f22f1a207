"""School years, working days, quiet dates, and the days on which mail goes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings import dates
from meetings.dates import Term
from tests.meetings.pasted import THE_ELEVEN

DAYS = st.dates(date(2013, 1, 1), date(2040, 12, 31))
INVITED = ("09-01", "09-17", "10-16", "11-11", "12-17", "01-15", "02-10", "03-25", "04-23", "05-26", "06-17")


@pytest.mark.parametrize(
    ("day", "year", "term"),
    [
        (date(2025, 8, 31), 2024, Term.SUMMER),
        (date(2025, 9, 1), 2025, Term.AUTUMN),
        (date(2025, 12, 31), 2025, Term.AUTUMN),
        (date(2026, 1, 1), 2025, Term.SPRING),
        (date(2026, 3, 31), 2025, Term.SPRING),
        (date(2026, 4, 1), 2025, Term.SUMMER),
    ],
)
def test_school_year_and_term(day: date, year: int, term: Term) -> None:
    assert (dates.school_year_of(day), dates.term_of(day)) == (year, term)
    assert term.label == term.value.title()


def test_an_address_names_the_day() -> None:
    assert dates.slug_of(date(2025, 11, 6)) == "6-november"


def test_bank_holidays_of_england_and_wales() -> None:
    assert dates.bank_holiday(date(2026, 5, 25)) == "Spring bank holiday"
    assert dates.bank_holiday(date(2025, 12, 26)) == "Boxing Day"
    assert dates.bank_holiday(date(2026, 3, 17)) is None
    assert dates.bank_holidays_known_until() == date(2028, 12, 31)
    assert dates.is_working_day(date(2029, 12, 25))


@given(DAYS, st.integers(1, 12))
def test_working_days_before_leaves_so_many_between(day: date, number: int) -> None:
    before = dates.working_days_before(day, number)
    between = [before + timedelta(days=n) for n in range((day - before).days)]
    assert dates.is_working_day(before)
    assert sum(map(dates.is_working_day, between)) == number


@pytest.mark.parametrize(
    ("day", "quiet"),
    [
        (date(2025, 7, 19), False),
        (date(2025, 7, 20), True),
        (date(2025, 8, 31), True),
        (date(2025, 9, 1), False),
        (date(2025, 12, 19), False),
        (date(2025, 12, 20), True),
        (date(2026, 1, 2), True),
        (date(2026, 1, 3), False),
    ],
)
def test_quiet_dates_include_both_ends(day: date, quiet: bool) -> None:
    assert dates.is_quiet(day) is quiet


def test_invitation_days_of_the_forums_year() -> None:
    days = [dates.invitation_day(day).strftime("%m-%d") for _, day in THE_ELEVEN]
    assert days == list(INVITED)


@pytest.mark.parametrize(
    ("meeting", "invited"),
    [
        (date(2025, 9, 8), date(2025, 9, 1)),  # five working days' notice, no more
        (date(2025, 9, 5), date(2025, 7, 18)),  # four would be too few
        (date(2026, 1, 12), date(2026, 1, 5)),  # 3 January is a Saturday
        (date(2026, 1, 9), date(2025, 12, 19)),  # exactly three weeks before
        (date(2027, 1, 11), date(2027, 1, 4)),  # 21 December is quiet
        (date(2025, 8, 20), date(2025, 7, 18)),  # the meeting itself is in the quiet dates
        (date(2025, 11, 9), date(2025, 10, 19)),  # a weekend is not shifted
    ],
)
def test_invitations_leave_quiet_dates(meeting: date, invited: date) -> None:
    assert dates.invitation_day(meeting) == invited


@given(DAYS)
def test_invitations_go_three_weeks_before_or_around_quiet_dates(meeting: date) -> None:
    day = dates.invitation_day(meeting)
    usual = meeting - timedelta(days=21)
    assert not dates.is_quiet(day) and day < meeting
    assert day == usual or (dates.is_quiet(usual) and dates.is_working_day(day))
    assert day == usual or day <= dates.working_days_before(meeting, 5)


@pytest.mark.parametrize(
    ("meeting", "reminded"),
    [
        (date(2025, 11, 6), date(2025, 11, 4)),
        (date(2026, 4, 15), date(2026, 4, 13)),
        (date(2025, 9, 9), date(2025, 9, 5)),
        (date(2026, 4, 7), date(2026, 4, 1)),  # over Easter
        (date(2026, 1, 5), date(2025, 12, 19)),  # the two working days before are quiet
    ],
)
def test_reminders_go_two_working_days_before(meeting: date, reminded: date) -> None:
    assert dates.reminder_day(meeting) == reminded


def test_mail_goes_at_nine_in_london_on_both_sides_of_the_clock_changes() -> None:
    days = (date(2025, 10, 25), date(2025, 10, 26), date(2026, 3, 28), date(2026, 3, 29))
    assert [dates.invitation_moment(day) for day in days] == [
        datetime(2025, 10, 25, 8, tzinfo=UTC),
        datetime(2025, 10, 26, 9, tzinfo=UTC),
        datetime(2026, 3, 28, 9, tzinfo=UTC),
        datetime(2026, 3, 29, 8, tzinfo=UTC),
    ]
