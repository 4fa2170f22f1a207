"""The bytes of one mail: the same ones on every attempt.

The parts are put together by hand, not by the email package: its folding breaks long Message-IDs and
unsubscribe links, and it draws its boundaries by lot. Tests parse every mail back with that package.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import format_datetime

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from forum.kit import clock
from forum.outbox import letter
from forum.outbox.models import Message

LINE = 76
LONGEST_LINE = 998
STANDARD_SLOTS = frozenset({"to_name", "first_name", "to_address", "message_id", "date"})
FEEDBACK_SENDER = "forum-mail"
OWN_HEADERS = frozenset(
    [
        *("bcc", "cc", "date", "from", "message-id", "mime-version", "reply-to", "resent-to", "return-path"),
        *("sender", "subject", "to", "x-original-to", "auto-submitted", "x-auto-response-suppress"),
        *("content-disposition", "content-transfer-encoding", "content-type"),
    ]
)

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_CONTROLS = re.compile("[\x00-\x1f\x7f]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail as it goes to the relay: the envelope and the bytes."""

    sender: str
    recipient: str
    content: bytes


def is_address(value: str) -> bool:
    """Whether a mail can be addressed so: plain ASCII, a dot-atom on either side, within the lengths of SMTP.

    Source: RFC 5321 4.1.2, 4.5.3.1.
    """
    return len(value) <= 254 and len(value.partition("@")[0]) <= 64 and bool(_ADDRESS.fullmatch(value))


def is_extra_header(name: str) -> bool:
    """Whether a letter may bring a header of this name; those that the outbox writes are its own."""
    return bool(_HEADER_NAME.fullmatch(name)) and name.lower() not in OWN_HEADERS


def redirected() -> str | None:
    """Give the one address that gets all mail outside production, or nothing where mail goes to its readers.

    Errors: ImproperlyConfigured if mail would leave this machine outside production without such an address.
    """
    if settings.PRODUCTION or _is_loopback(settings.MAIL_HOST):
        return None
    if not settings.MAIL_ALL_TO:
        raise ImproperlyConfigured(
            "Outside production MAIL_ALL_TO must name the one address that gets all mail."
        )
    return settings.MAIL_ALL_TO


def mail(message: Message) -> Mail:
    """Give the mail of a message, with envelope.

    Shape: text, HTML and calendar as alternatives, best last; the calendar once more as the file invite.ics.
    The return path tells which message bounced. The same row always gives the same bytes.
    Errors: KeyError for a slot without a value; ValueError for what cannot stand in a header.
    Source: RFC 5322; RFC 2046 5.1.4; RFC 6047 2.4.
    """
    token = message.message_id.strip("<>").partition("@")[0]
    values = slot_values(message)
    mailbox, _, domain = settings.MAIL_FROM.partition("@")
    elsewhere = redirected()
    head = b"".join(_head(message, values))
    return Mail(
        sender=f"{mailbox}+b-{token}@{domain}",
        recipient=elsewhere or message.to_address,
        content=head + b"".join(_body(message, values, boundary=f"=_{token}")),
    )


def slot_values(message: Message) -> dict[str, str]:
    """Give what fills the slots of a message: those of every letter, and the recipient's own over them."""
    return {
        "to_name": message.to_name,
        "first_name": (message.to_name.split() or ["colleague"])[0],
        "to_address": message.to_address,
        "message_id": message.message_id,
        "date": format_datetime(clock.london(message.dated_at)),
        **message.slots,
    }


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _head(message: Message, values: dict[str, str]) -> Iterator[bytes]:
    mailing = message.mailing
    headers = {
        "List-Id": settings.LIST_ID,
        "Feedback-ID": f"{mailing.pk}:{mailing.kind}:{_list_label()}:{FEEDBACK_SENDER}",
        **mailing.headers,
    }
    yield header("Date", format_datetime(clock.london(message.dated_at)))
    yield header("From", mailbox_text(settings.MAIL_FROM_NAME, settings.MAIL_FROM))
    yield header("To", mailbox_text(message.to_name, message.to_address))
    yield header("Message-ID", message.message_id)
    yield header("Subject", encoded(letter.one_line(letter.fill(mailing.subject, values))))
    yield header("Auto-Submitted", "auto-generated")
    yield header("X-Auto-Response-Suppress", "OOF, AutoReply")
    if redirected():
        yield header("X-Original-To", message.to_address)
    for name, content in headers.items():
        if not is_extra_header(name):
            raise ValueError(f"A letter may not bring the header {name!r}")
        yield header(name, _extra(name, letter.one_line(letter.fill(content, values))))
    yield header("MIME-Version", "1.0")


def _list_label() -> str:
    return settings.LIST_ID.rpartition("<")[2].partition(".")[0]


def _extra(name: str, value: str) -> str:
    if name.lower() == "list-id" and value.endswith(">"):
        phrase, _, ident = value.rpartition("<")
        return f"{phrase_text(phrase.strip())} <{ident}".strip()
    return encoded(value)


