"""Pasted dates, school years and working days, computed from what is passed in and the bank holidays.

Shape: `school` years and terms; `workdays` working days, quiet dates, invitation days; `spelling`, `times`,
`mentions` and `lines` read one pasted line; `years` finds the school year; `faults` and `checking` check the
list into a `reading`.
"""

from meetings.dates.checking import MOST_CHARACTERS, MOST_LINES, read_dates
from meetings.dates.reading import Choice, Decision, Fault, Reading, Row, State, TermRows
from meetings.dates.school import Term, school_year_of, slug_of, term_of
from meetings.dates.workdays import (
    bank_holiday,
    bank_holidays_known_until,
    invitation_day,
    invitation_moment,
    is_quiet,
    is_working_day,
    reminder_day,
    working_days_before,
)

__all__ = [
    "MOST_CHARACTERS",
    "MOST_LINES",
    "Choice",
    "Decision",
    "Fault",
    "Reading",
    "Row",
    "State",
    "Term",
    "TermRows",
    "bank_holiday",
    "bank_holidays_known_until",
    "invitation_day",
    "invitation_moment",
    "is_quiet",
    "is_working_day",
    "read_dates",
    "reminder_day",
    "school_year_of",
    "slug_of",
    "term_of",
    "working_days_before",
]
