"""The doors of the second storey: public dates, a page for each meeting, files, feeds, and the answer page."""

from meetings.views.feeds import calendar, dates_feed, feed, feed_page, for_it
from meetings.views.pages import (
    answer,
    answer_file,
    dates_file,
    meeting,
    meeting_file,
    year,
    year_now,
)

__all__ = [
    "answer",
    "answer_file",
    "calendar",
    "dates_feed",
    "dates_file",
    "feed",
    "feed_page",
    "for_it",
    "meeting",
    "meeting_file",
    "year",
    "year_now",
]
