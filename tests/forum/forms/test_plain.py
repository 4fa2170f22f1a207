"""Every form of the project: no sentence of Django's own, one drawing, links that lead to an input."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from crispy_forms.utils import render_crispy_form
from django import forms
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from forum.forms import PlainForm
from forum.kit import tokens
from meetings import invitations
from meetings.models import Invitation, Meeting
from members.models import Person
from tests import make
from tests.pages import title_of

pytestmark = pytest.mark.django_db

OURS = ("forum", "members", "meetings", "communities", "publications")
TEMPLATES = Path(settings.BASE_DIR) / "templates"
BY_HAND = {  # rows of a pasted list, each with a question of its own, and Django's own search
    "admin/meetings/year_row.html",
    "admin/meetings/year_choices.html",
    "admin/search_form.html",
    "demo/inbox.html",
}
JUNK = ("", "a\x00b", "x" * 5_000)


def forms_of_ours(kind: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    """Every form class that stands in one of our modules."""
    for one in kind.__subclasses__():
        if one.__module__.partition(".")[0] in OURS and one is not PlainForm:
            yield one
        yield from forms_of_ours(one)


FORMS = sorted(set(forms_of_ours()), key=lambda one: one.__qualname__)


@pytest.fixture
def made(tracy: Person) -> Callable[..., forms.BaseForm]:
    """Makes any form of ours; one that asks for more than data is given it here."""
    starts_at = make.london("2025-11-06 10:00")
    meeting = Meeting(starts_at=starts_at, ends_at=make.london("2025-11-06 11:30"), year=2025)
    day = {"meeting": meeting, "today": date(2025, 10, 20)}
    needs: dict[str, dict[str, Any]] = {
        **{key: {"user": tracy} for key in ("SecondStepForm", "ConfirmForm")},
        **{key: {"user": tracy} for key in ("PasskeyForm", "PasskeyStepForm", "PasskeyConfirmForm")},
        "CodeForm": {"code": "482913"},
        "AppCodeForm": {"person": tracy, "secret": "A" * 32},
        "NewsForm": {"today": date(2025, 10, 20)},
        "MailChoiceForm": {"on_forum_list": True},
        "AddressForm": {"person": tracy},
        "DayForm": day,
        "MoveForm": day,
        "InviteForm": day | {"people": 428, "starts_at": starts_at},
        "TellForm": {"people": 428, "subject": "Changed: Thursday 6 November 2025"},
        "YearForm": {"today": date(2025, 10, 20)},
        "WhichYearForm": {"candidates": [2025, 2026]},
    }
    return lambda kind, data=None: kind(data, **needs.get(kind.__name__, {}))


def stock_sentences() -> list[re.Pattern[str]]:
    """What Django would say, as patterns."""
    kinds, said = [forms.Field], set()
    while kinds:
        kind = kinds.pop()
        if kind.__module__.startswith("django."):
            said |= {str(words) for words in vars(kind).get("default_error_messages", {}).values()}
            kinds += kind.__subclasses__()
    said |= {"Ensure this value has at most", "Ensure this value has at least", "Ensure this value is"}
    said |= {"Null characters are not allowed.", "Enter a valid value.", "Enter a valid email address."}
    assert "This field is required." in said
    return [
        re.compile(re.sub(r"%\\\((\w+)\\\)[sd]|%s", ".*", re.escape(words)))
        for words in said
        if len(words) > 8
    ]


STOCK = stock_sentences()


@dataclass
class Ids(HTMLParser):
    """The elements of a page by their id, the links of its summary, and what every control holds."""

    tags: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.tags[str(given["id"])] = tag if given.get("type") != "hidden" else "hidden"
        if tag == "a" and str(given.get("href")).startswith("#") and given["href"] != "#content":
            self.links.append(str(given["href"])[1:])


def read(page: str) -> Ids:
    found = Ids()
    found.feed(page)
    return found


def test_there_are_forms_and_each_is_plain():
    assert len(FORMS) > 20
    assert [one for one in FORMS if not issubclass(one, PlainForm)] == []


@pytest.mark.parametrize("kind", FORMS, ids=lambda kind: kind.__name__)
def test_no_form_says_a_sentence_of_django_s(kind: type[PlainForm], made: Callable[..., PlainForm]):
    form = made(kind)
    said = [str(words) for one in form.fields.values() for words in one.error_messages.values()]
    for junk in JUNK:
        said += [
            words
            for errors in made(kind, dict.fromkeys(form.fields, junk)).errors.values()
            for words in errors
        ]
    assert [words for words in said for stock in STOCK if stock.match(words)] == []


@pytest.mark.parametrize("kind", FORMS, ids=lambda kind: kind.__name__)
def test_each_form_is_drawn_as_ours(kind: type[PlainForm], made: Callable[..., PlainForm]):
    form = made(kind, dict.fromkeys(made(kind).fields, "typed <b>\x00"))
    drawn = render_crispy_form(form)
    page = read(render_to_string("parts/error_summary.html", {"form": form}) + drawn)
    assert [link for link in page.links if page.tags.get(link) not in ("input", "select", "textarea")] == []
    assert (
        "form-control" not in drawn
        and "asterisk" not in drawn
        and not re.search(r"\s(required|maxlength)\b", drawn)
    )
    shown = [one for one in form if one.auto_id in drawn]
    for one in shown:
        if isinstance(one.field.widget, forms.TextInput | forms.Textarea) and not one.field.disabled:
            assert "typed &lt;b&gt;" in str(one), "what was typed is kept"
            assert str(one) in drawn or one.is_hidden
        if one.errors and not one.is_hidden:
            assert f'id="{one.auto_id}_error"' in drawn


def test_what_may_stay_empty_says_so(made: Callable[..., PlainForm]):
    class Some(PlainForm):
        must = forms.CharField(error_messages={"required": "Enter it"})
        may = forms.CharField(required=False)
        said = forms.CharField(label="A note (optional), in a few words", required=False)
        box = forms.BooleanField(required=False)
        none = forms.ChoiceField(choices=[("", "None"), ("a", "A")], required=False)
        one = forms.ChoiceField(choices=[("a", "A")], required=False)
        unseen = forms.CharField(required=False, widget=forms.HiddenInput)

    labels = {one.name: one.label for one in Some()}
    assert labels == {
        "must": "Must",
        "may": "May (optional)",
        "said": "A note (optional), in a few words",
        "box": "Box",
        "none": "None",
        "one": "One (optional)",
        "unseen": "Unseen",
    }


def test_a_field_that_must_be_filled_needs_words_of_its_own():
    class Silent(PlainForm):
        name = forms.CharField()

    with pytest.raises(ImproperlyConfigured, match=r"Silent\.name"):
        Silent()


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_fields_are_drawn_in_one_place_and_browsers_check_none():
    wrong = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        name, text = str(path.relative_to(TEMPLATES)), path.read_text()
        for tag, inside in re.findall(r"(?s)(<form\b[^>]*>)(.*?)</form>", re.sub(r"{%.*?%}", _kept, text)):
            by_hand = re.search(r'<(?:textarea|select)|<input(?![^>]*type="(?:hidden|submit)")', inside)
            if by_hand and name not in BY_HAND:
                wrong.append(f"{name} draws a field by hand: {by_hand[0]}")
            if ("{% crispy" in inside or "as_crispy_field" in inside) and "novalidate" not in tag:
                wrong.append(f"{name} lets the browser check")
    assert wrong == []


def _kept(found: re.Match[str]) -> str:
    return found[0].replace(">", "")


@pytest.fixture
def november(priya: Person) -> Meeting:
    """A meeting that Priya is invited to."""
    meeting = make.meeting("2025-11-06 10:00", invite_at=make.london("2025-10-16 09:00"))
    invitations.reconcile(make.london("2025-10-20 09:00"))
    return meeting


def wrong_posts(meeting: Meeting, person: Person) -> dict[str, tuple[dict[str, str], str]]:
    """What a person might send, wrong, to every form page, and what of it must still stand there."""
    later = make.meeting("2025-12-02 10:00")
    answer = tokens.make(Invitation.objects.get(person=person).key, "answer")

    def of_meeting(name: str, one: Meeting = meeting) -> str:
        return reverse(f"admin:meetings_meeting_{name}", args=[one.pk])

    def of_person(name: str) -> str:
        return reverse(f"admin:members_person_{name}", args=[person.pk])

    return {
        "/sign-in/": ({"email": "priya at home"}, "priya at home"),
        reverse("meetings:answer", args=[answer]): ({"answer": "", "note": "With Callum"}, "With Callum"),
        reverse("members:mail", args=[tokens.make(person.key, "mail")]): ({"stop": ""}, ""),
        of_meeting("words"): ({"theme": "T" * 201, "agenda": "A"}, "T" * 201),
        of_meeting("link"): ({"join_url": "zoom dot us", "join_id": "845"}, "zoom dot us"),
        of_meeting("move"): ({"day": "the seventh", "starts": "1pm", "ends": "2pm"}, "the seventh"),
        of_meeting("cancel"): ({"reason": ""}, ""),
        of_meeting("plan", later): ({"when": "on", "day": "soon"}, "soon"),
        reverse("admin:meetings_set_up_year"): ({"dates": "hello", "starts": "10am", "ends": "9am"}, "hello"),
        reverse("admin:members_person_add"): ({"name": "", "email": "nobody"}, "nobody"),
        of_person("details"): ({"name": "", "job_title": "Head"}, "Head"),
        of_person("address"): ({"email": "nowhere"}, "nowhere"),
        of_person("place"): ({"trust": "", "kind": ""}, ""),
        reverse("admin:outbox_sendingswitch_off"): ({"why": "w" * 201}, "w" * 201),
    }


def test_every_page_says_what_is_wrong_and_keeps_what_was_typed(
    as_person: Callable[[Person], Client], visitor: Client, tracy: Person, priya: Person, november: Meeting
):
    chair = as_person(tracy)
    for where, (data, kept) in wrong_posts(november, priya).items():
        answer: HttpResponse = (chair if "/admin/" in where else visitor).post(where, data)
        text = answer.content.decode()
        assert answer.status_code == 200, where
        assert title_of(answer).startswith("Error:"), where
        page = read(text[text.index('class="error-summary"') :])
        assert page.links and kept in text, where
        everything = read(text).tags
        assert [
            one for one in page.links if everything.get(one) not in ("input", "select", "textarea")
        ] == [], where
        assert "novalidate" in text, where
