"""Calendars as other programs read them: property by property, and London's hours by three clocks."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar, parser

from forum.kit import ical
from forum.outbox import letter
from meetings import ics

READER: Any = parser  # its functions carry no types
LONDON = ZoneInfo("Europe/London")
FIELDS = {"to_name": "Priya Nair", "to_address": "priya@trust.example"}
FIELDS |= {"partstat": "NEEDS-ACTION", "sequence": "4", "answer_url": "https://forum.example/a/T0K/"}
ENTRY = ics.Entry(
    uid="6f1c@forum.example",
    sequence=3,
    revised_at=datetime(2025, 10, 16, 8, 0, 5, tzinfo=UTC),
    created_at=datetime(2025, 7, 7, 9, tzinfo=UTC),
    modified_at=datetime(2025, 10, 15, 14, 30, tzinfo=UTC),
    starts_at=datetime(2025, 11, 6, 10, tzinfo=UTC),
    ends_at=datetime(2025, 11, 6, 11, 30, tzinfo=UTC),
    summary="Forum meeting; theme: reading, writing",
    description=f"Meeting ID: 812 3456\nPasscode: a\\b\nYour answer: {ical.slot('answer_url', 'text')}",
    location="Zoom",
    url="https://forum.example/meetings/2025-11-06/",
    join_url="https://zoom.example/j/8123456?pwd=a,b;c",
    organiser_name="Forum, the",
    organiser_address="invitations@forum.example",
)
UNWRITTEN = "\ue000\ue001\ufeff\u2028\u2029"
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=UNWRITTEN), max_size=150)
# icalendar also unescapes backslashes in parameters, which RFC 5545 3.2 does not have.
NAMES = WORDS.map(lambda name: name.replace("\\", ""))
TEXTS = st.lists(WORDS, max_size=4).map("\n".join)
ADDRESSES = st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,50}@[a-z0-9é]{1,60}\.example", fullmatch=True)
INSTANTS = st.datetimes(datetime(1996, 4, 1), datetime(2050, 12, 31), timezones=st.just(UTC))


def requested(entry: ics.Entry = ENTRY, **values: str) -> bytes:
    """Give the filled invitation."""
    return letter.fill_calendar(ics.request(entry), {**FIELDS, **values})


def cancelled(entry: ics.Entry = ENTRY, **values: str) -> bytes:
    """Give the filled cancellation."""
    return letter.fill_calendar(ics.cancel(entry), {**FIELDS, **values})


def filed(*entries: ics.Entry, public: bool = False) -> bytes:
    """Give a feed of entries whose words have no slots."""
    return ics.publish(entries, name="Forum; meetings", public=public)


def without_slots(**changes: Any) -> ics.Entry:
    """Give the entry as a feed may show it."""
    return replace(ENTRY, description="See the page", **changes)


def lines(data: bytes) -> list[str]:
    """Give the content lines, unfolded by icalendar."""
    return [str(line) for line in READER.Contentlines.from_ical(data) if line]


def read(data: bytes, name: str = "VEVENT") -> list[Any]:
    """Give the components of one name, as icalendar reads them: values of many types, looked up by name."""
    return list(Calendar.from_ical(data).walk(name))


def the_event(data: bytes) -> Any:
    """Give the one event of an object."""
    (event,) = read(data)
    return event


def at(moment: datetime, minutes: int = 90) -> ics.Entry:
    """Give the entry moved to a moment."""
    return without_slots(starts_at=moment, ends_at=moment + timedelta(minutes=minutes))


@cache
def readers() -> tuple[tzinfo, tzinfo]:
    """Give London as icalendar and as dateutil make it from our VTIMEZONE alone."""
    (component,) = read(filed(without_slots()), "VTIMEZONE")
    text = "\r\n".join(("BEGIN:VCALENDAR", *ics.VTIMEZONE, "END:VCALENDAR", ""))
    return component.to_tz(lookup_tzid=False), tzical(StringIO(text)).get("Europe/London")


def instants(data: bytes) -> list[list[datetime]]:
    """Give DTSTART and DTEND in UTC, by zoneinfo and by both readers of our VTIMEZONE."""
    found = []
    every = lines(data)
    event = every[every.index("BEGIN:VEVENT") :]
    for name in ("DTSTART", "DTEND"):
        (written,) = (line for line in event if line.startswith((f"{name};", f"{name}:")))
        value = written.rpartition(":")[2]
        wall = datetime.strptime(value.removesuffix("Z"), "%Y%m%dT%H%M%S")
        if value.endswith("Z"):
            assert written == f"{name}:{value}"
            found.append([wall.replace(tzinfo=UTC)])
        else:
            assert written == f"{name};TZID=Europe/London:{value}"
            found.append([wall.replace(tzinfo=zone).astimezone(UTC) for zone in (LONDON, *readers())])
    return found


EVENT = [
    "BEGIN:VEVENT",
    "UID:6f1c@forum.example",
    "SEQUENCE:4",
    "DTSTAMP:20251016T080005Z",
    "CREATED:20250707T090000Z",
    "LAST-MODIFIED:20251015T143000Z",
    "DTSTART;TZID=Europe/London:20251106T100000",
    "DTEND;TZID=Europe/London:20251106T113000",
    "SUMMARY:Forum meeting\\; theme: reading\\, writing",
    "DESCRIPTION:Meeting ID: 812 3456\\nPasscode: a\\\\b\\nYour answer: https://forum.example/a/T0K/",
]
CLOSING = [
    "TRANSP:OPAQUE",
    "CLASS:PUBLIC",
    "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
    'ORGANIZER;CN="Forum, the":mailto:invitations@forum.example',
]
INVITED = (
    "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
    ';CN="Priya Nair":mailto:priya@trust.example'
)


def opening(method: str, *more: str) -> list[str]:
    """Give the lines before the event."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Trust-wide CPD Leaders' Forum//Portal//EN"]
    return [*head, "CALSCALE:GREGORIAN", f"METHOD:{method}", *more, *ics.VTIMEZONE]


