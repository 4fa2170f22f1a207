"""The small text form in which chairs write pages and news, as safe HTML.

Shape: a blank line ends a paragraph; «## » begins a section, «### » a smaller heading; «- » a list item, «1. » a
numbered one; «> » a quotation; [words](address) a link. An https address that stands alone becomes a link, marked as
spelled out so that paper does not say it twice, and [address] the Forum's mailbox.
Everything is escaped; a link leads to https, mailto, tel or a path of this site.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from forum.kit.wording import MONTHS, NBSP

_DATE = re.compile(
    rf"\b(?:(\d{{1,2}}) )?({'|'.join(MONTHS)}) (\d{{4}})\b|\b(\d{{1,2}}) ({'|'.join(MONTHS)})\b"
)
_LINK = re.compile(r"\[([^\[\]\n]+)\]\(([^()\s]+)\)|(\[address\])|(https://[^\s<>\"’)\]]+)")
_MAILBOX = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_TELEPHONE = re.compile(r"\+?[0-9-]{3,20}")
_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/_.~?=&#%-]*")
_MARKS = (
    ("heading", re.compile(r"#{3,}\s+(.+)")),
    ("ul", re.compile(r"[-•]\s+(.+)")),
    ("ol", re.compile(r"\d{1,2}\.\s+(.+)")),
    ("blockquote", re.compile(r">\s?(.*)")),
)
_SECTION = re.compile(r"##\s+(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What stands under one heading. Shape: `anchor` is its id on the page; `html` is safe."""

    title: str
    anchor: str
    html: SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A written text. Shape: `opening` is what stands before the first heading, and safe."""

    opening: SafeString
    sections: tuple[Section, ...]


def read(text: str, *, mailbox: str) -> Text:
    """A text in its small form as HTML; `mailbox` is what [address] stands for."""
    title, lines, parts = "", [], []
    for line in [*text.splitlines(), "## end"]:
        found = _SECTION.fullmatch(line.strip())
        if found is None:
            lines.append(line)
            continue
        parts.append((title, _html(lines, mailbox)))
        title, lines = found[1], []
    anchors = _anchors([title for title, _ in parts[1:]])
    return Text(
        opening=parts[0][1],
        sections=tuple(
            Section(title=title, anchor=anchor, html=html)
            for (title, html), anchor in zip(parts[1:], anchors, strict=True)
        ),
    )


def _anchors(titles: list[str]) -> list[str]:
    """An id for each heading, none twice."""
    found: list[str] = []
    for title in titles:
        name = slugify(title) or "section"
        while name in found or name == "content":  # the page's own id
            name += "-2"
        found.append(name)
    return found


def _html(lines: list[str], mailbox: str) -> SafeString:
    blocks = (_block(kind, held, mailbox) for kind, held in _blocks(lines))
    return mark_safe("\n".join(blocks))  # every piece of it was escaped


def _blocks(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Blocks of one kind with their items; a line without a mark goes on with the item before it."""
    kind, items = "", [""]
    for line in [*(one.strip() for one in lines), ""]:
        mark, words = _mark(line)
        goes_on = line and kind and kind != "heading" and mark in ("", kind)
        if goes_on and mark in ("ul", "ol"):
            items.append(words)
        elif goes_on:
            items[-1] = f"{items[-1]} {words}".strip()
        else:
            if kind:
                yield kind, items
            kind, items = (mark or "p", [words]) if line else ("", [""])


def _mark(line: str) -> tuple[str, str]:
    for kind, pattern in _MARKS:
        if found := pattern.fullmatch(line):
            return kind, found[1]
    return "", line


def _block(kind: str, items: list[str], mailbox: str) -> str:
    written = [_inline(item, mailbox) for item in items]
    if kind in ("ul", "ol"):
        return f"<{kind}>{''.join(f'<li>{item}</li>' for item in written)}</{kind}>"
    if kind == "blockquote":
        return f"<blockquote><p>{written[0]}</p></blockquote>"
    return f"<h3>{written[0]}</h3>" if kind == "heading" else f"<p>{written[0]}</p>"


def _inline(text: str, mailbox: str) -> str:
    done, written = 0, []
    for found in _LINK.finditer(text):
        written.append(_words(text[done : found.start()]))
        done = found.end()
        words, address, own, alone = found.groups()
        if own:
            written.append(_anchor(f"mailto:{mailbox}", mailbox))
        elif alone:
            bare = alone.rstrip(".,;:!?")
            written.append(_anchor(bare, bare, ' class="spelled-out"') if _may_lead(bare) else _words(bare))
            written.append(_words(alone[len(bare) :]))
        else:
            written.append(_anchor(address, words) if _may_lead(address) else _words(found[0]))
    written.append(_words(text[done:]))
    return "".join(written)


def _anchor(address: str, words: str, more: str = "") -> str:
    return f'<a href="{escape(address)}"{more}>{_words(words)}</a>'


def _may_lead(address: str) -> bool:
    """Whether a link may lead there.

    Source: WHATWG URL (a path that begins with two strokes, or one stroke and a backslash, is another host).
    """
    kind, _, rest = address.partition(":")
    if kind == "https":
        return is_https(address)
    if kind == "mailto":
        return bool(_MAILBOX.fullmatch(rest))
    return bool(_TELEPHONE.fullmatch(rest) if kind == "tel" else _PATH.fullmatch(address))


def is_https(address: str) -> bool:
    """Whether this is one plain https address, without a name before the host that could pass for it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    plain = not re.search(r"[\s\"'<>\\^`{|}]", address)
    return parts.scheme == "https" and plain and "." in parts.netloc and "@" not in parts.netloc


def _words(text: str) -> str:
    """Escaped words, with dates that stay on one line."""
    return _DATE.sub(lambda found: found[0].replace(" ", NBSP), escape(text, quote=False))
