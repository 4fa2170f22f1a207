"""Pasted lists for the tests: the Forum's own, and generated ones in every spelling."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from forum.kit import wording
from meetings import dates
from meetings.dates import Decision, Reading

type Line = tuple[str, date, time, time, bool]
type Pasted = tuple[int, date, list[Line], bool]

LONDON = ZoneInfo("Europe/London")
TEN, HALF_PAST_ELEVEN = time(10), time(11, 30)
DAY = timedelta(days=1)
THE_ELEVEN = (
    ("Tuesday 9th September", date(2025, 9, 9)),
    ("Wednesday 8th October", date(2025, 10, 8)),
    ("Thursday 6th November", date(2025, 11, 6)),
    ("Tuesday 2nd December", date(2025, 12, 2)),
    ("Wednesday 7th January", date(2026, 1, 7)),
    ("Thursday 5th February", date(2026, 2, 5)),
    ("Tuesday 3rd March", date(2026, 3, 3)),
    ("Wednesday 15th April", date(2026, 4, 15)),
    ("Thursday 14th May", date(2026, 5, 14)),
    ("Tuesday 16th June", date(2026, 6, 16)),
    ("Wednesday 8th July", date(2026, 7, 8)),
)
SUMMER_BEFORE = date(2025, 7, 7)


def read(
    text: str,
    *,
    today: date = SUMMER_BEFORE,
    year: int | None = None,
    decisions: dict[int, Decision] | None = None,
) -> Reading:
    return dates.read_dates(
        text, today=today, year=year, default_start=TEN, default_end=HALF_PAST_ELEVEN, decisions=decisions
    )


def plain(text: str) -> str:
    return text.replace(wording.NBSP, " ")


def london(day: date, at: time) -> datetime:
    return datetime.combine(day, at, LONDON).astimezone(UTC)


ORDINAL = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
SHORT = ("Mon", "Tues", "Wed", "Thurs", "Fri", "Sat", "Sun")
SHORT_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")


def parts(day: date) -> dict[str, str]:
    weekday, month = wording.WEEKDAYS[day.weekday()], wording.MONTHS[day.month - 1]
    return {
        "W": weekday,
        "w": SHORT[day.weekday()],
        "t": weekday[:3],
        "d": str(day.day),
        "o": f"{day.day}{ORDINAL.get(day.day, 'th')}",
        "O": ORDINAL.get(day.day, "th"),
        "M": month,
        "m": SHORT_MONTHS[day.month - 1],
        "n": str(day.month),
        "y": str(day.year),
        "s": f"{day.year % 100:02d}",
        "miss": month[:2] + month[3:] if len(month) > 5 else month,
        "wmiss": weekday[:2] + weekday[3:] if len(weekday) > 6 else weekday,
    }


SPELLINGS = (
    "{W} {o} {M}",
    "{w} {d} {m}",
    "{t}. {d} {m}.",
    "{W}, {o} of {M}",
    "{W} the {o} of {M}",
    "{W}\u00a0{d}\u00a0{M}",
    "{W} {d} {O} {M}",
    "{W}\t{d} {M}",
    "{W}, {M} {o}",
    "{W} – {d} {M}",
    "{d} {M} ({W})",
    "{d} {M}, {W}",
    "{M}: {W} {o}",
    "{wmiss} {d} {miss}",
    "{o} {M}",
    "{d} {m}",
    "{M} {d}",
    "the {o} of {M}",
    "{W} {d} {M} {y}",
    "{d} {M} {y}",
    "{M} {o}, {y}",
    "{d} {m} {s}",
    "{d}-{m}-{s}",
    "{d}/{n}/{s}",
    "{d}.{n}.{y}",
    "{d}-{n}-{y}",
    "{w} {d}/{n}/{y}",
    "{y}-{n:0>2}-{d:0>2}",
)
BULLETS = (
    "",
    "• ",
    "- ",
    "* ",
    "– ",
    "{i}. ",
    "{i}) ",
    "a) ",
    "\uf0b7\t",
    "{i}\t",
    "\u200b",
    "  ",
    "Meeting {i}: ",
)
CASES: tuple[Callable[[str], str], ...] = (str, str.upper, str.lower)
TIMES: tuple[tuple[str, time, time], ...] = (
    ("", TEN, HALF_PAST_ELEVEN),
    (", 10am–11.30am", TEN, HALF_PAST_ELEVEN),
    (" 9:15 to 10:45", time(9, 15), time(10, 45)),
    (", 10.00am – 11.30am", TEN, HALF_PAST_ELEVEN),
    ("\t1pm to 2.30pm", time(13), time(14, 30)),
    (" 1300-1430", time(13), time(14, 30)),
    (" at 3pm", time(15), time(16, 30)),
    ("\t10:00\t11:30\tA theme", TEN, HALF_PAST_ELEVEN),
    (" (11am-1pm)", time(11), time(13)),
    (", 2-3.30 p.m.", time(14), time(15, 30)),
    (" – 1pm to 2.30pm", time(13), time(14, 30)),
    (" from 12 noon until 1pm", time(12), time(13)),
)


@st.composite
def pasted_years(draw: st.DrawFn) -> Pasted:
    """A school year, a day before it, its lines, and whether a year is written in one of them."""
    year = draw(st.integers(2018, 2027))
    first = date(year, 9, 1)
    working = [first + n * DAY for n in range(365) if dates.is_working_day(first + n * DAY)]
    days = draw(st.lists(st.sampled_from(working), min_size=1, max_size=14, unique=True))
    lines: list[Line] = []
    told = False
    for number, day in enumerate(days, 1):
        spelling = draw(st.sampled_from(SPELLINGS))
        bullet = draw(st.sampled_from(BULLETS)).format(i=number)
        ending, starts, ends = draw(st.sampled_from(TIMES))
        cased = draw(st.sampled_from(CASES))(spelling.format(**parts(day)))
        told = told or "{y}" in spelling or "{s}" in spelling
        named = any(mark in spelling for mark in ("{W}", "{w}", "{t}", "{wmiss}"))
        lines.append((f"{bullet}{cased}{ending}", day, starts, ends, named))
    today = first - draw(st.integers(1, 200)) * DAY
    return year, today, lines, told
