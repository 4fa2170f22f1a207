"""The style guide shows every component, every letter and the shared flow, and exists in development alone."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.test import Client
from django.urls import Resolver404, include, path, resolve

from forum import urls
from forum.forms.days import DayField
from forum.styleguide import letters, samples
from tests.pages import text_of, title_of

urlpatterns = [path("styleguide/", include("forum.styleguide.urls")), *urls.urlpatterns]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
TEMPLATES = Path(django_settings.BASE_DIR) / "templates"
WITHIN = {  # parts of parts, of sentences and of the head, and what only letters use
    "community_name.html",
    "field_words.html",
    "guide_sections.html",
    "lockup.html",
    "messages.html",
    "meta.html",
    "nav.html",
    "size.html",
    "undo_offer.html",
    "year_mark.html",
}


@pytest.fixture(autouse=True)
def in_development(settings: LazySettings) -> None:
    """As at a developer's desk."""
    settings.ENVIRONMENT = "development"


@pytest.fixture
def addresses() -> Iterator[Any]:
    """Gives the addresses of the site as they are in some environment."""

    def made(settings: LazySettings, environment: str) -> list[str]:
        settings.ENVIRONMENT = environment
        return [str(one.pattern) for one in importlib.reload(urls).urlpatterns]

    yield made
    django_settings.ENVIRONMENT = "test"
    importlib.reload(urls)


@pytest.mark.parametrize(
    ("environment", "there"), [("development", True), ("test", False), ("production", False)]
)
def test_production_has_no_such_address(
    addresses: Any, settings: LazySettings, environment: str, there: bool
):
    assert ("styleguide/" in addresses(settings, environment)) is there


@pytest.mark.parametrize(
    "where", ["", "mail/", "mail/invitation/", "flow/", "flow/size/", "flow/check/", "flow/done/"]
)
def test_production_opens_nothing_even_if_addressed(visitor: Client, settings: LazySettings, where: str):
    settings.ENVIRONMENT = "production"
    assert visitor.get(f"/styleguide/{where}").status_code == 404


def test_the_site_itself_is_not_in_the_way():
    with pytest.raises(Resolver404):
        resolve("/styleguide/", urlconf="forum.urls")


def test_every_part_is_shown(visitor: Client):
    page = visitor.get("/styleguide/")
    assert page.status_code == 200
    used = {Path(one.name).name for one in page.templates if str(one.name).startswith("parts/")}
    there = {path.name for path in (TEMPLATES / "parts").glob("*.html")}
    assert there - WITHIN - used == set()
    text = page.content.decode()
    keys = [sample.key for section in samples.sections() for sample in section.samples]
    assert len(keys) == len(set(keys)) > 40
    assert text.count("<pre>") == len(keys) and "&lt;div class=&quot;banner banner-info&quot;" in text


def test_every_part_says_what_it_is_given():
    assert [
        path.name for path in (TEMPLATES / "parts").rglob("*.html") if not path.read_text().startswith("{# ")
    ] == []


def test_every_colour_of_the_look_is_a_swatch():
    css = (Path(django_settings.BASE_DIR) / "static/css/site.css").read_text()
    tokens = re.findall(r"--([a-z-]+): #", css.partition("color-scheme")[0])
    assert sorted(tokens) == sorted(samples.COLOURS)


# --- Letters ----------------------------------------------------------------------------------------------------------


def test_every_letter_that_has_templates_is_shown(visitor: Client, django_assert_num_queries: Any):
    triples = {path.name.removesuffix(".subject.txt") for path in TEMPLATES.glob("*/mail/*.subject.txt")}
    with django_assert_num_queries(0):
        shown = letters.shown()
    assert {one.kind for one in shown} == triples | {"code"}
    page = visitor.get("/styleguide/mail/")
    for one in shown:
        assert one.subject in text_of(page).replace("\u00a0", " ") or one.subject in page.content.decode()
        alone = visitor.get(f"/styleguide/mail/{one.key}/")
        assert "<body" in alone.content.decode() and "sandbox" in alone["Content-Security-Policy"]
        assert not re.search("[\ue000\ue001]", one.subject + one.text + one.html)
    assert visitor.get("/styleguide/mail/nothing/").status_code == 404


