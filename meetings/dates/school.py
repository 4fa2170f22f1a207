"""School years, terms and what a meeting's day is called in an address."""

from datetime import date
from enum import StrEnum

from forum.kit import wording

YEAR_BEGINS = 9
SPRING_BEGINS = 1
SUMMER_BEGINS = 4


class Term(StrEnum):
    """The three terms of a school year, in order."""

    AUTUMN = "autumn"
    SPRING = "spring"
    SUMMER = "summer"

    @property
    def label(self) -> str:
        """«Autumn»."""
        return self.value.capitalize()


def school_year_of(day: date) -> int:
    """The year in which this day's school year began; school years run from September to August."""
    return day.year if day.month >= YEAR_BEGINS else day.year - 1


def school_years_around(today: date) -> range:
    """The ten school years a list without years may be about."""
    return range(today.year - 3, today.year + 7)


def calendar_year(starting: int, month: int) -> int:
    """The calendar year that this month has in the school year beginning in `starting`."""
    return starting if month >= YEAR_BEGINS else starting + 1


def term_of(day: date) -> Term:
    """The term this day is in; August counts as summer."""
    if day.month >= YEAR_BEGINS:
        return Term.AUTUMN
    return Term.SUMMER if day.month >= SUMMER_BEGINS else Term.SPRING


def slug_of(day: date) -> str:
    """«6-november»: a day's name inside its school year."""
    return f"{day.day}-{wording.MONTHS[day.month - 1].lower()}"
