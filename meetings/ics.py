"""A meeting as calendars read it: invitation, cancellation, feed and download.

London's VTIMEZONE is fixed text, because some clients read only its rules and no lists of dates.
Source: RFC 5545, RFC 5546 3.2, RFC 7986.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from forum.kit import clock, ical

PRODID = "-//Trust-wide CPD Leaders' Forum//Portal//EN"
JOIN_LABEL = "Join the meeting"
ALARM_BEFORE = "PT15M"
REFRESH_EVERY = "PT6H"
VTIMEZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Europe/London",
    "BEGIN:DAYLIGHT",
    "TZNAME:BST",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0100",
    "DTSTART:19810329T010000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "TZNAME:GMT",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0000",
    "DTSTART:19961027T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "END:STANDARD",
    "END:VTIMEZONE",
)
ATTENDEE = (
    "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT"
    f';PARTSTAT={ical.slot("partstat", "plain")};RSVP=TRUE;CN="{ical.slot("to_name", "param")}"'
    f":mailto:{ical.slot('to_address', 'plain')}"
)

_SEQUENCE = ical.slot("sequence", "plain")
_WALL = "%Y%m%dT%H%M%S"

type Method = Literal["REQUEST", "CANCEL", "PUBLISH"]
type Status = Literal["CONFIRMED", "CANCELLED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one VEVENT says at one revision.

    Shape: `location` is the place in words, `url` the meeting's page; `join_url` is written beside them.
    Units: every moment is aware.
    Errors: ValueError for a moment without a zone, an end that is not after the start, a space in an address.
    """

    uid: str
    sequence: int
    revised_at: datetime
    created_at: datetime
    modified_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    location: str
    url: str
    join_url: str = ""
    cancelled: bool = False
    organiser_name: str
    organiser_address: str

    def __post_init__(self) -> None:
        """Refuse what no calendar could hold."""
        addresses = self.url + self.join_url + self.organiser_address
        moments = (self.revised_at, self.created_at, self.modified_at, self.starts_at, self.ends_at)
        if any(moment.utcoffset() is None for moment in moments):
            raise ValueError(f"A moment of {self.uid} has no time zone")
        if self.ends_at <= self.starts_at:
            raise ValueError(f"{self.uid} ends before it starts")
        if "".join(addresses.split()) != addresses:
            raise ValueError(f"An address of {self.uid} has a space or a line break in it")


def request(entry: Entry) -> str:
    """Give the invitation, or its update, for one attendee whom slots name.

    Shape: unfolded lines with newlines between them, for the outbox to fill: slots `to_name`, `to_address`,
    `partstat` and `sequence`, and those that the description brings.
    Errors: ValueError for a cancelled entry.
    Source: RFC 5546 3.2.2.
    """
    if entry.cancelled:
        raise ValueError(f"{entry.uid} is cancelled: nobody can be invited")
    alarm = (
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{ical.escape_text(entry.summary)}",
        f"TRIGGER:-{ALARM_BEFORE}",
        "END:VALARM",
    )
    more = (ATTENDEE, "X-MICROSOFT-DISALLOW-COUNTER:TRUE", *alarm)
    return "\n".join(_calendar("REQUEST", _event(entry, "CONFIRMED", _SEQUENCE, more)))


def cancel(entry: Entry) -> str:
    """Give the cancellation for one attendee, of the meeting or of that person's place alone.

    Shape: as `request`, without the joining link and the alarm.
    Source: RFC 5546 3.2.5.
    """
    return "\n".join(_calendar("CANCEL", _event(entry, "CANCELLED", _SEQUENCE, (ATTENDEE,))))


def publish(entries: Iterable[Entry], *, name: str, public: bool) -> bytes:
    """Give a feed or a download, ready to be served.

    Shape: no attendee and no alarm; the same entries give the same bytes.
    Errors: ValueError for a joining link in public, for one UID twice, and for a slot that nobody would fill.
    Source: RFC 5546 3.2.1; RFC 7986 5.1, 5.7.
    """
    shown = tuple(entries)
    if public and any(entry.join_url for entry in shown):
        raise ValueError("A public feed must not hold a joining link")
    if len({entry.uid for entry in shown}) < len(shown):
        raise ValueError("A feed must not hold one UID twice")
    title = ical.escape_text(name)
    head = (
        f"NAME:{title}",
        f"X-WR-CALNAME:{title}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH_EVERY}",
        f"X-PUBLISHED-TTL:{REFRESH_EVERY}",
    )
    events = (
        line
        for entry in shown
        for line in _event(entry, "CANCELLED" if entry.cancelled else "CONFIRMED", str(entry.sequence))
    )
    lines = tuple(_calendar("PUBLISH", events, head))
    if any(ical.SLOT_OPENS in line for line in lines):
        raise ValueError("A feed must not hold a slot")
    return ical.content_lines(lines)


def _calendar(method: Method, events: Iterable[str], head: Iterable[str] = ()) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN")
    yield f"METHOD:{method}"
    yield from head
    yield from VTIMEZONE
    yield from events
    yield "END:VCALENDAR"


def _event(entry: Entry, status: Status, sequence: str, more: Iterable[str] = ()) -> Iterator[str]:
    join_url = entry.join_url if status == "CONFIRMED" else ""
    place = ": ".join(filter(None, (entry.location, join_url)))
    organiser = ical.quote_param(entry.organiser_name)
    yield from (
        "BEGIN:VEVENT",
        f"UID:{ical.escape_text(entry.uid)}",
        f"SEQUENCE:{sequence}",
        f"DTSTAMP:{_utc(entry.revised_at)}",
        f"CREATED:{_utc(entry.created_at)}",
        f"LAST-MODIFIED:{_utc(entry.modified_at)}",
        *_span(entry),
        f"SUMMARY:{ical.escape_text(entry.summary)}",
        f"DESCRIPTION:{ical.escape_text(entry.description)}",
    )
    if place:
        yield f"LOCATION:{ical.escape_text(place)}"
    yield f"URL:{join_url or entry.url}"
    if join_url:
        yield f"CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL={ical.quote_param(JOIN_LABEL)}:{join_url}"
    yield from (
        f"STATUS:{status}",
        "TRANSP:OPAQUE",
        "CLASS:PUBLIC",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        f"ORGANIZER;CN={organiser}:mailto:{entry.organiser_address}",
    )
    yield from more
    yield "END:VEVENT"


def _span(entry: Entry) -> tuple[str, str]:
    """Give DTSTART and DTEND in London wall time, or in UTC where that time comes twice.

    Source: RFC 5545 3.3.5: a local time that comes twice means the first, so the second needs UTC.
    """
    starts, ends = clock.london(entry.starts_at), clock.london(entry.ends_at)
    if starts.fold or ends.fold:
        return f"DTSTART:{_utc(starts)}", f"DTEND:{_utc(ends)}"
    return f"DTSTART;TZID=Europe/London:{starts:{_WALL}}", f"DTEND;TZID=Europe/London:{ends:{_WALL}}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):{_WALL}}Z"
