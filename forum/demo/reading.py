"""Reads the demo's Maildir: what lies there, newest first, and what one mail says."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from icalendar import Calendar

from forum.kit import clock, wording

NAME = re.compile(r"[0-9][A-Za-z0-9._,=+-]*")
_FOLDERS = ("new", "cur")
_HEAD_OCTETS = 16_384
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_ASKS = {
    "REQUEST": "Put this into the calendar, or bring what is there up to date",
    "CANCEL": "Take this out of the calendar",
    "PUBLISH": "Nothing: it only shows dates",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One mail in the list. Shape: `name` is its file's; `to` are bare addresses; `date` is the portal's moment."""

    name: str
    subject: str
    to: tuple[str, ...]
    date: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPart:
    """A calendar part read out. Shape: `facts` are pairs of words; `fault` says why there are none."""

    facts: tuple[tuple[str, str], ...]
    raw: str
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail, taken apart. Shape: `headers` as they were sent, decoded; parts that it lacks are empty."""

    headline: Headline
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    calendar: CalendarPart | None
    source: str


def newest_first(maildir: Path) -> list[Headline]:
    """The mails that have arrived."""
    found = (_headline(path) for _, path in sorted(_files(maildir), reverse=True))
    return [headline for headline in found if headline]


def recipients(headlines: list[Headline]) -> list[str]:
    """Everyone who got one of these mails."""
    return sorted({address for headline in headlines for address in headline.to})


def read(maildir: Path, name: str) -> Mail | None:
    """One mail by its file's name; nothing where there is none."""
    path = next((path for found, path in _files(maildir) if found == name), None)
    headline = _headline(path) if path else None
    if path is None or headline is None:
        return None
    with contextlib.suppress(OSError):
        return _mail(headline, path.read_bytes())
    return None


def _files(maildir: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of each mail; the name leaves out a Maildir's flags."""
    for folder in _FOLDERS:
        with contextlib.suppress(OSError):
            for path in (maildir / folder).iterdir():
                if NAME.fullmatch(name := path.name.partition(":")[0]):
                    yield name, path


@lru_cache(maxsize=50_000)
def _headline(path: Path) -> Headline | None:
    """The head of a mail; a mail's file never changes."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_OCTETS)
    except OSError:
        return None
    head = _BLANK_LINE.split(head, maxsplit=1)[0]
    message = BytesHeaderParser(policy=policy.compat32).parsebytes(head)
    to = getaddresses([str(message.get("X-Envelope-To") or message.get("To") or "")])
    return Headline(
        name=path.name.partition(":")[0],
        subject=_decoded(message.get("Subject")) or "(no subject)",
        to=tuple(address.lower() for _, address in to if address),
        date=_moment(message.get("Date")),
    )


def _mail(headline: Headline, content: bytes) -> Mail:
    message: Any = message_from_bytes(content, policy=policy.default)
    old: Any = message_from_bytes(content, policy=policy.compat32)
    calendar = _body(message, "text/calendar")
    return Mail(
        headline=headline,
        headers=tuple((name, _decoded(value)) for name, value in old.raw_items()),
        text=_body(message, "text/plain"),
        html=_body(message, "text/html"),
        calendar=read_out(calendar) if calendar else None,
        source=content.decode("utf-8", "replace"),
    )


def _body(message: EmailMessage, kind: str) -> str:
    """The first part of a kind as text; where it cannot be decoded, as well as it can."""
    for part in message.walk():
        if part.get_content_type() == kind:
            with contextlib.suppress(Exception):
                return str(part.get_content())
            payload = part.get_payload(decode=True)
            return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return ""


def _decoded(value: Any) -> str:
    if value is None:
        return ""
    try:
        words = str(make_header(decode_header(str(value))))
    except (ValueError, LookupError):
        words = str(value)
    return " ".join(words.encode("utf-8", "replace").decode("utf-8").split())


def _moment(value: Any) -> datetime | None:
    try:
        moment = parsedate_to_datetime(str(value))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=clock.LONDON) if moment.tzinfo is None else moment


# --- The calendar part ------------------------------------------------------------------------------------------------


def read_out(raw: str) -> CalendarPart:
    """A calendar part in words. Shape: a broken one gives its fault and no facts."""
    try:
        return CalendarPart(facts=tuple(_facts(Calendar.from_ical(raw))), raw=raw)
    except Exception as fault:  # Whatever a stranger's calendar breaks: it is shown, not hidden.
        return CalendarPart(facts=(), raw=raw, fault=f"{type(fault).__name__}: {fault}")


def _facts(calendar: Any) -> Iterator[tuple[str, str]]:
    method = str(calendar.get("METHOD", "none"))
    yield "What it asks", f"{_ASKS.get(method.upper(), 'Something that the portal never sends')} ({method})"
    for event in calendar.walk("VEVENT"):
        yield "What", str(event.get("SUMMARY", "no name"))
        yield "When", _when(event)
        yield "Where", str(event.get("LOCATION", "nowhere"))
        yield "Status", str(event.get("STATUS", "none"))
        yield "Organiser", _who(event.get("ORGANIZER"))
        attendees = event.get("ATTENDEE", [])
        for attendee in attendees if isinstance(attendees, list) else [attendees]:
            yield "Attendee", f"{_who(attendee)}, answer {attendee.params.get('PARTSTAT', 'not given')}"
        yield "Version", f"SEQUENCE {event.get('SEQUENCE', 'missing')}"
        yield "Identity", f"UID {event.get('UID', 'missing')}"
        yield "Stamped", _point(event["DTSTAMP"].dt) if "DTSTAMP" in event else "missing"
        yield "Says", str(event.get("DESCRIPTION", ""))


def _when(event: Any) -> str:
    starts, ends = event["DTSTART"].dt, event["DTEND"].dt
    if not isinstance(starts, datetime) or not isinstance(ends, datetime):
        return f"{starts} to {ends}"
    zone = event["DTSTART"].params.get("TZID", "UTC")
    same_day = wording.long_date(starts) == wording.long_date(ends)
    until = wording.clock_time(ends) if same_day else _point(ends)
    return f"{_point(starts)} to {until}, London time (written in {zone})"


def _point(moment: date | datetime | time) -> str:
    if isinstance(moment, datetime) and moment.tzinfo:
        return wording.moment(moment)
    return f"{moment}, without a time zone"


def _who(address: Any) -> str:
    if address is None:
        return "nobody"
    return f"{address.params.get('CN', '')} <{str(address).removeprefix('mailto:').removeprefix('MAILTO:')}>".strip()
