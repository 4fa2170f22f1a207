"""A mailbox and its calendar, kept from the bytes of the mails alone, as mail programs keep it.

It knows nothing of the portal and reads with the standard library only. Mails may come late, twice and in any order.
Two programs read each mailbox: one orders letters as RFC 5546 says, by SEQUENCE and then by DTSTAMP; the other takes
nothing that does not raise the SEQUENCE, as desktop programs do. Whatever breaks the protocol is noted.

Source: RFC 5545 3.1, 3.3.11; RFC 5546 2.1.5, 3.2.2, 3.2.5; RFC 6047 2.4.
"""

import email
import email.policy
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

BY_THE_RFC = "by SEQUENCE and DTSTAMP"
BY_SEQUENCE = "by SEQUENCE alone"
LONDON = "Europe/London"

_VALUE = r'(?:"[^"\x00-\x08\x0a-\x1f]*"|[^";:,\x00-\x08\x0a-\x1f]*)'
_LINE = re.compile(rf"(?P<name>[A-Z0-9-]+)(?P<params>(?:;[A-Z0-9-]+={_VALUE}(?:,{_VALUE})*)*):(?P<value>.*)")
_PARAM = re.compile(rf";([A-Z0-9-]+)=({_VALUE})")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_STATUS = {"REQUEST": "CONFIRMED", "CANCEL": "CANCELLED"}


class BrokenError(Exception):
    """A mail that no mail program has to understand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One content line, unfolded."""

    params: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        """Its value as text."""
        return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """What one mail says about one event."""

    method: str
    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    attendee: str
    partstat: str
    message_id: str
    dated_at: datetime

    @property
    def is_on(self) -> bool:
        """Whether the event is to be shown."""
        return self.method == "REQUEST"

    @property
    def says(self) -> tuple[str, datetime, datetime, str]:
        """What a reader of the calendar sees of it."""
        return (self.method, self.starts_at, self.ends_at, self.summary)


class Mailbox:
    """One address: the mails that came, what each program's calendar keeps of them, and what was wrong with them."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.copies: Counter[str] = Counter()
        self.violations: list[str] = []
        self._contents: dict[str, bytes] = {}
        self._letters: dict[str, dict[str, Scheduled]] = {}
        self._calendars: dict[str, dict[str, Scheduled]] = {BY_THE_RFC: {}, BY_SEQUENCE: {}}

    def receive(self, content: bytes) -> None:
        """Takes one mail in."""
        try:
            mail = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            self._keep_copy(mail, content)
            scheduled = read(mail)
        except BrokenError as broken:
            self.violations.append(str(broken))
            return
        if scheduled is None:
            return
        if scheduled.attendee != self.address:
            self.violations.append(f"{scheduled.attendee} is the attendee in a mail to {self.address}")
            return
        self._compare(scheduled)
        self._apply(scheduled)

    def shown(self) -> dict[str, list[tuple[datetime, datetime]]]:
        """When what is on begins and ends, in each program's calendar."""
        return {
            name: sorted((event.starts_at, event.ends_at) for event in events.values() if event.is_on)
            for name, events in self._calendars.items()
        }

    @property
    def events(self) -> int:
        """How many events it ever heard of, those included that are off."""
        return len(self._letters)

    def story(self) -> list[str]:
        """The letters in the order in which they first came."""
        return [
            f"{letter.method} {uid[:4]} {letter.sequence} for {letter.starts_at:%d %H:%M}"
            for uid, letters in self._letters.items()
            for letter in letters.values()
        ]

    def _keep_copy(self, mail: EmailMessage, content: bytes) -> None:
        ident = str(mail["Message-ID"])
        self.copies[ident] += 1
        if self._contents.setdefault(ident, content) != content:
            raise BrokenError(f"Two mails are called {ident}")
        to = [one.addr_spec for one in mail["To"].addresses]
        if to != [self.address]:
            raise BrokenError(f"A mail to {to} came to {self.address}")

    def _compare(self, new: Scheduled) -> None:
        """Notes what no calendar could put in order: what is written later must have a higher SEQUENCE."""
        letters = self._letters.setdefault(new.uid, {})
        for old in letters.values():
            if old.message_id == new.message_id:
                continue
            first, then = sorted((old, new), key=lambda letter: (letter.dated_at, letter.sequence))
            if then.sequence <= first.sequence:
                self.violations.append(
                    f"{then.method} {then.sequence} was written after {first.method} {first.sequence}"
                )
            if (old.sequence, old.stamp) == (new.sequence, new.stamp) and old.says != new.says:
                self.violations.append(f"SEQUENCE {new.sequence} and one DTSTAMP say two things")
        letters[new.message_id] = new

    def _apply(self, new: Scheduled) -> None:
        """Keeps the newest; a CANCEL of an unknown event is kept too, so that an older REQUEST comes too late."""
        for name, events in self._calendars.items():
            old = events.get(new.uid)
            if old is None or _order(new, name) > _order(old, name):
                events[new.uid] = new


