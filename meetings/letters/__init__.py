"""The letters about meetings: one function each; the door to what makes them and what fills them."""

from meetings.letters.calendar import (
    Preview,
    cancellation,
    change,
    choice_words,
    invitation,
    link_missing,
    notice,
    notice_to,
    preview,
    public_entry,
    slots,
    test,
    test_slots,
    withdrawal,
)
from meetings.letters.plain import reminder, welcome, welcome_to

__all__ = [
    "Preview",
    "cancellation",
    "change",
    "choice_words",
    "invitation",
    "link_missing",
    "notice",
    "notice_to",
    "preview",
    "public_entry",
    "reminder",
    "slots",
    "test",
    "test_slots",
    "welcome",
    "welcome_to",
    "withdrawal",
]
