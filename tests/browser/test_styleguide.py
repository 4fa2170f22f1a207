"""The style guide in a real browser: no finding, no sideways scroll, a picture of every component; and one flow."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from forum.styleguide import samples
from tests.browser.conftest import Visit

pytestmark = pytest.mark.urls("tests.forum.styleguide.test_styleguide")


@pytest.fixture(autouse=True)
def in_development(settings: LazySettings) -> Iterator[None]:
    """As at a developer's desk."""
    settings.ENVIRONMENT = "development"
    yield


def test_every_component_has_its_picture(visit: Visit, tmp_path: Path):
    page = visit.open("/styleguide/")
    visit.check()
    for section in samples.sections():
        for sample in section.samples:
            if sample.is_on_page:
                continue
            picture = tmp_path / f"{sample.key}.png"
            page.locator(f"#sample-{sample.key}").screenshot(path=picture)
            assert picture.stat().st_size > 300, sample.key
    for name in ("header", "strip", "footer"):
        picture = tmp_path / f"{name}.png"
        page.locator(f".{name}").screenshot(path=picture)
        assert picture.stat().st_size > 1_000
    page.set_viewport_size({"width": 320, "height": 800})
    visit.check()


def test_a_summary_leads_to_the_first_input(visit: Visit):
    page = visit.open("/styleguide/")
    for words, ident in (
        ("Choose yes, maybe or no", "id_wrong-answer_0"),
        ("Choose what you want to get", "id_wrong-mail_0"),
        ("Enter the date", "id_wrong-on_0"),
        ("Enter the six figures from the message", "id_wrong-code"),
    ):
        page.get_by_role("link", name=words).click()
        assert page.evaluate("document.activeElement.id") == ident


def test_every_letter_is_shown(visit: Visit):
    page = visit.open("/styleguide/mail/")
    frame = page.frame_locator("iframe").first
    frame.locator("body").wait_for()
    page.get_by_text("As plain text").first.click()
    visit.check()


def test_one_question_a_page_without_script(visit_without_script: Visit):
    visit = visit_without_script
    page = visit.open("/styleguide/flow/")
    visit.press("Continue")
    assert page.title().startswith("Error:")
    page.get_by_label("Schools in your trust").fill("17")
    page.get_by_label("Primary").check()
    visit.press("Continue")
    page.get_by_role("link", name="Back").click()
    page.wait_for_url("**/size/")
    assert page.get_by_label("Schools in your trust").input_value() == "17"
    assert page.get_by_label("Primary").is_checked()
    visit.press("Continue")
    for label, typed in (("Day", "1"), ("Month", "9"), ("Year", "2024")):
        page.get_by_label(label, exact=True).fill(typed)
    visit.press("Continue")
    page.get_by_label("Yes").check()
    visit.press("Continue")
    page.get_by_role("heading", name="Check your answers").wait_for()
    page.get_by_role("link", name=re.compile("Change.*When did you begin")).click()
    page.get_by_label("Year", exact=True).fill("2023")
    visit.press("Continue")
    assert "1 September 2023" in page.content().replace("&nbsp;", " ")
    visit.press("Send my answers")
    page.get_by_role("heading", name="What happens next").wait_for()


def test_each_page_of_a_flow_is_sound(visit: Visit):
    page = visit.open("/styleguide/flow/")
    visit.press("Continue")
    visit.check()
    page.get_by_label("Schools in your trust").fill("17")
    page.get_by_label("Primary").check()
    visit.press("Continue")
    visit.press("Continue")
    visit.check()
    for label, typed in (("Day", "1"), ("Month", "9"), ("Year", "2024")):
        page.get_by_label(label, exact=True).fill(typed)
    visit.press("Continue")
    page.get_by_label("Yes").check()
    visit.press("Continue")
    visit.check()
    visit.press("Send my answers")
    visit.check()
