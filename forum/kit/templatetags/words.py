"""The Forum's way to write dates, times and counts, for templates."""

from datetime import datetime

from django import template

from forum.kit import wording

register = template.Library()

for _name in (
    "long_date",
    "long_day",
    "day_month",
    "day_number_month",
    "short_date",
    "short_day",
    "month_year",
    "short_long_date",
    "weekday",
    "clock_time",
    "moment",
    "short_moment",
    "school_year",
):
    register.filter(_name, getattr(wording, _name))


@register.filter
def until(starts: datetime, ends: datetime) -> str:
    """«10:00am to 11:30am»."""
    return wording.time_range(starts, ends)


@register.filter
def counted(number: int, words: str) -> str:
    """«428 people» from 428 and «person,people»."""
    one, _, many = words.partition(",")
    return wording.count(number, one, many or None)
