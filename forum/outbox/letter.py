"""What a letter is before it becomes rows: content that everybody shares, and one copy for each person.

Shared content holds named slots, which each copy fills. A slot stands between two private-use characters
that no content may hold of its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

from css_inline import CSSInliner
from django.db.models import TextChoices
from django.template import Context, loader

from forum.kit import ical

OPEN, CLOSE = "\ue000", "\ue001"
CALENDAR_MODES = ("text", "param", "plain")

_SLOT = re.compile(f"{OPEN}(?:([a-z]+):)?([a-z][a-z0-9_]*){CLOSE}")
_MARKS = re.compile(f"[{OPEN}{CLOSE}]")
_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ud800-\udfff]")
_INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


class Urgency(TextChoices):
    """What a doubt means: a letter that must arrive is sent again, news is not."""

    MUST_ARRIVE = "must_arrive", "Must arrive"
    BULK = "bulk", "Bulk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What everybody shares; it becomes a Mailing.

    Shape: `calendar` is unfolded lines joined by newlines, and its METHOD is `method`; `headers` are those
    that the outbox does not write itself. All of them may hold slots.
    """

    kind: str
    urgency: Urgency
    subject: str
    text: str
    html: str = ""
    calendar: str = ""
    method: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person's copy; it becomes a Message.

    Shape: `key` is the same for the same letter to the same person however often it is posted; `thread`
    orders the letters of one calendar entry to one mailbox; `about` names the thing, `edition` which state of
    it.
    Units: `next_at` and `expires_at` are portal moments.
    """

    key: str
    address: str
    name: str
    person_id: int | None
    slots: Mapping[str, str] = field(default_factory=dict)
    thread: str = ""
    about: str = ""
    edition: int | None = None
    passes_suppression: bool = False
    next_at: datetime | None = None
    expires_at: datetime | None = None


def slot(name: str, mode: str | None = None) -> str:
    """Give the mark of a named slot; in a calendar with the mode that says how its value is written.

    Errors: ValueError for a name or a mode that no filling would find.
    """
    mark = f"{OPEN}{name}{CLOSE}" if mode is None else f"{OPEN}{mode}:{name}{CLOSE}"
    if not _SLOT.fullmatch(mark) or mode not in (None, *CALENDAR_MODES):
        raise ValueError(f"Not a slot: {name!r}, mode {mode!r}")
    return mark


def names(content: str) -> frozenset[str]:
    """Give the names of the slots that a content holds."""
    return frozenset(found[2] for found in _SLOT.finditer(content))


def fill(content: str, values: Mapping[str, str]) -> str:
    """Give a plain text with its slots filled.

    Errors: KeyError for a slot without a value.
    """
    return _MARKS.sub("", _SLOT.sub(lambda found: clean(values[found[2]]), content))


def fill_html(content: str, values: Mapping[str, str]) -> str:
    """Give an HTML text with its slots filled; values are text, never markup.

    Errors: KeyError for a slot without a value.
    """
    return _MARKS.sub("", _SLOT.sub(lambda found: escape(clean(values[found[2]])), content))


def fill_calendar(calendar: str, values: Mapping[str, str]) -> bytes:
    """Give the bytes of a calendar object: slots filled by their mode, lines folded, ended by CRLF.

    Errors: KeyError for a slot without a value; ValueError for an unknown mode and for an empty line.
    Source: RFC 5545 3.1, 3.2, 3.3.11.
    """

    def value(found: re.Match[str]) -> str:
        mode, text = found[1], clean(values[found[2]])
        if mode == "text":
            return ical.escape_text(text)
        if mode == "param":
            return ical.escape_parameter(text)
        if mode == "plain" and "\n" not in text and "\t" not in text:
            return text
        raise ValueError(f"The calendar slot {found[2]!r} cannot be filled in mode {mode!r}")

    # Lines are parted before the slots are filled: no value can ever begin a line of its own.
    lines = calendar.removesuffix("\n").split("\n")
    return ical.content_lines(_MARKS.sub("", _SLOT.sub(value, line)) for line in lines)


def clean(text: str) -> str:
    """Give a text without slot marks and control characters; every kind of line break becomes a newline."""
    return _UNPRINTABLE.sub("", _LINE_BREAKS.sub("\n", _MARKS.sub("", text)))


def one_line(text: str) -> str:
    """Give a text on one line: each run of white space becomes one space."""
    return " ".join(text.split())


def render(template_base: str, context: Mapping[str, Any]) -> tuple[str, str, str]:
    """Give subject, text and HTML of a letter from its template triple.

    Shape: `<base>.subject.txt` gives one line, `<base>.txt` is not escaped, `<base>.html` has its styles
    written into the elements; rules for dark screens and phones stay in its head.
    """
    subject = one_line(_plain(f"{template_base}.subject.txt", context))
    text = _plain(f"{template_base}.txt", context).strip() + "\n"
    html = loader.render_to_string(f"{template_base}.html", dict(context))
    return subject, text, inlined(html)


def inlined(html: str) -> str:
    """Give a mail's HTML with its styles written into the elements, because mail programs drop style sheets."""
    return _INLINER.inline(html)


def _plain(template_name: str, context: Mapping[str, Any]) -> str:
    template: Any = loader.get_template(template_name)
    rendered: str = template.template.render(Context(dict(context), autoescape=False))
    return rendered
