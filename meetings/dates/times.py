"""Clock times written beside a date: one start, or a start and an end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from meetings.dates.spelling import DASHES, Token

_BEFORE_TIMES = frozenset({"at", "from", "between", "start", "starts", "time", "times"})
_UNTIL = frozenset({"to", "till", "til", "until", "and"})
_HOURS = frozenset({"hrs", "hr", "hours", "h"})
_MIDDAY = frozenset({"noon", "midday"})
_OTHER_ZONES = frozenset({"z", "utc"})
_EARLY_HOURS = range(1, 7)
_EARLY_ENDS = range(1, 8)
_LONGEST_GUESS = 6 * 60

type Half = Literal["am", "pm", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What a line says about the time.

    Shape: `ends` is None where only a start is written; `guessed` where morning or afternoon was worked out;
    `trouble` is what cannot be understood, in words; `begin` and `end` are tokens of the line.
    Units: minutes after midnight.
    """

    starts: int
    ends: int | None
    written: str
    guessed: bool
    trouble: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    hour: int
    minute: int
    half: Half
    sure: bool
    four: bool
    padded: bool
    valid: bool
    end: int

    def at(self, half: Half) -> int:
        hour = self.hour
        if half == "pm" and hour < 12:
            hour += 12
        if half == "am" and hour == 12:
            hour = 0
        return hour * 60 + self.minute


def _half(tokens: Sequence[Token], at: int) -> tuple[Half, int]:
    """am or pm at this token, and the token after it."""
    if at >= len(tokens) or tokens[at].kind != "w" or tokens[at].gap == "\t":
        return "", at
    word = tokens[at].text
    if word in ("am", "pm"):
        end = at + 1
        return ("am" if word == "am" else "pm"), end
    if word in _MIDDAY:
        return "pm", at + 1
    if word in ("a", "p") and [token.text for token in tokens[at + 1 : at + 3]] == [".", "m"]:
        end = at + 3
        if end < len(tokens) and tokens[end].text == "." and not tokens[end].gap:
            end += 1
        return ("am" if word == "a" else "pm"), end
    return "", at


def _clock(tokens: Sequence[Token], at: int) -> _Clock | None:
    """The time of day at this token."""
    if at >= len(tokens):
        return None
    token = tokens[at]
    if token.kind == "w" and token.text in _MIDDAY | {"midnight"}:
        hour = 0 if token.text == "midnight" else 12
        return _Clock(
            hour=hour, minute=0, half="", sure=True, four=False, padded=True, valid=True, end=at + 1
        )
    if token.kind != "n" or len(token.text) > 4:
        return None
    digits, minute, sure, end = token.text, 0, False, at + 1
    four = len(digits) == 4
    if len(digits) > 2:
        digits, minute = digits[:-2], int(digits[-2:])
    elif end + 1 < len(tokens) and tokens[end].text in (":", ".") and not tokens[end].gap:
        after = tokens[end + 1]
        if after.kind == "n" and not after.gap and len(after.text) == 2:
            sure = tokens[end].text == ":"
            minute, end = int(after.text), end + 2
            if sure and [t.text for t in tokens[end : end + 2]] == [":", "00"]:
                end += 2
    pointed = end > at + 1
    half, end = _half(tokens, end)
    if not half and end < len(tokens) and tokens[end].text in _HOURS and (four or pointed):
        sure, end = True, end + 1
    if len(token.text) == 3 and not half:
        return None
    hour = int(digits)
    return _Clock(
        hour=hour,
        minute=minute,
        half=half if hour <= 12 else "",
        sure=sure or half != "",
        four=four,
        padded=token.text.startswith("0") or hour > 12 or four,
        valid=hour < 24 and minute < 60,
        end=end,
    )


def _until(tokens: Sequence[Token], at: int, *, tabs: bool) -> int | None:
    """The token after whatever joins a start to an end, a tab only where `tabs` says so."""
    if at >= len(tokens):
        return None
    if tokens[at].text in DASHES or tokens[at].text in _UNTIL:
        return at + 1
    if tabs and tokens[at].text == "|":
        return at + 1
    return at if tabs and tokens[at].gap == "\t" and tokens[at].kind == "n" else None


