"""Which characters names, lines and texts may hold: nothing that cannot be seen, or that turns what is seen around.

Source: Unicode TR36 and TR39 (bidirectional controls, invisible characters); RFC 5322 2.2 (no line break in a header).
"""

from django.core.validators import RegexValidator

INVISIBLE = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls
    r"\u00ad\u200b\u2060-\u2064\ufeff"  # nothing to see
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turning the direction of what follows
    r"\u2028\u2029\ufff9-\ufffb\ue000\ue001"
    r"\ud800-\udfff"  # halves of characters
    r"\U000e0000-\U000e007f"  # tags
)
UNSEEN = "Take out the characters that cannot be seen: type this anew rather than paste it"
TAKE_OUT = (
    "Take out the line breaks and the characters that cannot be seen: type this anew rather than paste it"
)

ONE_LINE = RegexValidator(rf"[{INVISIBLE}\n\r\t]", TAKE_OUT, code="unseen", inverse_match=True)
"""For what stands on one line: names, titles, addresses."""

LINES = RegexValidator(rf"[{INVISIBLE}]", UNSEEN, code="unseen", inverse_match=True)
"""For what may have several lines."""

SEEN_IN_SQL = r"[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
"""The same for one line as PostgreSQL writes it, for constraints."""
