"""What one pasted line says: its days, their times and themes, or the school year of a heading."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from meetings.dates.mentions import Finder, Mention
from meetings.dates.school import Term
from meetings.dates.spelling import DASHES, Token, clean, tokens_of
from meetings.dates.times import Times, times_in

MOST_DAYS = 200
LONGEST_THEME = 200

_ONE_OF = frozenset({"to", "till", "until", "or"})
_JOINERS = frozenset({"and", "&", ",", "/", "|", "+", "(", ")", ".", *DASHES})
_SEPARATOR = re.compile(r"[ )\].]*[\t,:;|" + re.escape(DASHES) + r"]")
_LABEL = re.compile(r"(theme|topic) ?[:" + re.escape(DASHES) + r"] ?", re.IGNORECASE)
_EDGES = " \t,:;|.()[]" + DASHES
_PLACES = re.compile(
    r"(all |via |on |over )?(online|zoom|teams|virtual|remote|tbc|tba|bst|gmt)( \(?(zoom|teams)\)?)?\W*",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_TERMS = frozenset(Term)
_FIRST_YEAR, _LAST_YEAR = 2000, 2099


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One day of a line, with its own times and theme.

    Shape: `mention` is None where a weekday and a day stand without a month; `beside` is a further day of
    the same line that is no row of its own.
    """

    mention: Mention | None
    times: Times | None = None
    theme: str = ""
    written: str = ""
    beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one line says.

    Shape: `heads_year` is the school year that a heading names; `times` are those of a line without a day.
    """

    entries: tuple[Entry, ...]
    heads_year: int | None = None
    times: Times | None = None


def is_blank(line: str) -> bool:
    """Whether there is neither a letter nor a number in this line."""
    return not any(sign.isalnum() for sign in clean(line))


def read_line(line: str, *, today: date) -> Line:
    """Everything one pasted line says."""
    text = clean(line)
    tokens = tokens_of(text)
    finder = Finder(text=text, tokens=tokens, today=today)
    groups: list[tuple[Mention, ...]] = []
    at = 0
    while at < len(tokens) and len(groups) <= MOST_DAYS:
        found = finder.at(at)
        if found:
            groups.append(found)
        at = max(found[0].end, at + 1) if found else at + 1
    if groups:
        return Line(entries=_entries(text, tokens, groups))
    for at in range(len(tokens)):
        end = finder.weekday_then_day(at)
        if end is not None:
            written = text[tokens[at].start : tokens[end - 1].end]
            return Line(entries=(Entry(mention=None, written=written),))
    return Line(entries=(), heads_year=_heading_year(tokens), times=times_in(text, tokens, 0, len(tokens)))


def _entries(text: str, tokens: Sequence[Token], groups: list[tuple[Mention, ...]]) -> tuple[Entry, ...]:
    """The days of a line as rows; days that only explain another one stay beside it."""
    entries: list[Entry] = []
    joined: list[int] = []
    for index, mentions in enumerate(groups):
        begin = mentions[0].end
        end = groups[index + 1][0].begin if index + 1 < len(groups) else len(tokens)
        before = tokens[_end_of(entries[-1]) : mentions[0].begin] if entries else []
        words = {token.text for token in before}
        only_joined = words <= _JOINERS | _ONE_OF
        ranged = bool(words & _ONE_OF) or (len(groups) == 2 and bool(words & set(DASHES)))
        if entries and ranged and only_joined and entries[-1].times is None:
            entries[-1] = _one_of(text, tokens, entries[-1], mentions, times_in(text, tokens, begin, end))
            continue
        tabbed = any(token.gap == "\t" for token in [*before, tokens[mentions[0].begin]])
        apart = only_joined or tabbed or bool(words & {";", "|"})
        if entries and not apart:
            entries[-1] = replace(entries[-1], beside=entries[-1].beside or mentions[0].written)
            continue
        times = times_in(text, tokens, begin, end)
        if times is None and not index:
            times = times_in(text, tokens, 0, mentions[0].begin)
        theme = _theme(text, tokens, begin, end, times)
        joined = [] if ";" in words else joined
        if times:
            for earlier in joined:
                entries[earlier] = replace(entries[earlier], times=times)
        joined = [] if times else joined
        for mention in mentions:
            joined += [] if times else [len(entries)]
            entries.append(Entry(mention=mention, times=times, theme=theme, written=mention.written))
    return tuple(entries)


def _end_of(entry: Entry) -> int:
    """The token after a row's day and times."""
    end = entry.mention.end if entry.mention else 0
    return max(end, entry.times.end) if entry.times else end


def _one_of(
    text: str, tokens: Sequence[Token], entry: Entry, mentions: tuple[Mention, ...], times: Times | None
) -> Entry:
    """A row of which only one day can be meant."""
    if entry.mention is None:
        return entry
    end = mentions[-1].end
    written = text[tokens[entry.mention.begin].start : tokens[end - 1].end]
    mention = replace(entry.mention, others=(*entry.mention.others, *mentions), written=written, end=end)
    return replace(entry, mention=mention, written=written, times=times)


def _theme(text: str, tokens: Sequence[Token], begin: int, end: int, times: Times | None) -> str:
    """The words after a day and its times, where a sign sets them apart."""
    start = tokens[begin - 1].end
    stop = tokens[end].start if end < len(tokens) else len(text)
    pieces = [text[start:stop]]
    if times and times.begin >= begin:
        pieces = [text[start : tokens[times.begin].start], text[tokens[times.end - 1].end : stop]]
    for piece in pieces:
        if not _SEPARATOR.match(piece):
            continue
        for cell in piece.split("\t"):
            words = " ".join(cell.strip(_EDGES).split())
            label = _LABEL.match(words)
            words = words[label.end() :] if label else words
            if (
                _LETTER.search(words)
                and not _PLACES.fullmatch(words)
                and words.lower() not in ("at", "from", "and")
            ):
                return words[:LONGEST_THEME]
    return ""


def _heading_year(tokens: Sequence[Token]) -> int | None:
    """The school year a heading names: «2025-26», «2025 to 2026», «Spring term 2026»."""
    words = [token.text for token in tokens]
    terms = [word for word in words if word in _TERMS]
    for at, token in enumerate(tokens):
        if token.kind != "n" or len(token.text) != 4 or not _FIRST_YEAR <= int(token.text) <= _LAST_YEAR:
            continue
        year = int(token.text)
        joined = at + 2 < len(tokens) and (
            words[at + 1] in ("/", "to", "and", "&") or words[at + 1] in DASHES
        )
        if joined and words[at + 2] in (str(year + 1), str(year + 1)[2:]):
            return year
        if terms:
            return year if terms[0] == Term.AUTUMN else year - 1
    return None