def test_an_invitation_says_exactly_this() -> None:
    assert lines(requested()) == [
        *opening("REQUEST"),
        *EVENT,
        "LOCATION:Zoom: https://zoom.example/j/8123456?pwd=a\\,b\\;c",
        "URL:https://zoom.example/j/8123456?pwd=a,b;c",
        'CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL="Join the meeting":https://zoom.example/j/8123456?pwd=a,b;c',
        "STATUS:CONFIRMED",
        *CLOSING,
        INVITED,
        "X-MICROSOFT-DISALLOW-COUNTER:TRUE",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Forum meeting\\; theme: reading\\, writing",
        "TRIGGER:-PT15M",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_a_cancellation_says_exactly_this_and_no_longer_how_to_join() -> None:
    assert lines(cancelled()) == [
        *opening("CANCEL"),
        *EVENT,
        "LOCATION:Zoom",
        "URL:https://forum.example/meetings/2025-11-06/",
        "STATUS:CANCELLED",
        *CLOSING,
        INVITED,
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    assert cancelled(replace(ENTRY, cancelled=True)) == cancelled()


def test_a_feed_says_exactly_this() -> None:
    event = [line.replace("SEQUENCE:4", "SEQUENCE:3") for line in EVENT[:-1]]
    public = without_slots(join_url="", location="")
    names = ["NAME:Forum\\; meetings", "X-WR-CALNAME:Forum\\; meetings"]
    assert lines(filed(public, public=True)) == [
        *opening("PUBLISH", *names, "REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H"),
        *event,
        "DESCRIPTION:See the page",
        "URL:https://forum.example/meetings/2025-11-06/",
        "STATUS:CONFIRMED",
        *CLOSING,
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_without_a_link_the_page_is_the_address() -> None:
    event = the_event(requested(replace(ENTRY, join_url="")))
    assert (event["LOCATION"], event["URL"]) == ("Zoom", ENTRY.url)
    assert "CONFERENCE" not in event


def test_icalendar_reads_every_value() -> None:
    event = the_event(requested())
    assert event["DTSTART"].dt == datetime(2025, 11, 6, 10, tzinfo=LONDON)
    assert event["DTEND"].dt == datetime(2025, 11, 6, 11, 30, tzinfo=LONDON)
    assert event["DTSTAMP"].dt == ENTRY.revised_at
    assert event["LOCATION"] == f"Zoom: {ENTRY.join_url}"
    assert event["CONFERENCE"] == ENTRY.join_url
    params = {"VALUE": "URI", "FEATURE": ["AUDIO", "VIDEO"], "LABEL": "Join the meeting"}
    assert event["CONFERENCE"].params == params
    assert event["ORGANIZER"] == "mailto:invitations@forum.example"
    assert event["ORGANIZER"].params["CN"] == "Forum, the"
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(minutes=-15)
    assert not event.errors


@given(NAMES, ADDRESSES, WORDS, TEXTS, TEXTS, WORDS, NAMES)
@example('Smith, "Jo"; Dr: ^n', "o'hara+x@trust.example", "\\n", "\\,\n\n;\\", "a;b,c\\", "4", 'The "Forum"')
def test_whatever_people_are_called_and_write_is_read_back(
    name: str, address: str, summary: str, description: str, answer: str, location: str, organiser: str
) -> None:
    words = description + ical.slot("answer_url", "text")
    entry = replace(ENTRY, summary=summary, description=words, location=location, organiser_name=organiser)
    data = requested(entry, to_name=name, to_address=address, answer_url=answer)
    for written in (data, cancelled(entry, to_name=name, to_address=address, answer_url=answer)):
        event = the_event(written)
        assert event["SUMMARY"] == summary
        assert event["DESCRIPTION"] == description + answer
        assert event["ATTENDEE"] == f"mailto:{address}"
        assert event["ATTENDEE"].params["CN"] == name
        assert len(event["ATTENDEE"].params) == 5
        assert event["ORGANIZER"].params["CN"] == organiser
        assert_well_formed(written)
    assert the_event(data)["LOCATION"] == (f"{location}: {ENTRY.join_url}" if location else ENTRY.join_url)


def assert_well_formed(data: bytes) -> None:
    """Hold the bytes to RFC 5545 3.1 and a scheduling mail to one object."""
    assert data.endswith(b"\r\n")
    physical = data.removesuffix(b"\r\n").split(b"\r\n")
    assert all(piece and len(piece) <= 75 and not re.search(rb"[\x00-\x1f\x7f]", piece) for piece in physical)
    for piece in physical:
        piece.decode()
    assert not data.startswith(b"\xef\xbb\xbf")
    names = [re.split("[;:]", line)[0] for line in lines(data)]
    for once in ("VERSION", "PRODID", "CALSCALE", "METHOD"):
        assert names.count(once) == 1
    assert lines(data).count("BEGIN:VCALENDAR") == lines(data).count("BEGIN:VTIMEZONE") == 1
    assert "METHOD" in names[: names.index("BEGIN", 1)]
    assert not {"RECURRENCE-ID", "ATTACH", "RDATE", "EXDATE", "DURATION"} & set(names)
    assert "RRULE" not in names[lines(data).index("END:VTIMEZONE") :]


def test_both_scheduling_objects_hold_one_event_for_one_attendee() -> None:
    for data in (requested(), cancelled()):
        assert_well_formed(data)
        assert lines(data).count("BEGIN:VEVENT") == 1
        assert sum(line.startswith("ATTENDEE") for line in lines(data)) == 1
        assert b"\xee\x80" not in data


def test_the_known_answer_and_the_persons_own_sequence_are_filled_in() -> None:
    event = the_event(requested(partstat="ACCEPTED", sequence="17"))
    assert (event["ATTENDEE"].params["PARTSTAT"], event["SEQUENCE"]) == ("ACCEPTED", 17)


def test_nothing_slips_into_a_line_by_a_filled_value() -> None:
    data = requested(to_name="Jo\r\nATTENDEE:mailto:else@trust.example", answer_url="x\r\nSTATUS:CANCELLED")
    assert sum(line.startswith("ATTENDEE") for line in lines(data)) == 1
    assert the_event(data)["STATUS"] == "CONFIRMED"


@given(INSTANTS, st.integers(1, 60 * 30))
def test_every_instant_is_read_back_by_every_clock(moment: datetime, minutes: int) -> None:
    moment = moment.replace(microsecond=0)
    starts, ends = instants(requested(at(moment, minutes)))
    assert set(starts) == {moment}
    assert set(ends) == {moment + timedelta(minutes=minutes)}


def test_the_fixed_zone_starts_each_half_year_when_london_did() -> None:
    (zone,) = read(filed(), "VTIMEZONE")
    for half in zone.subcomponents:
        onset = (half["DTSTART"].dt - half["TZOFFSETFROM"].td).replace(tzinfo=UTC)
        before, after = ((onset - timedelta(seconds=1)).astimezone(LONDON), onset.astimezone(LONDON))
        assert (before.utcoffset(), after.utcoffset()) == (half["TZOFFSETFROM"].td, half["TZOFFSETTO"].td)
        assert after.tzname() == half["TZNAME"]


@pytest.mark.parametrize("month", [3, 10])
def test_both_sides_of_every_clock_change(month: int) -> None:
    for year in range(1997, 2051):
        change = datetime(year, month, 31, 1, tzinfo=UTC)
        change -= timedelta(days=change.isoweekday() % 7)
        for minutes in (-1501, -1440, -120, -61, -60, -1, 0, 1, 59, 60, 61, 119, 120, 121, 1440, 1501):
            moment = change + timedelta(minutes=minutes)
            starts, ends = instants(filed(at(moment, 61)))
            assert set(starts) == {moment}
            assert set(ends) == {moment + timedelta(minutes=61)}


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        ("2026-03-29T00:59+00:00", ";TZID=Europe/London:20260329T005900"),
        ("2026-03-29T01:00+00:00", ";TZID=Europe/London:20260329T020000"),
        ("2025-10-25T09:00+00:00", ";TZID=Europe/London:20251025T100000"),
        ("2025-10-26T00:59+00:00", ";TZID=Europe/London:20251026T015900"),
        ("2025-10-26T01:00+00:00", ":20251026T010000Z"),
        ("2025-10-26T01:59+00:00", ":20251026T015900Z"),
        ("2025-10-26T02:00+00:00", ";TZID=Europe/London:20251026T020000"),
        ("2025-10-26T10:00+00:00", ";TZID=Europe/London:20251026T100000"),
        ("2025-07-01T11:00+02:00", ";TZID=Europe/London:20250701T100000"),
    ],
)
def test_wall_time_is_londons_and_the_hour_that_comes_twice_is_told_apart(moment: str, written: str) -> None:
    entry = at(datetime.fromisoformat(moment))
    for data in (requested(entry), cancelled(entry), filed(entry)):
        assert f"DTSTART{written}" in lines(data)


def test_a_feed_holds_many_entries_and_the_cancelled_ones_too() -> None:
    entries = [
        without_slots(uid=f"{n}@forum.example", sequence=n, cancelled=n % 3 == 0, location="Zoom")
        for n in range(30)
    ]
    data = filed(*entries)
    assert_well_formed(data)
    events = read(data)
    assert [str(event["UID"]) for event in events] == [entry.uid for entry in entries]
    assert [event["SEQUENCE"] for event in events] == list(range(30))
    assert [event["STATUS"] == "CANCELLED" for event in events] == [entry.cancelled for entry in entries]
    assert [ENTRY.join_url in event["LOCATION"] for event in events] == [
        not entry.cancelled for entry in entries
    ]
    assert not re.search(rb"ATTENDEE|VALARM", data)
    assert data.count(b"ORGANIZER") == 30


def test_a_feed_of_nothing_is_still_a_calendar() -> None:
    assert_well_formed(filed(public=True))
    assert filed().count(b"BEGIN:VEVENT") == 0


def test_the_same_entries_give_the_same_bytes() -> None:
    assert filed(without_slots()) == filed(without_slots())
    assert ics.publish(iter([without_slots()]), name="Forum; meetings", public=False) == filed(
        without_slots()
    )
    assert requested() == requested()


def test_the_same_meeting_keeps_its_uid_stamp_and_times_in_mail_and_feed() -> None:
    keys = ("UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "DTSTART", "DTEND", "SUMMARY")
    mail, cancellation, feed = (
        the_event(data) for data in (requested(), cancelled(), filed(without_slots()))
    )
    for key in keys:
        assert mail[key].to_ical() == cancellation[key].to_ical() == feed[key].to_ical()


@pytest.mark.parametrize(
    ("entries", "public", "why"),
    [
        ([without_slots()], True, "joining link"),
        ([without_slots(), without_slots(sequence=9)], False, "UID twice"),
        ([ENTRY], False, "slot"),
    ],
)
def test_a_feed_refuses_what_it_must_not_hold(entries: list[ics.Entry], public: bool, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        filed(*entries, public=public)


@pytest.mark.parametrize("field", ["revised_at", "created_at", "modified_at", "starts_at", "ends_at"])
def test_a_moment_without_a_zone_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        without_slots(**{field: getattr(ENTRY, field).replace(tzinfo=None)})


def test_what_is_cancelled_or_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="cancelled"):
        ics.request(replace(ENTRY, cancelled=True))
    with pytest.raises(ValueError, match="ends before"):
        replace(ENTRY, ends_at=ENTRY.starts_at)


@pytest.mark.parametrize("field", ["url", "join_url", "organiser_address"])
@pytest.mark.parametrize("bad", ["a\nSTATUS:CANCELLED", "https://a.example/\r\n", "https://a.example/ b"])
def test_an_address_with_a_space_or_a_line_break_is_refused(field: str, bad: str) -> None:
    with pytest.raises(ValueError, match="address"):
        without_slots(**{field: bad})
