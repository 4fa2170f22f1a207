"""What chairs write for the site, made clean."""

import re
from datetime import date, datetime
from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.core.exceptions import ValidationError

from forum.forms import PlainForm
from forum.kit import characters, wording
from publications import actions, markup
from publications.models import NewsItem, Page

_TEXT = {"autocomplete": "off"}
_HOW = (
    "A blank line ends a paragraph. Begin a line with ## for a heading, with - for a list. "
    "Write a link as [its words](/its/address/); [address] is the Forum’s mailbox"
)
_DAY = "Enter the day, like {}"
_FORMS = ("%d %B %Y", "%d %b %Y", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d")


class _OneLine(forms.CharField):
    """Text that has one line: what was pasted with line breaks is joined by spaces."""

    default_validators = [characters.ONE_LINE]  # noqa: RUF012  # Django's own name and shape

    def to_python(self, value: Any) -> str:
        """The text on one line; what cannot be seen stays, to be refused."""
        return " ".join(re.split(r"[ \t\r\n]+", super().to_python(value) or "")).strip()


class _Lines(forms.CharField):
    """Text of several lines, with plain line ends."""

    default_validators = [characters.LINES]  # noqa: RUF012

    def to_python(self, value: Any) -> str:
        """The text without spaces at the ends of its lines."""
        return "\n".join(line.rstrip() for line in (super().to_python(value) or "").strip().splitlines())


def _line(label: str, most: int, required: str = "", hint: str = "", *, rows: int = 1) -> _OneLine:
    return _OneLine(
        label=label,
        required=bool(required),
        max_length=most,
        help_text=hint,
        widget=forms.Textarea(attrs={"rows": rows}) if rows > 1 else forms.TextInput(attrs=_TEXT),
        error_messages={"required": required, "max_length": f"Shorten this to {most} characters"},
    )


def _body(*, required: bool) -> _Lines:
    return _Lines(
        label="Text",
        required=required,
        max_length=20_000,
        help_text=_HOW,
        widget=forms.Textarea(attrs={"rows": 22}),
        error_messages={"required": "Write the text", "max_length": "Shorten the text to 20,000 characters"},
    )


class _Written(PlainForm):
    """What somebody writes. Shape: `seen` is when the thing had last been written when its writer began."""

    seen = forms.DateTimeField(
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid": "Open this page again: it does not say which words it began with"},
    )


class PageForm(_Written):
    """The words of a standing page."""

    title = _line("Title", 120, "Enter the title")
    lead = _line(
        "Opening sentence",
        300,
        "Enter the opening sentence",
        "Search engines and shared links show it too",
        rows=3,
    )
    body = _body(required=True)
    layout = (
        "seen",
        Field("title", wrapper_class="full narrow"),
        Field("lead", wrapper_class="full narrow"),
        Field("body", wrapper_class="full"),
    )

    @classmethod
    def of(cls, page: Page) -> "PageForm":
        """The form with what the page says."""
        now = {"title": page.title, "lead": page.lead, "body": page.body, "seen": page.edited_at.isoformat()}
        return cls(initial=now)

    @property
    def words(self) -> actions.PageWords:
        """What was written."""
        return actions.PageWords(**{name: self.cleaned_data[name] for name in ("title", "lead", "body")})


class NewsForm(_Written):
    """One news item or signed article. Shape: `today` is London's day."""

    kind = forms.ChoiceField(
        label="Who speaks?",
        choices=NewsItem.Kind.choices,
        initial=NewsItem.Kind.NEWS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who speaks", "invalid_choice": "Choose who speaks"},
    )
    title = _line("Title", 120, "Enter the title")
    summary = _line(
        "Summary", 300, "Enter one or two sentences", "Lists, shared links and the news feed show it", rows=3
    )
    body = _body(required=False)
    published_on = forms.CharField(
        label="Day",
        max_length=60,
        error_messages={"required": "Enter the day"},
        widget=forms.TextInput(attrs=_TEXT),
        help_text="Readers see it from this day on",
    )
    author = _line("Signed by", 120, hint="For an article: the name, as Tracy Goodyear")
    author_role = _line("Their role", 160, hint="As: Chair of the Forum, The Mercian Trust")
    source_outlet = _line("Where it appeared", 120, hint="If it appeared elsewhere, as: Tes")
    source_title = _line("What it is called there", 200)
    source_url = _line("Link to it", 500, hint="Begins with https://")
    on_home = forms.BooleanField(label="May stand on the start page", required=False, initial=True)
    layout = (
        "seen",
        "kind",
        Field("title", wrapper_class="full narrow"),
        Field("summary", wrapper_class="full narrow"),
        Field("body", wrapper_class="full"),
        Field("published_on", wrapper_class="width-20"),
        "author",
        "author_role",
        "source_outlet",
        "source_title",
        "source_url",
        "on_home",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        day = self.fields["published_on"]
        day.initial = _plain(wording.long_day(today))
        message = _DAY.format(_plain(wording.long_day(today)))
        day.error_messages |= {"required": message, "max_length": message}

    @classmethod
    def of(cls, item: NewsItem, *, today: date) -> "NewsForm":
        """The form with what the item says."""
        now = {name: getattr(item, name) for name in cls.base_fields if name != "seen"}
        now["published_on"] = _plain(wording.long_day(item.published_on)) if item.published_on else ""
        return cls(today=today, initial=now | {"seen": item.edited_at.isoformat()})

    def clean_published_on(self) -> date:
        """The day, from any usual way to write it."""
        typed = re.sub(r"^[A-Za-z]+,? +(?=\d)", "", " ".join(self.cleaned_data["published_on"].split()))
        typed = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", typed)
        for form in _FORMS:
            try:
                found = datetime.strptime(typed, form).date()  # noqa: DTZ007  # a day has no zone
            except ValueError:
                continue
            if 2000 <= found.year < 2100:
                return found
        raise ValidationError(_DAY.format(_plain(wording.long_day(self.today))))

    def clean_source_url(self) -> str:
        """The link, one plain https address."""
        address = str(self.cleaned_data["source_url"])
        if address and not markup.is_https(address):
            raise ValidationError("Paste the whole link; it begins with https://")
        return address

    def clean(self) -> dict[str, Any]:
        """An article is signed; a link has a name."""
        data = super().clean() or {}
        if (
            data.get("kind") == NewsItem.Kind.ARTICLE
            and not data.get("author")
            and "author" not in self.errors
        ):
            self.add_error("author", "Enter the name of who signs the article")
        if data.get("source_url") and not data.get("source_outlet") and "source_outlet" not in self.errors:
            self.add_error("source_outlet", "Enter where the link leads, like Tes")
        return data

    @property
    def words(self) -> actions.NewsWords:
        """What was written."""
        return actions.NewsWords(
            **{name: value for name, value in self.cleaned_data.items() if name != "seen"}
        )


def _plain(words: str) -> str:
    """Words as somebody would type them."""
    return words.replace(wording.NBSP, " ")
