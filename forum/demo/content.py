"""The demo's content as it lies in the files beside this one, and its days as moments."""

import csv
import json
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from forum.kit import clock

_FOLDER = Path(__file__).resolve().parent
_WORKING_DAY_BEGINS = time(9)


@cache
def read() -> dict[str, Any]:
    """Trusts, people, communities and meetings of the demo."""
    content: dict[str, Any] = json.loads((_FOLDER / "demo_content.json").read_text(encoding="utf-8"))
    return content


@cache
def crowd_words() -> dict[str, Any]:
    """Invented first names, last names and job titles."""
    words: dict[str, Any] = json.loads((_FOLDER / "crowd.json").read_text(encoding="utf-8"))
    return words


def register() -> list[dict[str, str]]:
    """Open multi-academy trusts, one row each.

    Source: Department for Education, Get Information About Schools, 1 June 2019. Contains public sector information
    licensed under the Open Government Licence v3.0.
    """
    with (_FOLDER / "gias_trusts.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def moment(day: str) -> datetime:
    """Nine in the morning in London on a day such as «2025-09-03»."""
    return datetime.combine(date.fromisoformat(day), _WORKING_DAY_BEGINS, clock.LONDON).astimezone(UTC)


def wall_clock(day: str, at: str) -> datetime:
    """A day and a time such as «10:00» on London's wall clock."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(at), clock.LONDON).astimezone(UTC)


def past(day: str, now: datetime) -> datetime:
    """The morning of a day, or the day before now where the portal's clock has not come to it."""
    return min(moment(day), now - timedelta(days=1))
