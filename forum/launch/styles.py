"""`./run css`: the style sheets that pages load, made from those that people write.

Only rules that some page can use are kept, in as few bytes as they need. A class counts as used when its name stands
in a template, a script or the portal's own code; one that a template puts together counts by its beginning, as
`tag-{{ state }}` does for `tag-held`. No Bootstrap is among them: the forms' template pack draws our own markup.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import rcssmin
import tinycss2
from tinycss2.ast import AtRule, Node, QualifiedRule

ROOT = Path(__file__).resolve().parents[2]
STYLES = ROOT / "static" / "css"
MADE = {"site.css": "site.min.css", "admin.css": "admin.min.css"}
"""What is written by hand, and what is made of it."""

# Django's admin and the sign-in pages bring templates of their own.
_BROUGHT = ("django/contrib/admin/templates", "crispy_bootstrap5/templates")
_SOURCES = ("templates", "static/js", "forum", "members", "meetings", "communities", "publications")
_WORD = re.compile(r"[A-Za-z][\w-]*")
_BEGINNING = re.compile(r"([A-Za-z][\w-]*-)(?=\{\{|\{%|\{)")
_CLASS = re.compile(r"\.([A-Za-z][\w-]*)")
_NOT = re.compile(r":not\([^()]*\)")


def make(source: str) -> str:
    """The style sheet that is made of one written by hand.

    Shape: `source` is one of MADE.
    """
    words, beginnings = _used()
    css = (STYLES / source).read_text()
    kept = "".join(_kept(tinycss2.parse_stylesheet(css, skip_comments=True), words, beginnings))
    return str(rcssmin.cssmin(kept)) + "\n"


def _used() -> tuple[set[str], tuple[str, ...]]:
    words: set[str] = set()
    beginnings: set[str] = set()
    for path in _files():
        text = path.read_text()
        words.update(_WORD.findall(text))
        beginnings.update(_BEGINNING.findall(text))
    return words, tuple(sorted(beginnings))


def _files() -> Iterator[Path]:
    packages = Path(tinycss2.__file__).parents[1]
    for folder in (*(ROOT / name for name in _SOURCES), *(packages / name for name in _BROUGHT)):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".html", ".js", ".py", ".txt") and "migrations" not in path.parts:
                yield path


def _kept(rules: list[Node], words: set[str], beginnings: tuple[str, ...]) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            selectors = [one for one in _selectors(rule) if _may_be(one, words, beginnings)]
            if selectors:
                yield ",".join(selectors) + "{" + tinycss2.serialize(rule.content) + "}"
        elif isinstance(rule, AtRule) and rule.content is not None and rule.lower_at_keyword == "media":
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            body = "".join(_kept(inner, words, beginnings))
            if body:
                yield f"@media{tinycss2.serialize(rule.prelude)}{{{body}}}"
        else:
            yield rule.serialize()


def _selectors(rule: QualifiedRule) -> list[str]:
    """The selectors of a rule; a comma inside brackets parts none."""
    found: list[str] = []
    one: list[Node] = []
    for token in rule.prelude:
        if token.type == "literal" and token.value == ",":
            found.append(tinycss2.serialize(one).strip())
            one = []
        else:
            one.append(token)
    return [*found, tinycss2.serialize(one).strip()]


def _may_be(selector: str, words: set[str], beginnings: tuple[str, ...]) -> bool:
    names = _CLASS.findall(_NOT.sub("", selector))
    return all(name in words or name.startswith(beginnings) for name in names)


def main() -> None:
    """Writes what is made."""
    for source, made in MADE.items():
        (STYLES / made).write_text(make(source))
        before, after = ((STYLES / name).stat().st_size for name in (source, made))
        print(f"{made}: {after} of {before} bytes")


if __name__ == "__main__":
    main()