# --- One question a page ----------------------------------------------------------------------------------------------


def answer(visitor: Client, key: str, **data: object) -> Any:
    return visitor.post(f"/styleguide/flow/{key}/", data)


def test_a_journey_keeps_answers_until_its_end(visitor: Client):
    assert visitor.get("/styleguide/flow/")["Location"] == "/styleguide/flow/size/"
    assert visitor.get("/styleguide/flow/check/")["Location"] == "/styleguide/flow/size/"
    assert visitor.get("/styleguide/flow/done/")["Location"] == "/styleguide/flow/size/"
    wrong = answer(visitor, "size", schools="seventeen", pupils="9420")
    assert title_of(wrong).startswith("Error:") and "seventeen" in wrong.content.decode()
    assert (
        "Choose at least one school phase" in text_of(wrong)
        and 'href="#id_phases_0"' in wrong.content.decode()
    )
    sent = answer(visitor, "size", schools="17", pupils="", phases=["primary", "special"], office="chair")
    assert sent["Location"] == "/styleguide/flow/begun/"
    assert "question 2 of 3" in text_of(visitor.get("/styleguide/flow/begun/"))
    assert 'value="17"' in visitor.get("/styleguide/flow/size/").content.decode(), "Back keeps the answer"
    assert answer(visitor, "begun", begun_on_day="1", begun_on_month="Sept", begun_on_year="2024")[
        "Location"
    ].endswith("/news/")
    assert answer(visitor, "news", news="yes")["Location"] == "/styleguide/flow/check/"
    said = text_of(visitor.get("/styleguide/flow/check/"))
    for words in (
        "Schools in your trust 17",
        "Pupils Not given",
        "Primary and Special",
        "1 September 2024",
        "Yes",
    ):
        assert words in said
    assert answer(visitor, "size", schools="18", phases=["primary"])["Location"] == "/styleguide/flow/check/"
    assert "office" not in str(letters) and "Schools in your trust 18" in text_of(
        visitor.get("/styleguide/flow/check/")
    )
    assert visitor.post("/styleguide/flow/check/")["Location"] == "/styleguide/flow/done/"
    assert "What happens next" in text_of(visitor.get("/styleguide/flow/done/"))
    assert visitor.get("/styleguide/flow/check/")["Location"] == "/styleguide/flow/size/", "nothing is left"


def test_opening_a_question_keeps_nothing(visitor: Client):
    for where in ("", "size/", "begun/", "news/"):
        visitor.get(f"/styleguide/flow/{where}", follow=True)
    assert not visitor.cookies.get("session")
    assert visitor.get("/styleguide/flow/elsewhere/").status_code == 404


def test_answers_that_somebody_forged_are_no_answers(visitor: Client):
    answer(visitor, "size", schools="17", phases=["primary"])
    session = visitor.session
    session["flow.sample"] = session["flow.sample"][:-1] + "x"
    session.save()
    assert visitor.get("/styleguide/flow/check/")["Location"] == "/styleguide/flow/size/"


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        (["19", "11", "2025"], "2025-11-19"),
        (["19", "Nov", "2025"], "2025-11-19"),
        (["1", "september", "2024"], "2024-09-01"),
        (["31", "2", "2025"], None),
        (["x", "11", "2025"], None),
        (["19", "Nev", "2025"], None),
        (["19", "11", ""], None),
        (["1", "1", "9" * 30], None),
    ],
)
def test_a_day_is_read_as_people_write_it(typed: list[str], day: str | None):
    field = DayField(error_messages={"required": "Enter the day"})
    if day is None:
        with pytest.raises(Exception, match="Enter"):
            field.clean(typed)
    else:
        assert field.clean(typed).isoformat() == day