def _body(message: Message, values: dict[str, str], *, boundary: str) -> Iterator[bytes]:
    mailing = message.mailing
    text = _text("plain", letter.fill(mailing.text, values))
    if not mailing.html and not mailing.calendar:
        yield text
        return
    parts = [text]
    if mailing.html:
        parts.append(_text("html", letter.fill_html(mailing.html, values)))
    if not mailing.calendar:
        yield from _multipart("alternative", parts, boundary + "_a")
        return
    calendar = letter.fill_calendar(mailing.calendar, values)
    parts.append(
        header("Content-Type", f"text/calendar; charset=utf-8; method={mailing.method}") + _base64(calendar)
    )
    attached = (
        header("Content-Type", 'application/ics; name="invite.ics"')
        + header("Content-Disposition", 'attachment; filename="invite.ics"')
        + _base64(calendar)
    )
    alternatives = b"".join(_multipart("alternative", parts, boundary + "_a"))
    yield from _multipart("mixed", [alternatives, attached], boundary + "_m")


def _multipart(subtype: str, parts: list[bytes], boundary: str) -> Iterator[bytes]:
    # No part can hold the boundary: "=_" stands neither in quoted-printable nor in base64.
    yield header("Content-Type", f'multipart/{subtype}; boundary="{boundary}"') + b"\r\n"
    for part in parts:
        # The line end before a boundary belongs to the boundary, not to the part.
        yield b"--" + boundary.encode() + b"\r\n" + part + b"\r\n"
    yield b"--" + boundary.encode() + b"--\r\n"


def _text(subtype: str, content: str) -> bytes:
    lines = letter.clean(content).rstrip("\n").split("\n")
    octets = "\r\n".join([*lines, ""]).encode()
    head = header("Content-Type", f"text/{subtype}; charset=utf-8")
    quoted = binascii.b2a_qp(octets, istext=True)
    if len(quoted) > len(octets) * 4 // 3:
        return head + _base64(octets)
    return head + header("Content-Transfer-Encoding", "quoted-printable") + b"\r\n" + quoted


def _base64(octets: bytes) -> bytes:
    head = header("Content-Transfer-Encoding", "base64") + b"\r\n"
    return head + base64.encodebytes(octets).replace(b"\n", b"\r\n")


def header(name: str, value: str) -> bytes:
    """Give one header with its line ends, folded at its spaces.

    Errors: ValueError for a control character, for anything but ASCII, and for a word longer than a line may
    be.
    Source: RFC 5322 2.1.1, 2.2.3.
    """
    if _CONTROLS.search(value) or not value.isascii():
        raise ValueError(f"The header {name} cannot hold this value")
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        # The first word stays beside the name: some readers miss a Message-ID on a line of its own.
        if len(line) + 1 + len(word) > LINE and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    lines.append(line)
    if max(map(len, lines)) > LONGEST_LINE:
        raise ValueError(f"The header {name} is too long")
    return "\r\n".join([*lines, ""]).encode("ascii")


def encoded(text: str) -> str:
    """Give a text as it stands in an unstructured header: as it is if it is plain, else in encoded words.

    Errors: ValueError for control characters.
    Source: RFC 2047 2, 5.
    """
    if text.isascii() and "=?" not in text and not _CONTROLS.search(text):
        return text
    return _in_encoded_words(text)


def phrase_text(phrase: str) -> str:
    """Give a name as it stands before an address: plain, quoted, or in encoded words.

    Errors: ValueError for control characters.
    Source: RFC 5322 3.2.4, 3.2.5; RFC 2047 5.
    """
    if not phrase.isascii() or "=?" in phrase or _CONTROLS.search(phrase):
        return _in_encoded_words(phrase)
    if _ATOMS.fullmatch(phrase) or not phrase:
        return phrase
    return '"' + re.sub(r'(["\\])', r"\\\1", phrase) + '"'


def mailbox_text(name: str, address: str) -> str:
    """Give name and address as they stand in From and To.

    Errors: ValueError for what is no address.
    Source: RFC 5322 3.4.
    """
    if not is_address(address):
        raise ValueError("Not an address")
    return f"{phrase_text(name)} <{address}>" if name else address


def _in_encoded_words(text: str) -> str:
    if _CONTROLS.search(text):
        raise ValueError("A header cannot hold control characters")
    return " ".join(_encoded_words(text))


def _encoded_words(text: str) -> Iterator[str]:
    # 45 octets make 60 characters of base64: with its frame a word stays under the 75 that it may have.
    chunk = b""
    for character in text:
        octets = character.encode()
        if len(chunk) + len(octets) > 45:
            yield _encoded_word(chunk)
            chunk = b""
        chunk += octets
    yield _encoded_word(chunk)


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(octets).decode('ascii')}?="
