"""Working days, quiet dates, and the days on which invitations and reminders go."""

import json
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

from forum.kit import clock

INVITATION_DAYS_BEFORE = 21
REMINDER_WORKING_DAYS_BEFORE = 2
LEAST_NOTICE_WORKING_DAYS = 5
SENDING_TIME = time(9)
QUIET_DATES = (((7, 20), (8, 31)), ((12, 20), (1, 2)))
"""First and last day of each quiet period, as month and day, both included; one may pass the new year."""

_HOLIDAYS_FILE = Path(__file__).resolve().parents[1] / "data" / "bank-holidays.json"
_DAY = timedelta(days=1)
_SATURDAY = 5


@cache
def _holidays() -> dict[date, str]:
    events = json.loads(_HOLIDAYS_FILE.read_text(encoding="utf-8"))["england-and-wales"]["events"]
    return {date.fromisoformat(event["date"]): event["title"] for event in events}


def bank_holiday(day: date) -> str | None:
    """The name of the bank holiday this day is in England and Wales.

    Source: www.gov.uk/bank-holidays.json, Open Government Licence v3.0.
    """
    return _holidays().get(day)


@cache
def bank_holidays_known_until() -> date:
    """The last day for which bank holidays are known; beyond it only weekends are days off."""
    return date(max(_holidays()).year, 12, 31)


def is_weekend(day: date) -> bool:
    """Whether this is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY


def is_working_day(day: date) -> bool:
    """Whether offices are open: neither a weekend nor a bank holiday."""
    return not is_weekend(day) and bank_holiday(day) is None


def working_days_before(day: date, number: int) -> date:
    """The working day that is so many working days before this day."""
    while number > 0:
        day -= _DAY
        number -= is_working_day(day)
    return day


def quiet_period(day: date) -> tuple[date, date] | None:
    """The first and last day of the quiet period this day is in."""
    for (first_month, first_day), (last_month, last_day) in QUIET_DATES:
        passes_new_year = (last_month, last_day) < (first_month, first_day)
        first_year = day.year - (passes_new_year and (day.month, day.day) <= (last_month, last_day))
        first = date(first_year, first_month, first_day)
        last = date(first_year + passes_new_year, last_month, last_day)
        if first <= day <= last:
            return first, last
    return None


def is_quiet(day: date) -> bool:
    """Whether first invitations, reminders and news are held back on this day."""
    return quiet_period(day) is not None


def invitation_day(meeting_day: date) -> date:
    """The day invitations go: exactly three weeks before, unless that is a quiet date.

    From quiet dates they go on the first working day after, or, where that leaves too few working days'
    notice, on the last working day before.
    """
    day = meeting_day - timedelta(days=INVITATION_DAYS_BEFORE)
    quiet = quiet_period(day)
    if quiet is None:
        return day
    first, last = quiet
    after = last + _DAY
    while not is_working_day(after):
        after += _DAY
    if after <= working_days_before(meeting_day, LEAST_NOTICE_WORKING_DAYS):
        return after
    return working_days_before(first, 1)


def reminder_day(meeting_day: date) -> date:
    """The day reminders go: two working days before; from quiet dates, the last working day before them."""
    day = working_days_before(meeting_day, REMINDER_WORKING_DAYS_BEFORE)
    quiet = quiet_period(day)
    return day if quiet is None else working_days_before(quiet[0], 1)


def invitation_moment(day: date) -> datetime:
    """The moment on this day at which invitations and reminders go.

    Units: aware, in UTC; decided by London's wall clock.
    """
    return datetime.combine(day, SENDING_TIME, clock.LONDON).astimezone(UTC)
