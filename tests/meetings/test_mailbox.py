"""The calendar that the lives are measured against: it keeps the newest, and notes what is wrong."""

import base64
from datetime import UTC, datetime
from itertools import permutations

import pytest

from tests.fakes.calendar import BY_SEQUENCE, BY_THE_RFC, Mailbox

ADDRESS = "priya@whinfell.example"
ZONE = "BEGIN:VTIMEZONE\r\nTZID:Europe/London\r\nEND:VTIMEZONE\r\n"


def a_mail(
    method: str = "REQUEST",
    sequence: int = 0,
    *,
    minute: int = 0,
    hour: int = 10,
    starts: str = "",
    uid: str = "one@forum.example",
    attendee: str = ADDRESS,
    status: str = "",
    attached: str = "",
    method_named: str = "",
    ident: str = "",
) -> bytes:
    """One mail, written by hand; `minute` is when it was written and revised."""
    status = status or {"REQUEST": "CONFIRMED", "CANCEL": "CANCELLED"}[method]
    starts = starts or f";TZID=Europe/London:20251106T{hour:02}0000"
    calendar = (
        f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\n{ZONE}BEGIN:VEVENT\r\nUID:{uid[:4]}\r\n {uid[4:]}\r\n"
        f"SEQUENCE:{sequence}\r\nDTSTAMP:20251020T09{minute:02}00Z\r\nDTSTART{starts}\r\n"
        "DTEND;TZID=Europe/London:20251106T170000\r\nSUMMARY:Early\\, late\\; and\\nnew\r\n"
        f'STATUS:{status}\r\nATTENDEE;CN="Raman, Priya":mailto:{attendee}\r\n'
        "BEGIN:VALARM\r\nSUMMARY:not this one\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    parts = [
        (f"text/calendar; charset=utf-8; method={method_named or method}", calendar),
        ('application/ics; name="invite.ics"', attached or calendar),
    ]
    head = (
        f"Date: Mon, 20 Oct 2025 09:{minute:02}:00 +0000\r\nFrom: forum@forum.example\r\nTo: {ADDRESS}\r\n"
        f"Message-ID: <{ident or f'{method}{sequence}.{minute}'}@forum.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    )
    body = "".join(
        f"--b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{base64.encodebytes(content.encode()).decode()}\r\n"
        for kind, content in parts
    )
    return f"{head}{body}--b--\r\n".encode()


def at(hour: int) -> list[tuple[datetime, datetime]]:
    return [(datetime(2025, 11, 6, hour, tzinfo=UTC), datetime(2025, 11, 6, 17, tzinfo=UTC))]


def box_with(*mails: bytes) -> Mailbox:
    box = Mailbox(ADDRESS)
    for content in mails:
        box.receive(content)
    return box


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_highest_sequence_wins_in_any_order_and_however_often(order: tuple[int, ...]):
    letters = [
        a_mail(sequence=0),
        a_mail("CANCEL", 1, minute=1),
        a_mail(sequence=2, minute=2, hour=11),
        a_mail(sequence=3, minute=3, hour=12),
    ]
    box = box_with(*[letters[number] for number in order], *[letters[number] for number in order])
    assert box.shown() == {BY_THE_RFC: at(12), BY_SEQUENCE: at(12)}
    assert box.violations == []
    assert set(box.copies.values()) == {2}


def test_a_cancel_that_comes_first_keeps_an_older_request_out():
    box = box_with(a_mail("CANCEL", 1, minute=1), a_mail(sequence=0))
    assert box.shown() == {BY_THE_RFC: [], BY_SEQUENCE: []}
    assert (box.violations, box.events) == ([], 1)


def test_an_equal_sequence_goes_by_dtstamp_for_one_program_and_is_noted():
    box = box_with(a_mail(sequence=1), a_mail("CANCEL", 1, minute=5))
    assert box.shown() == {BY_THE_RFC: [], BY_SEQUENCE: at(10)}
    assert box.violations == ["CANCEL 1 was written after REQUEST 1"]


def test_two_live_uids_are_shown_twice():
    box = box_with(a_mail(), a_mail(uid="two@forum.example", minute=1))
    assert box.shown()[BY_THE_RFC] == at(10) * 2


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (a_mail(attendee="callum@whinfell.example"), "callum@whinfell.example is the attendee"),
        (a_mail(status="CANCELLED"), "A REQUEST that is CANCELLED"),
        (a_mail(attached="BEGIN:VCALENDAR\r\n"), "The attachment says something else"),
        (a_mail(method_named="PUBLISH"), "its METHOD REQUEST"),
        (a_mail(starts=":20251106T100000"), "Nobody knows when '20251106T100000' in None is"),
        (a_mail(starts=";TZID=Europe/London:20251106T100000Z"), "Nobody knows when"),
        (a_mail(starts=f";X-LONG={'x' * 80}:20251106T100000Z"), "not folded"),
        (a_mail().replace(f"To: {ADDRESS}".encode(), b"To: nadia@fenwright.example"), "nadia@fenwright"),
    ],
)
def test_what_breaks_the_protocol_is_noted_and_not_shown(content: bytes, note: str):
    box = box_with(content)
    assert len(box.violations) == 1 and note in box.violations[0]
    assert box.shown() == {BY_THE_RFC: [], BY_SEQUENCE: []}


def test_one_name_for_two_mails_is_noted():
    assert box_with(a_mail(ident="x"), a_mail(sequence=1, minute=1, ident="x")).violations == [
        "Two mails are called <x@forum.example>"
    ]


def test_a_newer_letter_with_a_lower_sequence_is_noted_in_either_order():
    letters = [a_mail("CANCEL", 4, minute=1), a_mail(sequence=3, minute=2)]
    for order in permutations(letters):
        assert box_with(*order).violations == ["REQUEST 3 was written after CANCEL 4"]
