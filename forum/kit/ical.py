"""The text rules of iCalendar: escaping, quoting and folding, at one place for mails, feeds and downloads.

Slot markers pass through all of it unchanged.
Source: RFC 5545 3.1, 3.2, 3.3.11; RFC 6868 3.1.
"""

import re
from collections.abc import Iterable
from typing import Literal

FOLD_OCTETS = 75
SLOT_OPENS = "\ue000"
SLOT_CLOSES = "\ue001"

_LINE_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ud800-\udfff]")
_NEVER_IN_A_LINE = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_TEXT_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\t": " "})
_PARAMETER_ESCAPES = str.maketrans({"^": "^^", '"': "^'", "\n": " ", "\t": " "})


def slot(name: str, mode: Literal["text", "param", "plain"]) -> str:
    """Give the marker of what each person's copy of a calendar object holds at this place.

    Shape: private-use characters round "mode:name"; the mode says how the value is written in: `text` by
    `escape_text`, `param` by `escape_parameter`, `plain` as it is.
    """
    return f"{SLOT_OPENS}{mode}:{name}{SLOT_CLOSES}"


def escape_text(value: str) -> str:
    """Give a text as the value of a TEXT property, on one line.

    Shape: every kind of line break becomes a newline, a tab a space; other control characters are dropped.
    Source: RFC 5545 3.3.11.
    """
    return _printable(value).translate(_TEXT_ESCAPES)


def escape_parameter(value: str) -> str:
    """Give a text as it stands between the double quotes of a parameter value.

    Shape: a double quote becomes ^', a circumflex ^^, a line break a space (names and labels have one line).
    Source: RFC 5545 3.2; RFC 6868 3.1.
    """
    return _printable(value).translate(_PARAMETER_ESCAPES)


def quote_param(value: str) -> str:
    """Give a text as a parameter value with its double quotes, safe for commas, colons and semicolons.

    Source: RFC 5545 3.2.
    """
    return f'"{escape_parameter(value)}"'


def fold(line: str) -> bytes:
    """Give one content line as UTF-8, in pieces of at most 75 octets, each ended by CRLF.

    Shape: each piece after the first starts with one space, counted in its 75 octets; no character is split.
    Errors: ValueError for an empty line, and for one that holds a line break or another control character.
    Source: RFC 5545 3.1.
    """
    if not line or _NEVER_IN_A_LINE.search(line):
        raise ValueError(f"Not one content line: {line!r}")
    octets = line.encode()
    if len(octets) <= FOLD_OCTETS:
        return octets + b"\r\n"
    pieces = []
    start, room = 0, FOLD_OCTETS
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(octets[start:end])
        start, room = end, FOLD_OCTETS - 1
    pieces.append(octets[start:])
    return b"\r\n ".join(pieces) + b"\r\n"


def content_lines(lines: Iterable[str]) -> bytes:
    """Give unfolded content lines as the bytes of a calendar object.

    Errors: ValueError as `fold`.
    """
    return b"".join(map(fold, lines))


def _printable(value: str) -> str:
    return _UNPRINTABLE.sub("", _LINE_BREAKS.sub("\n", value))
