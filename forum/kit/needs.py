"""What an app tells the chairs' desk: something that needs a chair, and something that was done."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing for a chair to do: a sentence, why, one button.

    Shape: `key` names it for good; a smaller `rank` is more urgent.
    Units: `minutes` is what it takes.
    """

    key: str
    rank: int
    title: str
    why: str
    url: str
    button: str
    minutes: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One act in words. Shape: `by_id` is who did it, nothing for the portal; `words` go on after the name."""

    at: datetime
    by_id: int | None
    words: str
    url: str = ""