def is_time(tokens: Sequence[Token], at: int, *, ranges: bool = True) -> bool:
    """Whether the number at this token is a time of day, not a day or a year.

    Shape: `ranges` says whether the «10» of «10-11.30» counts.
    """
    clock = _clock(tokens, at)
    if clock is None:
        return False
    if clock.half or clock.sure or clock.end > at + 1:
        return True
    after = _until(tokens, clock.end, tabs=False)
    if not ranges or after is None or not clock.valid:
        return False
    end = _clock(tokens, after)
    if end is None or not end.valid or not (end.sure or clock.four == end.four):
        return False
    following = _until(tokens, end.end, tabs=False)
    if following is not None and _clock(tokens, following) is not None:
        return False
    starts, ends, _ = _pair(clock, end)
    return starts < ends and starts // 60 not in _EARLY_HOURS


def _pair(first: _Clock, last: _Clock) -> tuple[int, int, bool]:
    """Start and end in minutes, and whether a half of the day was guessed."""
    if first.half and last.half:
        return first.at(first.half), last.at(last.half), False
    if last.half:
        if first.padded or first.hour > 12:
            return first.at(""), last.at(last.half), False
        halves: tuple[Half, Half] = (last.half, "am" if last.half == "pm" else "pm")
        for half in halves:
            if first.at(half) < last.at(last.half):
                return first.at(half), last.at(last.half), False
        return first.at(last.half), last.at(last.half), False
    if first.half:
        starts = first.at(first.half)
        if last.padded:
            return starts, last.at(""), False
        ends = min((end for end in (last.at("am"), last.at("pm")) if end > starts), default=last.at(""))
        return starts, ends, False
    starts, guessed = _alone(first)
    ends = last.at("")
    if (
        ends <= starts
        and not last.padded
        and last.hour in _EARLY_ENDS
        and last.at("pm") - starts <= _LONGEST_GUESS
    ):
        return starts, last.at("pm"), True
    return starts, ends, guessed


def _alone(clock: _Clock) -> tuple[int, bool]:
    """A time without am or pm: a small hour without a nought is taken as afternoon."""
    if not clock.half and not clock.padded and clock.hour in _EARLY_HOURS:
        return clock.at("pm"), True
    return clock.at(clock.half), False


def _zone(tokens: Sequence[Token], at: int) -> bool:
    """Whether a time zone other than London's follows."""
    if at >= len(tokens):
        return False
    if tokens[at].text in _OTHER_ZONES:
        return True
    return tokens[at].text == "+" and at + 1 < len(tokens) and tokens[at + 1].kind == "n"


def _times_at(
    text: str, tokens: Sequence[Token], at: int, first: _Clock, *, near: bool, called: bool
) -> Times | None:
    """The times that begin at this token, if it is a time at all.

    Shape: `near` where nothing but signs stands between the date and this token; `called` where a word like
    «at» does.
    """
    after = _until(tokens, first.end, tabs=first.sure or first.end > at + 1)
    last = None if after is None else _clock(tokens, after)
    pointed = first.end > at + 1
    plain = near or called
    if last is not None and not (first.sure or last.sure or (first.four and last.four) or plain):
        last = None
    if last is not None and not last.valid and not last.sure:
        last = None
    if last is None and not (
        first.sure or (called and (first.valid or pointed)) or (near and pointed and first.valid)
    ):
        return None
    if last is not None and not first.valid and not first.sure:
        return None
    end = first.end if last is None else last.end
    written = text[tokens[at].start : tokens[end - 1].end]
    trouble = ""
    if not first.valid or (last is not None and not last.valid):
        trouble = f"{written} is not a time of day"
    elif _zone(tokens, end):
        trouble = f"{written} has a time zone of its own"
    if last is None:
        starts, guessed = _alone(first)
        ends = None
    else:
        starts, ends, guessed = _pair(first, last)
    return Times(
        starts=starts, ends=ends, written=written, guessed=guessed, trouble=trouble, begin=at, end=end
    )


def times_in(text: str, tokens: Sequence[Token], begin: int, end: int) -> Times | None:
    """The first time of day among these tokens of the cleaned text."""
    within = tokens[:end]
    near, called = True, False
    for at in range(begin, end):
        token = within[at]
        first = None if token.kind == "p" else _clock(within, at)
        found = first and _times_at(text, within, at, first, near=near, called=called)
        if found:
            return found
        called = token.text in _BEFORE_TIMES or token.text == "@"
        near = near and (token.kind == "p" or called or token.text == "t")
    return None
