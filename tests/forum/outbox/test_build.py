import email
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any

import icalendar
import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from forum.outbox import build, letter
from forum.outbox.letter import slot
from forum.outbox.models import Mailing, Message
from tests.forum.outbox import make

NAMES = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="ŵŷâêîôûẅ ABC", min_size=1, max_size=200),
    st.text(alphabet='"\\,;:<>()@.😀🏴 ab', max_size=120),
    st.sampled_from(["Smith, Jo", 'The "Boss"', "=?utf-8?q?no?=", "Siân Ŵyn", "x" * 200, "a" * 75, "."]),
)
LOCALS = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}(\.[A-Za-z0-9]{1,10})?", fullmatch=True)


def a_message(name: str = "Jo Smith", address: str = "jo@trust.example", **content: Any) -> Message:
    written = make.an_invitation(**content)
    mailing = Mailing(
        pk=7,
        kind=written.kind,
        urgency=written.urgency,
        subject=written.subject,
        text=written.text,
        html=written.html,
        calendar=written.calendar,
        method=written.method,
        headers=dict(written.headers),
    )
    return Message(
        mailing=mailing,
        key="k",
        message_id="<0123456789abcdef0123456789abcdef01234567@forum.example>",
        to_name=letter.one_line(letter.clean(name)),
        to_address=address,
        slots={"sequence": "3", "unsubscribe_url": "https://forum.example/mail/" + "t" * 120 + "/"},
        dated_at=datetime(2025, 10, 25, 22, 30, tzinfo=UTC),
    )


def parsed(message: Message) -> EmailMessage:
    content = build.mail(message).content
    for line in content.split(b"\r\n"):
        assert len(line) <= 998
        assert line.isascii()
        assert b"\n" not in line
        assert b"\r" not in line
    read = email.message_from_bytes(content, policy=default)
    assert isinstance(read, EmailMessage)
    assert not [fault for part in read.walk() for fault in part.defects]
    return read


