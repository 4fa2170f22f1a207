"""Days as people write them, found in the tokens of one line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from meetings.dates.school import school_years_around
from meetings.dates.spelling import DASHES, ORDINALS, Token, Word, month_of, weekday_of
from meetings.dates.times import is_time

YEARS = range(1900, 2200)
DAYS = range(1, 32)

_LONGEST_LIST = 12
_SIGNS_AFTER_WEEKDAY = 3
_JOINERS = {
    "and": "and",
    "&": "and",
    ",": "comma",
    "/": "slash",
    "to": "to",
    "till": "to",
    "until": "to",
    "or": "or",
}
_CENTURY = 2000
_WINDOW_OF_YEARS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One day as it was written; it need not exist.

    Shape: `weekday` 0 is Monday; `others` are further days of which only one can be meant; `begin` and `end`
    are tokens.
    """

    weekday: int | None
    day: int
    month: int
    year: int | None
    written: str
    misspelt: bool = False
    numeric: bool = False
    others: tuple["Mention", ...] = ()
    begin: int
    end: int

    @property
    def exists(self) -> bool:
        """Whether there is such a day, in its own year or at least in a leap year."""
        return self.on(self.year if self.year is not None else _CENTURY) is not None

    def on(self, year: int) -> date | None:
        """This day in a calendar year."""
        try:
            return date(year, self.month, self.day) if year in YEARS else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Reads days off a line's tokens, looking only a few tokens ahead at each.

    Shape: `today` decides which two-figure numbers can be years.
    """

    text: str
    tokens: Sequence[Token]
    today: date

    def at(self, begin: int) -> tuple[Mention, ...]:
        """The days written from this token on: several where they share a month, or none."""
        token = self.tokens[begin]
        if token.kind == "p" or self._inside_a_number(begin):
            return ()
        found = self._numeric(begin) or self._day_first(begin) or self._month_first(begin)
        return tuple(self._with_weekday_after(mention) for mention in found)

    def weekday_then_day(self, begin: int) -> int | None:
        """The token after a weekday and a day that are left without a month."""
        token = self.tokens[begin]
        weekday = weekday_of(token.text) if token.kind == "w" else None
        if weekday is None or not weekday.exact:
            return None
        at = self._skip_the(self._after_weekday(begin))
        day = self._day(at)
        if day is None or is_time(self.tokens, at):
            return None
        after = self._after_ordinal(at + 1)
        return after if after > at + 1 or after == len(self.tokens) else None

    def _token(self, at: int) -> Token | None:
        return self.tokens[at] if 0 <= at < len(self.tokens) else None

    def _is(self, at: int, signs: str) -> bool:
        token = self._token(at)
        return token is not None and token.kind == "p" and token.text in signs

    def _number(self, at: int, *lengths: int) -> int | None:
        token = self._token(at)
        return int(token.text) if token and token.kind == "n" and len(token.text) in lengths else None

    def _day(self, at: int) -> int | None:
        return self._number(at, 1, 2)

    def _word(self, at: int) -> str:
        token = self._token(at)
        return token.text if token and token.kind == "w" else ""

    def _inside_a_number(self, at: int) -> bool:
        """Whether this is the 30 of 10:30, the 26 of 2025-26."""
        token, before, number = self.tokens[at], self._token(at - 1), self._token(at - 2)
        if (
            token.kind != "n"
            or token.gap
            or before is None
            or number is None
            or before.gap
            or number.kind != "n"
        ):
            return False
        return before.text in (":", "/", *DASHES) or (before.text == "." and len(token.text) == 2)

    def _after_weekday(self, at: int) -> int:
        at += 1
        for _ in range(_SIGNS_AFTER_WEEKDAY):
            at += self._is(at, ",.:()/" + DASHES)
        return at

    def _skip_the(self, at: int) -> int:
        return at + (self._word(at) == "the")

    def _after_ordinal(self, at: int) -> int:
        return at + (self._word(at) in ORDINALS and self.tokens[at].gap != "\t")

    def _weekday_before(self, at: int) -> tuple[Word | None, int]:
        """A weekday at this token, and where the day itself begins."""
        word = self._word(at)
        weekday = weekday_of(word) if word else None
        return (weekday, self._skip_the(self._after_weekday(at))) if weekday else (None, self._skip_the(at))

    def _month_after_day(self, at: int) -> tuple[Word, int] | None:
        """The month after a day's number, and the token after the month."""
        ordinal = self._word(at)[:2]
        glued = month_of(self._word(at)[2:]) if ordinal in ORDINALS and len(self._word(at)) > 4 else None
        if glued:
            return glued, at + 1
        at = self._after_ordinal(at)
        at += self._is(at, ".,/" + DASHES)
        at += self._word(at) == "of"
        month = month_of(self._word(at)) if self._word(at) else None
        return (month, at + 1) if month else None

    def _joiner(self, at: int) -> tuple[str, int] | None:
        """How one day's number is joined to the next, and the token after."""
        token = self._token(at)
        if token is None or token.gap == "\t":
            return None
        if token.text in DASHES:
            return "dash", at + 1
        if token.text == "," and self._word(at + 1) in ("and", "or"):
            at += 1
            token = self.tokens[at]
        name = _JOINERS.get(token.text)
        return (name, at + 1) if name else None

    def _year(self, at: int) -> tuple[int | None, int]:
        """The year after a day and month, and the token after it."""
        start = at
        glued = self._is(at, "/" + DASHES) and not self.tokens[at].gap
        dashed = self._is(at, "/" + DASHES)
        at += self._is(at, "./,('’‘" + DASHES)
        at += self._is(at, "'’‘")
        apostrophe = self._is(at - 1, "'’‘")
        token = self._token(at)
        if token is None or token.kind != "n" or (token.gap == "\t" and len(token.text) == 2):
            return None, start
        value = int(token.text[:5])
        if len(token.text) == 4:
            near = abs(value - self.today.year) <= _WINDOW_OF_YEARS
            return (value, at + 1) if near or not is_time(self.tokens, at) else (None, start)
        if len(token.text) != 2 or (dashed and not (glued and not token.gap)):
            return None, start
        full = _CENTURY + value
        likely = full in school_years_around(self.today)
        if not (likely or apostrophe) or self._begins_more(at):
            return None, start
        return full, at + 1

    def _begins_more(self, at: int) -> bool:
        """Whether the number at this token is a time or another day rather than a year."""
        return is_time(self.tokens, at) or self._month_after_day(at + 1) is not None

    def _written(self, begin: int, end: int) -> str:
        return self.text[self.tokens[begin].start : self.tokens[end - 1].end]

    def _day_first(self, begin: int) -> tuple[Mention, ...]:
        """«Tuesday the 9th of September 2025», «9 and 16 September»."""
        days: list[tuple[Word | None, int]] = []
        joins: set[str] = set()
        at = begin
        while len(days) < _LONGEST_LIST:
            weekday, at = self._weekday_before(at)
            day = self._day(at)
            if day is None:
                return ()
            days.append((weekday, day))
            at += 1
            month = self._month_after_day(at)
            if month:
                return self._share_month(begin, days, joins, month)
            join = self._joiner(self._after_ordinal(at))
            if join is None:
                return ()
            joins.add(join[0])
            at = join[1]
        return ()

    def _share_month(
        self, begin: int, days: list[tuple[Word | None, int]], joins: set[str], month: tuple[Word, int]
    ) -> tuple[Mention, ...]:
        """Days that share one month: all meant, or only one of them, or the first a row's number."""
        year, end = self._year(month[1])
        written = self._written(begin, end)
        mentions = tuple(
            Mention(
                weekday=weekday.index if weekday else None,
                day=day,
                month=month[0].index,
                year=year,
                written=written,
                misspelt=not month[0].exact or (weekday is not None and not weekday.exact),
                begin=begin,
                end=end,
            )
            for weekday, day in days
        )
        if len(mentions) == 1:
            return self._not_a_marker(mentions[0], month[1])
        if days[0][0] is None and days[-1][0] is not None and joins <= {"dash", "comma", "slash"}:
            return ()
        all_named = all(weekday for weekday, _ in days)
        if joins <= {"and", "comma"} and ("and" in joins or all_named):
            return mentions
        return (replace(mentions[0], others=mentions[1:]),)

    def _not_a_marker(self, mention: Mention, after_month: int) -> tuple[Mention, ...]:
        """The day, unless it is a row's marker as in «1. September 3»; in «1 September 3» either."""
        at = after_month + self._is(after_month, ",.:" + DASHES)
        weekday, at = self._weekday_before(at)
        at = at if weekday else after_month
        other = self._day(at)
        if mention.weekday is not None or other not in DAYS or other is None or self._begins_more(at):
            return (mention,)
        gap, before = self.tokens[after_month - 1].gap, self.tokens[after_month - 2]
        if (gap and before.kind == "p") or (gap == "\t" and before.kind == "n"):
            return ()
        last = self._after_ordinal(at + 1)
        if mention.year is None and (last > at + 1 or last == len(self.tokens)):
            written = self._written(mention.begin, last)
            index = weekday.index if weekday else None
            second = replace(mention, weekday=index, day=other, written=written, end=last)
            return (replace(mention, written=written, end=last, others=(second,)),)
        return (mention,)

    def _month_first(self, begin: int) -> tuple[Mention, ...]:
        """«Tuesday, September 9th, 2025», «June 16 and 17», «September: Tuesday 9th»."""
        weekday, at = self._weekday_before(begin)
        month = month_of(self._word(at)) if self._word(at) else None
        if month is None:
            return ()
        at += 1
        at += self._is(at, ".,:" + DASHES)
        if weekday is None:
            weekday, at = self._weekday_before(at)
        at = self._skip_the(at)
        if self._day(at) is None or is_time(self.tokens, at, ranges=False):
            return ()
        numbers, joins = [at], set[str]()
        at = self._after_ordinal(at + 1)
        while len(numbers) < _LONGEST_LIST:
            join = self._joiner(at)
            if join is None or join[0] in ("comma", "slash") or self._day(join[1]) is None:
                break
            if self._begins_more(join[1]):
                break
            numbers.append(join[1])
            joins.add(join[0])
            at = self._after_ordinal(join[1] + 1)
        year, end = self._year(at)
        before = self._number(begin - 1, 4)
        if year is None and before is not None and abs(before - self.today.year) <= _WINDOW_OF_YEARS:
            year, begin = before, begin - 1
        mentions = tuple(
            Mention(
                weekday=weekday.index if weekday else None,
                day=int(self.tokens[number].text),
                month=month.index,
                year=year,
                written=self._written(begin, end),
                misspelt=not month.exact or (weekday is not None and not weekday.exact),
                begin=begin,
                end=end,
            )
            for number in numbers
        )
        if len(mentions) > 1 and joins != {"and"}:
            return (replace(mentions[0], others=mentions[1:]),)
        return mentions

    def _numeric(self, begin: int) -> tuple[Mention, ...]:
        """«9/9/25», «09.09.2025», «2025-09-09», and «9/9» where nothing but a weekday stands before it."""
        weekday, at = self._weekday_before(begin)
        sign = self._token(at + 1)
        if sign is None or sign.text not in ("/", ".", *DASHES) or sign.gap == "\t":
            return ()
        signs = DASHES if sign.text in DASHES else sign.text
        if self._is(at + 3, signs) and not self._evenly_spaced(at, signs):
            return ()
        year: int | None
        if self._number(at, 4) is not None and self._is(at + 3, signs):
            year, month, day, end = self._number(at, 4), self._day(at + 2), self._day(at + 4), at + 5
        elif self._is(at + 3, signs) and self._number(at + 4, 2, 4) is not None:
            day, month, year, end = self._day(at), self._day(at + 2), self._number(at + 4, 2, 4), at + 5
        elif signs == "/" and (weekday is not None or self._stands_first(begin)):
            day, month, year, end = self._day(at), self._day(at + 2), None, at + 3
            if month not in range(1, 13) or day not in DAYS or sign.gap:
                return ()
            year, end = self._year(end)
        else:
            return ()
        if day is None or month is None:
            return ()
        if year is not None and year < 100:
            year += _CENTURY
        return (
            Mention(
                weekday=weekday.index if weekday else None,
                day=day,
                month=month,
                year=year,
                written=self._written(begin, end),
                misspelt=weekday is not None and not weekday.exact,
                numeric=self._number(at, 4) is None,
                begin=begin,
                end=end,
            ),
        )

    def _evenly_spaced(self, at: int, signs: str) -> bool:
        """Whether three numbers belong together, unlike those of «3. 1.10.2025»."""
        gaps = [token.gap for token in self.tokens[at + 1 : at + 5]]
        longer = self._is(at + 5, signs) and not self.tokens[at + 5].gap and self._day(at + 6) is not None
        return len(gaps) == 4 and gaps[:2] == gaps[2:] and "\t" not in gaps and not longer

    def _stands_first(self, at: int) -> bool:
        """Whether only signs and at most a row's number stand before this token, which is not far in."""
        before = self.tokens[:at] if at < _LONGEST_LIST else None
        if before is None or any(token.kind == "w" for token in before):
            return False
        numbers = [index for index, token in enumerate(before) if token.kind == "n"]
        return (
            not numbers
            or (numbers == [at - 2] and before[-1].text in (".", ")", ":"))
            or (numbers == [at - 1] and self.tokens[at].gap == "\t")
        )

    def _with_weekday_after(self, mention: Mention) -> Mention:
        """The same day with the weekday that follows it, as in «9 September (Tuesday)»."""
        if mention.weekday is not None or mention.others:
            return mention
        at = mention.end
        at += self._is(at, ",(" + DASHES)
        word = self._word(at)
        weekday = weekday_of(word) if word else None
        if weekday is None or not weekday.exact:
            return mention
        after = self._skip_the(self._after_weekday(at))
        belongs_to_next = self._day(after) is not None and not is_time(self.tokens, after)
        if belongs_to_next or (self._word(after) and month_of(self._word(after))):
            return mention
        return replace(
            mention, weekday=weekday.index, end=at + 1, written=self._written(mention.begin, at + 1)
        )
