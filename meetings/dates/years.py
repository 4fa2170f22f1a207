"""Which school year a list is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from forum.kit import wording
from meetings.dates.mentions import Mention
from meetings.dates.school import calendar_year, school_year_of, school_years_around


@dataclass(frozen=True, slots=True, kw_only=True)
class YearFound:
    """The school year, or the ones to choose from, and a sentence about it.

    Shape: `year` is None exactly where `candidates` are there.
    """

    year: int | None
    candidates: tuple[int, ...] = ()
    message: str


def place(mention: Mention, year: int | None) -> date | None:
    """The day that is meant in this school year; a year of its own wins."""
    if mention.year is not None:
        return mention.on(mention.year)
    return None if year is None else mention.on(calendar_year(year, mention.month))


def _fits(mention: Mention, year: int) -> bool:
    day = place(mention, year)
    if day is None:
        return False
    if mention.year is not None:
        return school_year_of(day) == year
    return day.weekday() == mention.weekday


def find_year(
    mentions: Iterable[Mention], headings: Iterable[int], *, today: date, given: int | None
) -> YearFound:
    """The one school year that most weekdays and written years fit; several that fit alike are asked about.

    Shape: a repeated day counts once; a heading decides only between years that fit alike.
    """
    evidence = {
        (mention.weekday, mention.day, mention.month, mention.year): mention
        for mention in mentions
        if mention.exists and not mention.others and 1 <= mention.month <= 12
        if mention.year is not None or mention.weekday is not None
    }.values()
    named = set(headings)
    written = {day for day in (place(mention, None) for mention in evidence) if day}
    years = sorted({*school_years_around(today), *named, *map(school_year_of, written)})
    scores = {year: sum(_fits(mention, year) for mention in evidence) for year in years}
    most = max(scores.values())
    best = [year for year in years if scores[year] == most] if most else []
    if given is not None:
        return _given(given, best)
    if len(named) == 1 and (not best or named <= set(best)):
        year = named.pop()
        return YearFound(year=year, message=f"The list says the school year {wording.school_year(year)}")
    if len(best) == 1 and not named - set(best):
        year = best[0]
        by_weekday = any(mention.year is None for mention in evidence)
        what = "These weekdays fit" if by_weekday else "These dates are in"
        return YearFound(year=year, message=f"{what} the school year {wording.school_year(year)}")
    now = school_year_of(today)
    candidates = tuple(sorted({*best, *named})) or (now, now + 1)
    return YearFound(year=None, candidates=candidates, message=_question(candidates, weekdays=bool(best)))


def _given(year: int, best: list[int]) -> YearFound:
    message = f"Read for the school year {wording.school_year(year)}"
    if len(best) == 1 and best != [year]:
        message += f", but these days fit {wording.school_year(best[0])}"
    return YearFound(year=year, message=message)


def _question(candidates: tuple[int, ...], *, weekdays: bool) -> str:
    if not weekdays:
        return "Which school year? These dates do not say"
    years = wording.listed([wording.school_year(year) for year in candidates])
    return f"Which school year? These days fit {years}"
