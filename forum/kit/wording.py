"""Dates, times and counts as the Forum writes them, for pages, mails and messages alike."""

from datetime import date, datetime, time

from forum.kit import clock

NBSP = "\u00a0"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _day(value: date | datetime) -> date:
    return clock.london(value).date() if isinstance(value, datetime) else value


def _time(value: time | datetime) -> time:
    return clock.london(value).time() if isinstance(value, datetime) else value


def day_number_month(value: date | datetime) -> str:
    """«6 November»."""
    day = _day(value)
    return f"{day.day}{NBSP}{MONTHS[day.month - 1]}"


def long_day(value: date | datetime) -> str:
    """«6 November 2025»."""
    day = _day(value)
    return f"{day_number_month(day)}{NBSP}{day.year}"


def weekday(value: date | datetime) -> str:
    """«Thursday»."""
    return WEEKDAYS[_day(value).weekday()]


def long_date(value: date | datetime) -> str:
    """«Thursday 6 November 2025»."""
    return f"{weekday(value)} {long_day(value)}"


def day_month(value: date | datetime) -> str:
    """«Thursday 6 November»."""
    return f"{weekday(value)} {day_number_month(value)}"


def short_date(value: date | datetime) -> str:
    """«Thu 6 Nov»."""
    day = _day(value)
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day}{NBSP}{MONTHS[day.month - 1][:3]}"


def short_day(value: date | datetime) -> str:
    """«6 Nov 2025»."""
    day = _day(value)
    return f"{day.day}{NBSP}{MONTHS[day.month - 1][:3]}{NBSP}{day.year}"


def month_year(value: date | datetime) -> str:
    """«November 2025»."""
    day = _day(value)
    return f"{MONTHS[day.month - 1]}{NBSP}{day.year}"


def short_long_date(value: date | datetime) -> str:
    """«Thu 6 Nov 2025»."""
    return f"{short_date(value)}{NBSP}{_day(value).year}"


def clock_time(value: time | datetime) -> str:
    """«10:00am», «1:30pm», «midday», «midnight»; London's wall clock."""
    at = _time(value)
    if (at.hour, at.minute) == (12, 0):
        return "midday"
    if (at.hour, at.minute) == (0, 0):
        return "midnight"
    return f"{at.hour % 12 or 12}:{at.minute:02d}{'am' if at.hour < 12 else 'pm'}"


def time_range(starts: time | datetime, ends: time | datetime) -> str:
    """«10:00am to 11:30am»."""
    return f"{clock_time(starts)} to {clock_time(ends)}"


def moment(value: datetime) -> str:
    """«Thursday 6 November 2025, 10:00am»."""
    return f"{long_date(value)}, {clock_time(value)}"


def short_moment(value: datetime) -> str:
    """«Thu 6 Nov, 10:00am»."""
    return f"{short_date(value)}, {clock_time(value)}"


def lately(value: datetime, now: datetime) -> str:
    """«Today, 9:04am»; on other days «Thu 6 Nov, 10:00am»."""
    return f"Today, {clock_time(value)}" if _day(value) == _day(now) else short_moment(value)


def school_year(starting: int) -> str:
    """«2025 to 2026»."""
    return f"{starting} to {starting + 1}"


def count(number: int, one: str, many: str | None = None) -> str:
    """«1 person», «1,428 people»."""
    return f"{number:,}{NBSP}{one if number == 1 else (many or one + 's')}"


def listed(words: list[str]) -> str:
    """«Tracy, Sam and Chris»."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
