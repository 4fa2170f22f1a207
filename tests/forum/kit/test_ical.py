"""The text rules of iCalendar, each read back by rules written here a second time, and by icalendar."""

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import parser, vText

from forum.kit import ical

READER: Any = parser  # its functions carry no types
CONTENT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=400)


def plain(value: str) -> str:
    """Give what is left of a text when it has been through the escaping and back."""
    value = re.sub("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]", "\n", value).replace("\t", " ")
    return "".join(c for c in value if c == "\n" or not (c < " " or "\x7f" <= c <= "\x9f" or c == "\ufeff"))


def unescape(value: str) -> str:
    """Read a TEXT value by RFC 5545 3.3.11."""
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)


def unescape_parameter(value: str) -> str:
    """Read what stands between the quotes of a parameter by RFC 6868 3.1."""
    return re.sub(r"\^([\^n'])", lambda m: {"^": "^", "n": "\n", "'": '"'}[m[1]], value)


def unfold(folded: bytes) -> str:
    """Read content lines by RFC 5545 3.1: octets first, characters after."""
    return folded.replace(b"\r\n ", b"").removesuffix(b"\r\n").decode()


@given(st.text(max_size=200))
@example("\\n is not a line break, \\\\n neither;\\,")
@example("one\r\ntwo\rthree\n\nfour\u2028five\x85six\x0bseven")
@example("\ufeffmark\x00\x1b[31m\x7f\x9f\ttab")
def test_text_comes_back_as_it_went_in(value: str) -> None:
    escaped = ical.escape_text(value)
    assert unescape(escaped) == plain(value)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]", escaped)
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", escaped)


@given(st.text(max_size=200))
def test_text_is_what_icalendar_writes(value: str) -> None:
    assert ical.escape_text(value).encode() == vText(plain(value)).to_ical()


def test_text_is_escaped_once_and_only_where_it_must_be() -> None:
    assert ical.escape_text("Agenda: a, b; c\\d\n\"e\" 'f'") == "Agenda: a\\, b\\; c\\\\d\\n\"e\" 'f'"


def test_a_lone_surrogate_is_dropped() -> None:
    assert ical.fold("X:" + ical.escape_text("a\ud800b")) == b"X:ab\r\n"
    assert ical.quote_param("a\udfffb") == '"ab"'


@given(st.text(max_size=120))
@example('Smith, "Jo"; Dr: ^n ^^ ^\' \\n')
@example("Jo\r\nATTENDEE:mailto:else@example.org")
def test_a_parameter_comes_back_as_it_went_in(value: str) -> None:
    quoted = ical.quote_param(value)
    assert re.fullmatch('"[^"\x00-\x1f\x7f]*"', quoted)
    assert unescape_parameter(quoted[1:-1]) == plain(value).replace("\n", " ")


@given(st.text(max_size=120).map(lambda value: value.replace("\\", "")))
def test_icalendar_reads_a_parameter_between_its_neighbours(value: str) -> None:
    line = f"ATTENDEE;CN={ical.quote_param(value)};RSVP=TRUE:mailto:a@example.org"
    name, params, address = READER.Contentline(line).parts()
    assert (name, address) == ("ATTENDEE", "mailto:a@example.org")
    assert params == {"CN": plain(value).replace("\n", " "), "RSVP": "TRUE"}


def test_a_parameter_is_quoted_by_the_letter() -> None:
    assert ical.quote_param('Smith, "Jo" ^;:') == "\"Smith, ^'Jo^' ^^;:\""
    assert ical.escape_parameter("Jo\nSmith") == "Jo Smith"


@given(CONTENT)
@example("X" * 75)
@example("X" * 76)
@example("X" * (75 + 74))
@example("X" * (75 + 75))
@example("X" + "é" * 200)
@example("日本" * 100)
@example("👩‍🏫" * 60)
def test_a_folded_line_unfolds_to_itself(line: str) -> None:
    folded = ical.fold(line)
    assert unfold(folded) == line
    pieces = folded.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(piece) <= 75 for piece in pieces)
    assert all(piece.startswith(b" ") for piece in pieces[1:])
    for piece in pieces:
        piece.decode()


@given(CONTENT)
def test_a_line_is_folded_no_more_than_it_must(line: str) -> None:
    pieces = ical.fold(line).removesuffix(b"\r\n").split(b"\r\n")
    for piece, following in pairwise(pieces):
        assert len(piece) + len(following[1:].decode()[0].encode()) > 75


@pytest.mark.parametrize("line", ["", "a\nb", "a\r\nb", "a\rb", "a\x00b", "a\x0bb", "a\x7fb", "a\ud800b"])
def test_what_is_not_one_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        ical.fold(line)


@given(st.lists(CONTENT.map("X-A:".__add__), max_size=8))
def test_content_lines_are_what_icalendar_reads(lines: list[str]) -> None:
    written = ical.content_lines(lines)
    assert b"\r\n\r\n" not in written
    assert written.count(b"\n") == written.count(b"\r\n")
    assert [str(line) for line in READER.Contentlines.from_ical(written) if line] == lines


@given(st.text("abc_", min_size=1), st.sampled_from(["text", "param", "plain"]))
def test_a_slot_goes_through_unchanged(name: str, mode: Any) -> None:
    marker = f"\ue000{mode}:{name}\ue001"
    assert ical.slot(name, mode) == marker
    assert ical.escape_text(marker) == ical.escape_parameter(marker) == marker
