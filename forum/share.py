"""The picture that a shared link shows: the Forum's name and a page's title, set in the Forum's own type."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1200, 630
KEPT = 64

_FONTS = Path(settings.BASE_DIR) / "static" / "fonts"
_INK, _MUTED, _PAPER, _PINE, _MARIGOLD, _WHITE = "#1b2624", "#4f5b57", "#fbfaf5", "#0e4d45", "#f5b82e", "#fff"
_SEMIBOLD, _REGULAR = 600, 400
_LEFT, _WIDE = 96, WIDTH - 96 - 72
_TITLE_TOP, _FOOT_TOP = 244, 540
_SIZES = (84, 76, 68, 60, 52, 44)
_WELSH = frozenset("\u0174\u0175\u0176\u0177\u1e80\u1e81\u1e82\u1e83\u1e84\u1e85\u1ef2\u1ef3")

type Font = ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What stands in a picture. Shape: `above` and `below` are small lines, or empty."""

    title: str
    above: str = ""
    below: str = ""

    @property
    def etag(self) -> str:
        """Another one for other words, or another way to draw them."""
        return f'"{sha256(f"1 {self!r}".encode()).hexdigest()[:32]}"'


@lru_cache(maxsize=KEPT)
def picture(words: Words) -> bytes:
    """A PNG of 1200 by 630 pixels.

    Source: ogp.me; the size that the large kinds of card show uncut.
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 27, HEIGHT), fill=_PINE)
    _name(draw)
    if words.above:
        _write(draw, (_LEFT, 190), words.above, _Face("sans", 34, _REGULAR), _MUTED)
    face, lines = _fitted(words.title)
    bottom = _TITLE_TOP
    for line in lines:
        _write(draw, (_LEFT, bottom), line, face, _INK)
        bottom += round(face.size * 1.14)
    draw.rectangle((_LEFT, bottom + 22, _LEFT + 96, bottom + 29), fill=_PINE)
    if words.below:
        _write(draw, (_LEFT, _FOOT_TOP), words.below, _Face("sans", 34, _REGULAR), _MUTED)
    written = BytesIO()
    image.quantize(64).save(written, "PNG")
    return written.getvalue()


class _Face:
    """One of the Forum's faces at one size, with the letters that only its second file has.

    Shape: opened anew for each picture, because a face may not be used by two threads at once.
    """

    def __init__(self, family: str, size: int, weight: int) -> None:
        name = {"serif": "source-serif-4", "sans": "source-sans-3"}[family]
        self.size = size
        self.fonts = tuple(
            self._open(f"{name}-{part}-wght-normal.woff2", weight) for part in ("latin", "latin-ext")
        )

    def _open(self, file: str, weight: int) -> Font:
        font = ImageFont.truetype(_FONTS / file, self.size)
        font.set_variation_by_axes([weight])
        return font

    def runs(self, text: str) -> list[tuple[Font, str]]:
        """The text in pieces of one file each."""
        found: list[tuple[Font, str]] = []
        for letter in text:
            font = self.fonts[letter in _WELSH]
            if found and found[-1][0] is font:
                found[-1] = (font, found[-1][1] + letter)
            else:
                found.append((font, letter))
        return found

    def width(self, text: str) -> float:
        """How wide a text is. Units: pixels."""
        return sum(font.getlength(piece) for font, piece in self.runs(text))


def _write(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, face: _Face, colour: str) -> None:
    left, top = at
    for font, piece in face.runs(text):
        draw.text((left, top + face.size), piece, font=font, fill=colour, anchor="ls")
        left += font.getlength(piece)


def _name(draw: ImageDraw.ImageDraw) -> None:
    """The three spines and the Forum's name beside them."""
    for left, top, inside in ((96, 66, _PINE), (122, 58, _MARIGOLD), (148, 70, _WHITE)):
        draw.rectangle(
            (left, top, left + 22, 128), fill=inside, outline=_INK if inside == _MARIGOLD else _PINE, width=4
        )
    _write(draw, (190, 54), "Trust-wide CPD", _Face("sans", 30, _SEMIBOLD), _PINE)
    _write(draw, (190, 84), "Leaders’ Forum", _Face("serif", 42, _SEMIBOLD), _PINE)


def _fitted(title: str) -> tuple[_Face, list[str]]:
    """The largest face in which a title fits, in lines of about one length; one that never fits is cut."""
    for size in _SIZES:
        face = _Face("serif", size, _SEMIBOLD)
        room = int((_FOOT_TOP - _TITLE_TOP - 40) // (size * 1.14))
        lines = _lines(title, face, _WIDE)
        if len(lines) <= room and all(face.width(line) <= _WIDE for line in lines):
            widths = range(_WIDE // 2, _WIDE, 43)
            return face, next((even for width in widths if (even := _even(title, face, width, lines))), lines)
    kept = [_cut(line, face) for line in lines[:room]]
    return face, kept if len(lines) <= room else [*kept[:-1], _cut(f"{kept[-1]} …", face)]


def _even(title: str, face: _Face, width: int, lines: list[str]) -> list[str]:
    """The title in narrower lines, if it needs no more of them; else nothing."""
    narrow = _lines(title, face, width)
    fits = len(narrow) == len(lines) and all(face.width(line) <= width for line in narrow)
    return narrow if fits else []


def _cut(line: str, face: _Face) -> str:
    """As much of a line as there is room for."""
    if face.width(line) <= _WIDE:
        return line
    while face.width(f"{line} …") > _WIDE:
        line = line[:-1]
    return f"{line} …"


def _lines(title: str, face: _Face, width: int) -> list[str]:
    """The title in lines that are not wider than this, each as full as it can be; a long word may stick out."""
    lines: list[str] = []
    for word in title.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and face.width(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