def _order(letter: Scheduled, program: str) -> tuple[int, datetime | None]:
    return (letter.sequence, letter.stamp) if program == BY_THE_RFC else (letter.sequence, None)


def read(mail: EmailMessage) -> Scheduled | None:
    """What a mail says about an event; nothing if it has no calendar part.

    Errors: BrokenError.
    """
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    attached = [part for part in mail.walk() if part.get_content_type() == "application/ics"]
    if not parts and not attached:
        return None
    if (len(parts), len(attached)) != (1, 1):
        raise BrokenError(f"{len(parts)} calendar parts and {len(attached)} attachments")
    octets = parts[0].get_payload(decode=True)
    assert isinstance(octets, bytes)
    if octets != attached[0].get_payload(decode=True):
        raise BrokenError("The attachment says something else than the calendar part")
    calendar, event = _components(octets)
    method = _one(calendar, "METHOD").value
    params = parts[0]["Content-Type"].params
    if (params.get("method"), params.get("charset", "").lower()) != (method, "utf-8"):
        raise BrokenError(f"The part is {parts[0]['Content-Type']}, its METHOD {method}")
    if _one(event, "STATUS").value != _STATUS.get(method):
        raise BrokenError(f"A {method} that is {_one(event, 'STATUS').value}")
    attendee = _one(event, "ATTENDEE")
    return Scheduled(
        method=method,
        uid=_one(event, "UID").text,
        sequence=int(_one(event, "SEQUENCE").value),
        stamp=_moment(_one(event, "DTSTAMP")),
        starts_at=_moment(_one(event, "DTSTART")),
        ends_at=_moment(_one(event, "DTEND")),
        summary=_one(event, "SUMMARY").text,
        attendee=attendee.value.removeprefix("mailto:"),
        partstat=attendee.params.get("PARTSTAT", ""),
        message_id=str(mail["Message-ID"]),
        dated_at=parsedate_to_datetime(str(mail["Date"])),
    )


type _Properties = dict[str, list[Property]]


def _components(octets: bytes) -> tuple[_Properties, _Properties]:
    """The properties of the calendar and of its one event."""
    calendar: _Properties = {}
    events: list[_Properties] = []
    zones: list[str] = []
    inside: list[str] = []
    for name, found in _lines(octets):
        if name == "BEGIN":
            inside.append(found.value)
            if inside == ["VCALENDAR", "VEVENT"]:
                events.append({})
        elif name == "END":
            if not inside or inside.pop() != found.value:
                raise BrokenError(f"END:{found.value} where it does not belong")
        elif inside == ["VCALENDAR"]:
            calendar.setdefault(name, []).append(found)
        elif inside == ["VCALENDAR", "VEVENT"]:
            events[-1].setdefault(name, []).append(found)
        elif inside == ["VCALENDAR", "VTIMEZONE"] and name == "TZID":
            zones.append(found.value)
    if inside or len(events) != 1 or zones != [LONDON]:
        raise BrokenError(f"{len(events)} events, zones {zones}, {inside} left open")
    return calendar, events[0]


def _lines(octets: bytes) -> Iterator[tuple[str, Property]]:
    *lines, rest = octets.split(b"\r\n")
    if rest or any(b"\n" in line or b"\r" in line or not 0 < len(line) <= 75 for line in lines):
        raise BrokenError("Content lines are not folded and ended as they must be")
    for line in re.sub(rb"\r\n[ \t]", b"", octets).decode().removesuffix("\r\n").split("\r\n"):
        found = _LINE.fullmatch(line)
        if found is None:
            raise BrokenError(f"No content line: {line[:40]!r}")
        params = {name: value.strip('"') for name, value in _PARAM.findall(found["params"])}
        yield found["name"], Property(params=params, value=found["value"])


def _one(properties: _Properties, name: str) -> Property:
    found = properties.get(name, [])
    if len(found) != 1:
        raise BrokenError(f"{name} is there {len(found)} times")
    return found[0]


def _moment(found: Property) -> datetime:
    zone = found.params.get("TZID")
    try:
        wall = datetime.strptime(found.value.removesuffix("Z"), "%Y%m%dT%H%M%S")
    except ValueError as fault:
        raise BrokenError(f"No moment: {found.value!r}") from fault
    if found.value.endswith("Z") and zone is None:
        return wall.replace(tzinfo=UTC)
    if zone == LONDON and not found.value.endswith("Z"):
        return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    raise BrokenError(f"Nobody knows when {found.value!r} in {zone} is")
