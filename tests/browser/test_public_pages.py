"""What a visitor from the press or the department sees, at both widths, at 400%, by keyboard and without script."""

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from members.models import Person
from tests import make
from tests.browser.conftest import PHONE, Visit

PAGES = (
    "/",
    "/about/",
    "/about/people/",
    "/about/history/",
    "/press/",
    "/contact/",
    "/privacy/",
    "/cookies/",
    "/accessibility/",
    "/news/",
    "/news/2025/",
    "/news/on-npqs/",
    "/meetings/2025-26/",
    "/meetings/2025-26/6-november/",
    "/communities/",
    "/guides/",
    "/nowhere/",
)
ZOOMED = {"width": 320, "height": 256}


@pytest.fixture
def site(forum_list: object) -> None:
    """Some of everything that is public."""
    make.pages()
    make.meeting("2025-10-08 10:00", theme="Deciding together")
    make.meeting(
        "2025-11-06 10:00", theme="Early career teachers: making the entitlement work", agenda="10:00am Go"
    )
    make.community("Leading subjects across a trust", question="How do we lead a subject well?")
    make.guide(
        "Subject Leadership Across a Trust", series="The Guide to…", summary="Lessons.", due="autumn 2025"
    )
    make.trust("A trust", pupils=70_727)
    make.news("Dates for 2025 to 2026", "2025-09-01")
    make.news(
        "On NPQs",
        slug="on-npqs",
        kind="article",
        author="Sam Gibbs",
        body="First.\n\n## Then\n- one\n- two\n\n> Said.",
        source_outlet="Tes",
        source_url="https://tes.example/a",
    )


def test_every_public_page_is_in_order(visit: Visit, site: None) -> None:
    for path in PAGES:
        visit.open(path)
        visit.check()
    assert visit.page.context.cookies() == []


def test_one_phone_screen_says_what_how_many_when_and_how_to_join(
    browser: Browser, live_server: LiveServer, site: None
) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(live_server.url)
    for words in (
        page.get_by_role("heading", level=1),
        page.get_by_text("1 trust, serving 70,727 pupils."),
        page.get_by_text("Counted October 2025."),
        page.get_by_role("link", name="Join the Forum"),
        page.get_by_role("heading", name="Thursday 6 November 2025"),
        page.get_by_text("Early career teachers: making the entitlement work"),
    ):
        expect(words.first).to_be_in_viewport(ratio=1)
    context.close()


def test_at_400_percent_and_without_script_nothing_is_cut(
    browser: Browser, live_server: LiveServer, site: None
) -> None:
    context = browser.new_context(viewport=ZOOMED, java_script_enabled=False)
    page = context.new_page()
    for path in PAGES:
        page.goto(f"{live_server.url}{path}")
        wide = page.locator("html").evaluate("one => one.scrollWidth - one.clientWidth")
        assert wide <= 0, f"{path} scrolls sideways by {wide} px"
    page.goto(live_server.url)
    page.locator("summary", has_text="Menu").click()
    menu = page.get_by_role("navigation", name="Menu")
    for name in ("About", "Meetings", "Communities", "Guides", "News", "Sign in", "Join"):
        expect(menu.get_by_role("link", name=name, exact=True)).to_be_visible()
    menu.get_by_role("link", name="Join", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contact")
    context.close()


def test_the_keyboard_alone_leads_through_a_page(visit: Visit, site: None) -> None:
    page = visit.open("/about/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const one = document.activeElement, box = one.getBoundingClientRect();
            const outline = getComputedStyle(one).outlineStyle;
            return [one.textContent.trim(), outline, box.top > -1 && box.bottom < innerHeight + 1]; }"""
        )
        if found[0] == "Write to the Forum":
            break
        seen.append(found)
    names = [name for name, _, _ in seen]
    assert names.index("See all dates") < names.index("Who leads the Forum") < names.index("Accessibility")
    assert [one for one in seen if one[1:] != ["solid", True]] == []


def test_a_chair_looks_at_a_page_before_readers_do(visit: Visit, site: None, tracy: Person) -> None:
    visit.sign_in(tracy)
    visit.open("/admin/publications/page/")
    visit.check()
    visit.press(visit.page.get_by_role("link", name="Press", exact=True))
    visit.check()
    visit.page.get_by_label("Title").fill("For the press")
    visit.press("Preview")
    visit.check()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("For the press")
    visit.press("Publish")
    expect(visit.page.get_by_text("Published. Readers see it now.")).to_be_visible()
    visit.check()
    visit.open("/admin/publications/newsitem/add/")
    visit.check()
    visit.page.get_by_label("Title").fill("A round table")
    visit.page.get_by_label("Summary").fill("We spoke with the department.")
    visit.press("Preview")
    visit.check()
    visit.press("Publish")
    visit.check()
    visit.open("/news/a-round-table/")
    visit.check()
