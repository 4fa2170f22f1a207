"""The forms of a page as a program finds them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True, kw_only=True)
class Form:
    """One form that posts. Shape: `values` is what a press of its button would send."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Its fields."""
        return tuple(sorted(self.values))


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.now: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self.now = Form(action=given.get("action", "").partition("?")[0])
            self.found.append(self.now)
        elif self.now is not None and given.get("name") and tag in ("input", "textarea", "select", "button"):
            self.now.values.setdefault(given["name"], given.get("value", ""))
            if given.get("type") == "hidden":
                self.now.hidden[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.now = None


def forms_of(page: str) -> list[Form]:
    """Every form of a page that posts."""
    finder = _Finder()
    finder.feed(page)
    return finder.found
