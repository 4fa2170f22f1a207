"""A pasted line as tokens, and the weekdays and months among them, however they are spelt."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from forum.kit import wording

DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
ORDINALS = frozenset({"st", "nd", "rd", "th"})

_TOKEN = re.compile(r"(?P<n>[0-9]+)|(?P<w>[^\W\d_]+)|(?P<p>\S)")
_INVISIBLE = "Cf"
_BLANK = frozenset({"Cc", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_SHORTEST_ABBREVIATION = 3
_SHORTEST_MISSPELT = 5
_LONG_WORD = 7


class Token(NamedTuple):
    """A number, a word or one other sign of a cleaned line.

    Shape: `text` is in lower case; `gap` is what stands before it, nothing, a space or a tab; `start` and
    `end` are places in the cleaned line.
    """

    kind: Literal["n", "w", "p"]
    text: str
    gap: Literal["", " ", "\t"]
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A weekday (0 is Monday) or a month (1 is January), and whether it was spelt right."""

    index: int
    exact: bool


def clean(line: str) -> str:
    """The line with one kind of digit and space and nothing invisible; tabs stay.

    Source: Unicode NFKC, which also lowers raised letters and unfolds full-width digits.
    """
    signs: list[str] = []
    for sign in unicodedata.normalize("NFKC", line):
        category = unicodedata.category(sign)
        if category == _INVISIBLE:
            continue
        signs.append(" " if category in _BLANK and sign != "\t" else sign)
    return "".join(signs).strip(" ")


def tokens_of(text: str) -> list[Token]:
    """The tokens of a cleaned line."""
    tokens: list[Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        between = text[end : match.start()]
        kind: Literal["n", "w", "p"] = "n" if match["n"] else "w" if match["w"] else "p"
        gap: Literal["", " ", "\t"] = "\t" if "\t" in between else " " if between else ""
        end = match.end()
        tokens.append(Token(kind, match[0].lower(), gap, match.start(), end))
    return tokens


def _table(names: tuple[str, ...], first: int) -> dict[str, int]:
    table: dict[str, int] = {}
    for index, name in enumerate(names, first):
        for length in range(_SHORTEST_ABBREVIATION, len(name) + 1):
            table[name[:length].lower()] = index
    return table


_WEEKDAYS = _table(wording.WEEKDAYS, 0) | {"weds": 2}
_MONTHS = _table(wording.MONTHS, 1)


def _distance(one: str, other: str) -> int:
    """How many letters must be added, left out, changed or swapped with the next."""
    older: list[int] = []
    old = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        new = [i]
        for j, right in enumerate(other, 1):
            best = min(old[j] + 1, new[j - 1] + 1, old[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                best = min(best, older[j - 2] + 1)
            new.append(best)
        older, old = old, new
    return old[-1]


def _nearest(word: str, names: tuple[str, ...], first: int) -> int | None:
    """The one name this word misspells: one letter wrong, or two in a long word that begins right."""
    found: dict[int, list[int]] = {1: [], 2: []}
    for index, name in enumerate(names, first):
        begins_right = word[0] == name[0].lower()
        if abs(len(word) - len(name)) > 1 + begins_right:
            continue
        if len(name) <= _SHORTEST_MISSPELT and not (begins_right and len(word) >= _SHORTEST_MISSPELT - 1):
            continue
        if len(name) < _SHORTEST_MISSPELT and len(word) < _SHORTEST_MISSPELT:
            continue
        wrong = _distance(word, name.lower())
        if wrong == 1 or (wrong == 2 and begins_right and len(word) >= _LONG_WORD):
            found[wrong].append(index)
    closest = found[1] or found[2]
    return closest[0] if len(closest) == 1 else None


@lru_cache(maxsize=1024)
def _find(word: str, *, months: bool) -> Word | None:
    table, names, first = (_MONTHS, wording.MONTHS, 1) if months else (_WEEKDAYS, wording.WEEKDAYS, 0)
    if word in table:
        return Word(index=table[word], exact=True)
    if not _SHORTEST_MISSPELT - 1 <= len(word) <= max(map(len, names)) + 2:
        return None
    nearest = _nearest(word, names, first)
    return None if nearest is None else Word(index=nearest, exact=False)


def weekday_of(word: str) -> Word | None:
    """The weekday this word names, in full, shortened, or misspelt."""
    return _find(word, months=False)


def month_of(word: str) -> Word | None:
    """The month this word names, in full, shortened, or misspelt."""
    return _find(word, months=True)
