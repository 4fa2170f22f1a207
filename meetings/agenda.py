"""An agenda as chairs type it, read into rows with a time."""

import re
from dataclasses import dataclass

_ROW = re.compile(
    r"^(?:[-•*–]\s*)?(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s?(?P<half>am|pm)?\s*[-–:,]?\s+(?P<words>\S.*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaRow:
    """One line of an agenda. Shape: `time` is as the Forum writes it, empty when the line has none."""

    time: str
    words: str


def rows(text: str) -> list[AgendaRow]:
    """The lines of an agenda in order; a line without a time is kept as it stands."""
    return [_row(" ".join(line.split())) for line in text.splitlines() if line.strip()]


def _row(line: str) -> AgendaRow:
    found = _ROW.match(line)
    if not found or not (found["minute"] or found["half"]):
        return AgendaRow(time="", words=line)
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    half = (found["half"] or "").lower()
    if hour > 23 or minute > 59 or (half and not 1 <= hour <= 12):
        return AgendaRow(time="", words=line)
    afternoon = half == "pm" or (not half and hour >= 12)
    shown = f"{hour % 12 or 12}:{minute:02d}{'pm' if afternoon else 'am'}"
    return AgendaRow(time=shown, words=found["words"])