def said(part: EmailMessage) -> str:
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def test_the_whole_mail_of_an_invitation() -> None:
    read = parsed(a_message())
    assert [part.get_content_type() for part in read.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    _, _, text, html, calendar, attached = read.walk()
    assert said(text) == "Hello Jo,\n\nthis is the news.\n"
    assert said(html) == "<p>Hello Jo</p>\n"
    assert calendar["Content-Type"].params == {"charset": "utf-8", "method": "REQUEST"}
    assert calendar["Content-Disposition"] is None
    assert calendar["Content-Transfer-Encoding"] == attached["Content-Transfer-Encoding"] == "base64"
    assert attached["Content-Disposition"].params == {"filename": "invite.ics"}
    assert attached["Content-Type"].params == {"name": "invite.ics"}
    assert calendar.get_payload(decode=True) == attached.get_payload(decode=True)
    event = icalendar.Calendar.from_ical(calendar.get_payload(decode=True)).walk("VEVENT")[0]
    assert event["SEQUENCE"] == 3
    assert read["From"].addresses[0].addr_spec == "invitations@forum.example"
    assert event["ORGANIZER"] == "mailto:invitations@forum.example"
    assert event["ATTENDEE"].params["CN"] == "Jo Smith"


def test_the_headers_stand_once_and_whole(settings: Settings) -> None:
    message = a_message()
    read = parsed(message)
    assert {name: len(read.get_all(name) or []) for name in set(read.keys())} == dict.fromkeys(read.keys(), 1)
    assert read["Date"] == "Sat, 25 Oct 2025 23:30:00 +0100"
    assert read["Message-ID"] == message.message_id
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert read["List-Unsubscribe"] == f"<{message.slots['unsubscribe_url']}>"
    assert read["Feedback-ID"] == "7:invitation:forum:forum-mail"
    assert read["List-Id"] == settings.LIST_ID
    # The identifier of a list is never encoded, only its name.
    assert b"<forum.forum.example>\r\n" in build.mail(message).content
    assert read["MIME-Version"] == "1.0"
    assert read["X-Original-To"] is None


def test_the_same_row_gives_the_same_bytes() -> None:
    assert build.mail(a_message()) == build.mail(a_message())


def test_the_return_path_names_the_message() -> None:
    assert build.mail(a_message()).sender == (
        "invitations+b-0123456789abcdef0123456789abcdef01234567@forum.example"
    )


def test_plain_letters_have_no_more_parts_than_they_need() -> None:
    assert parsed(a_message(html="", calendar="", method="")).get_content_type() == "text/plain"
    read = parsed(a_message(calendar="", method=""))
    assert [part.get_content_type() for part in read.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@given(NAMES, LOCALS)
def test_names_and_addresses_come_back_as_they_were(name: str, local: str) -> None:
    message = a_message(name=name, address=f"{local}@trust.example", calendar="", method="")
    read = parsed(message)["To"].addresses
    assert len(read) == 1
    assert read[0].addr_spec == message.to_address
    shown, name = read[0].display_name, message.to_name
    if len(name.encode()) > 45:
        # Python's reader wrongly shows a space where one name takes several encoded words (RFC 2047 6.2).
        shown, name = shown.replace(" ", ""), name.replace(" ", "")
    assert shown == name


@given(st.text(max_size=300), st.text(max_size=3000), st.text(max_size=500))
def test_texts_come_back_as_they_were(subject: str, text: str, value: str) -> None:
    message = a_message(
        subject=letter.one_line(letter.clean(subject)),
        text=letter.clean(text) + slot("value"),
        html=f"<p>{slot('value')}</p>",
        calendar="",
        method="",
    )
    message.slots["value"] = value
    read = parsed(message)
    assert read["Subject"] == message.mailing.subject
    _, plain, html = read.walk()
    assert said(plain).rstrip("\n") == letter.fill(message.mailing.text, message.slots).rstrip("\n")
    assert said(html) == letter.fill_html(message.mailing.html, message.slots) + "\n"


@given(st.text(max_size=60), st.text(max_size=400))
def test_no_value_makes_a_header_or_a_part_of_its_own(name: str, value: str) -> None:
    message = a_message(name=f"{name}\r\nBcc: all@trust.example", headers={"X-Note": slot("value")})
    message.slots["value"] = f"{value}\r\n\r\n--=_0\r\nBcc: all@trust.example"
    read = parsed(message)
    assert "Bcc" not in read
    assert len(list(read.walk())) == 6


@pytest.mark.parametrize(
    "bad", ["a\nb@c.example", "a b@c.example", "a@b@c", "ŵ@c.example", "<a@b.example>", "a"]
)
def test_what_is_no_address_is_not_written_to(bad: str) -> None:
    assert not build.is_address(bad)
    with pytest.raises(ValueError, match="Not an address"):
        build.mail(a_message(address=bad))


@pytest.mark.parametrize("name", ["Bcc", "From", "content-type", "X Y", "X:Y", "Subject\n", "Reply-To", ""])
def test_headers_of_ours_are_not_a_letters_to_bring(name: str) -> None:
    assert not build.is_extra_header(name)
    with pytest.raises(ValueError, match="may not bring"):
        build.mail(a_message(headers={name: "x"}))


def test_a_header_holds_no_control_character() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        build.header("X-Note", "a\r\nBcc: b")
    with pytest.raises(ValueError, match="too long"):
        build.header("X-Note", "x" * 1000)


def test_outside_production_all_mail_goes_to_one_address(settings: Settings) -> None:
    settings.MAIL_HOST, settings.MAIL_ALL_TO, settings.PRODUCTION = (
        "relay.example",
        "all@forum.example",
        False,
    )
    mail = build.mail(a_message())
    assert mail.recipient == "all@forum.example"
    assert re.search(rb"\r\nX-Original-To: jo@trust\.example\r\n", mail.content)
    settings.MAIL_ALL_TO = ""
    with pytest.raises(ImproperlyConfigured):
        build.mail(a_message())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.9.9.9"])
def test_on_this_machine_and_in_production_mail_goes_to_its_readers(settings: Settings, host: str) -> None:
    settings.MAIL_HOST, settings.MAIL_ALL_TO, settings.PRODUCTION = host, "all@forum.example", False
    assert build.mail(a_message()).recipient == "jo@trust.example"
    settings.MAIL_HOST, settings.PRODUCTION = "relay.example", True
    assert build.mail(a_message()).recipient == "jo@trust.example"
