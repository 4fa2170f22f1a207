"""Every page of the site in every role, as eyes, keyboards, printers and strict browsers meet it.

The pages come from the URL configuration, so that a new one is looked at on the day it is born.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.test import Client
from django.urls import resolve
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from forum.kit import tokens
from meetings.models import Answer, Invitation
from members.models import Person
from tests import make
from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.test_sign_in import code_of
from tests.walk import world as made
from tests.walk.world import World

ZOOMED = {"width": 320, "height": 256}
"""What a window of 1280 by 1024 px shows at 400 %."""

SHARES = [("visitor", 0, 1), ("priya", 0, 1), ("tracy", 0, 2), ("tracy", 1, 2)]
"""Who looks, and at which part of the pages: the chairs have most, and two workers share them."""

LETTERS = frozenset({"admin:meetings_meeting_message_html"})
"""Not pages but what a frame shows: a letter has no landmarks, and mail programs know no style but inline."""

_MAIN = re.compile(r"<main.*</main>", re.DOTALL)
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_AXE = """async () => (await axe.run({resultTypes: ["violations"]})).violations.flatMap(
  one => one.nodes.map(node => `${one.id}: ${node.target} ${node.failureSummary}`))"""


# --- Every page -----------------------------------------------------------------------------------------------------


def pages(client: Client, world: World) -> dict[str, str]:
    """Every address that answers somebody with a page: its main part, without what differs each time."""
    found = {}
    for where in made.addresses(world, one_each=True):
        if resolve(where).view_name in LETTERS:
            continue
        answer = client.get(where)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            assert "unsafe-inline" not in answer["Content-Security-Policy"], where
            body = made.body(answer)
            main = _MAIN.search(body)
            found[where] = _TOKEN.sub("", main[0] if main else body)
    return found


def shown_to(who: str, world: World, as_person: Callable[[Person], Client]) -> tuple[list[str], Client]:
    """The pages that somebody sees and a visitor does not see just so; and the browser they see them in."""
    seen = pages(made.browser(), world)
    if who == "visitor":
        return list(seen), made.browser()
    world.people[who].refresh_from_db()
    client = as_person(world.people[who])
    return [where for where, main in pages(client, world).items() if seen.get(where) != main], client


def faults_of(page: Page) -> Iterator[str]:
    """What axe finds on a page at both widths, and whether it scrolls sideways there or at 400 %."""
    page.evaluate(AXE_SCRIPT)
    for size in (DESK, PHONE, ZOOMED):
        page.set_viewport_size(size)
        if (wide := page.evaluate(_WIDE)) > 0:
            yield f"{size['width']}: scrolls sideways by {wide} px"
        if size != ZOOMED:
            yield from (f"{size['width']}: {one}" for one in page.evaluate(_AXE))
    page.set_viewport_size(DESK)


@pytest.mark.parametrize(("who", "share", "shares"), SHARES, ids=lambda value: str(value))
def test_every_page_is_in_order(
    who: str,
    share: int,
    shares: int,
    world: World,
    browser: Browser,
    live_server: LiveServer,
    as_person: Callable[[Person], Client],
    record_property: Callable[[str, object], None],
):
    wanted, client = shown_to(who, world, as_person)
    context = browser.new_context(viewport=DESK, locale="en-GB")
    if "session" in client.cookies:
        session = client.cookies["session"].value
        context.add_cookies([{"name": "session", "value": session, "url": live_server.url}])
    visit = Visit(context.new_page(), live_server.url)
    found = []
    for where in wanted[share::shares]:
        page = visit.open(where)
        assert page.url == f"{live_server.url}{where}"
        found += [f"{where} {fault}" for fault in faults_of(page)]
    context.close()
    assert found == [], "\n".join(found)
    assert visit.faults == []
    assert len(wanted) > {"visitor": 20, "priya": 5, "tracy": 60}[who]
    record_property("walk", f"pages: {len(wanted)} that {who} sees, each looked at in three widths")


# --- By keyboard ------------------------------------------------------------------------------------------------------

_STOPS = """() => {
  const groups = new Set();
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(one => {
    if (one.disabled || one.type === "hidden" || one.tabIndex < 0 || !one.checkVisibility()) return false;
    if (one.type !== "radio") return true;
    return !groups.has(one.name) && groups.add(one.name);
  }).length;
}"""
_STOP = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const look = getComputedStyle(one), box = one.getClientRects()[0];
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const outlined = look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2;
  return {
    name: `${one.tagName} ${one.textContent.trim().slice(0, 30)}`,
    place: [...document.querySelectorAll("*")].indexOf(one),
    marked: outlined || look.boxShadow !== "none",
    shown: top !== null && (one.contains(top) || top.contains(one)),
  };
}"""


def tab_to(wanted: Locator) -> None:
    """Presses Tab until something has the focus."""
    for _ in range(60):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        wanted.page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {wanted}")


def enter(page: Page) -> None:
    """Presses Enter and waits for the page that follows."""
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")


def answer_link(world: World) -> str:
    """The link in Callum's invitation."""
    invitations = Invitation.objects.filter(
        person=world.people["callum"], entry__meeting=world.meetings["coming"]
    )
    return f"/r/{tokens.make(invitations.latest('id').key, 'answer')}/"


def test_tab_goes_through_every_stop_in_order_and_shows_where_it_is(visit: Visit, world: World):
    coming = world.meetings["coming"].get_absolute_url()
    for where in ("/", "/sign-in/", "/meetings/2025-26/", coming, answer_link(world)):
        page = visit.open(where)
        page.evaluate("document.activeElement.blur()")
        stops = []
        for _ in range(page.evaluate(_STOPS)):
            page.keyboard.press("Tab")
            stops.append(page.evaluate(_STOP))
        assert None not in stops, where
        assert [one for one in stops if not (one["marked"] and one["shown"])] == [], where
        places = [one["place"] for one in stops]
        assert places == sorted(set(places)), [one["name"] for one in stops]


def test_signing_in_by_keyboard_alone(visit: Visit, priya: Person):
    page = visit.open("/sign-in/?next=/me/calendar/")
    tab_to(page.get_by_label("Your work email address"))
    page.keyboard.type(priya.email)
    tab_to(page.get_by_role("button", name="Send me a code"))
    enter(page)
    tab_to(page.get_by_label("Code", exact=True))
    page.keyboard.type(code_of(priya))
    tab_to(page.get_by_role("button", name="Sign in", exact=True))
    enter(page)
    page.wait_for_url("**/me/calendar/")
    assert visit.faults == []


def test_answering_by_keyboard_alone(visit: Visit, world: World):
    page = visit.open(answer_link(world))
    tab_to(page.get_by_role("radio").first)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    chosen = page.locator("input:checked").input_value()
    tab_to(page.get_by_role("button", name="Save my answer"))
    enter(page)
    expect(page.get_by_role("heading", name=re.compile("Your answer is"))).to_be_visible()
    assert Answer.objects.latest("id").choice == chosen
    assert visit.faults == []


# --- Colours and movement that the reader chose -----------------------------------------------------------------------

_EDGELESS = """() => {
  const bare = look => look.appearance !== "auto" && !["Top", "Right", "Bottom", "Left"].some(side =>
    parseFloat(look[`border${side}Width`]) > 0 && look[`border${side}Style`] !== "none");
  const wanted = [
    [".shelf, .dates > li", "::before"],
    [".button, .tag, .card, .banner, input:not([type=hidden]), select, textarea", null],
  ];
  return wanted.flatMap(([which, part]) => [...document.querySelectorAll(which)]
    .filter(one => bare(getComputedStyle(one, part)))
    .map(one => `${one.tagName}.${one.className} ${part || ""}`));
}"""
_MOVING = """() => [...document.querySelectorAll("*")].flatMap(one => [null, "::before", "::after"]
  .map(part => getComputedStyle(one, part))
  .filter(look => `${look.transitionDuration}, ${look.animationDuration}`
    .split(", ").some(span => parseFloat(span) * (span.endsWith("ms") ? 1 : 1000) > 10))
  .map(() => `${one.tagName}.${one.className}`))"""


def test_forced_colours_keep_every_edge_and_less_motion_is_none(
    world: World, browser: Browser, live_server: LiveServer
):
    context = browser.new_context(viewport=DESK, forced_colors="active", reduced_motion="reduce")
    page = context.new_page()
    coming = world.meetings["coming"].get_absolute_url()
    for where in ("/", "/meetings/2025-26/", coming, answer_link(world)):
        page.goto(f"{live_server.url}{where}")
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        assert page.evaluate(_EDGELESS) == [], where
        assert page.evaluate(_MOVING) == [], where
    context.close()


# --- On paper ---------------------------------------------------------------------------------------------------------

_THEMES = (
    ("2025-09-09", "Where we are and what we want from this year"),
    ("2025-10-08", "Deciding together: who decides what in trust-wide CPD"),
    ("2025-11-06", "Early career teachers: making the entitlement work in our context"),
    ("2025-12-02", "Support staff count too: CPD for everyone"),
    ("2026-01-07", "Is it working? Evaluating professional development without drowning in surveys"),
    ("2026-02-05", "Subject networks that last"),
    ("2026-03-03", "NPQs in a tighter market: what trusts are doing instead and as well"),
    ("2026-04-15", "Building facilitators: who leads the learning"),
    ("2026-05-14", "Inclusion as a thread, not a bolt-on"),
    ("2026-06-16", "Planning next year’s CPD calendar"),
    ("2026-07-08", "Harvest: what we learned, what we publish next"),
)
_NOT_ON_PAPER = (
    "nav, .menu, .header .extra, .strip, .skip, .breadcrumbs, .footer, form, button, .button, .links"
)
_PRINTED = """hidden => {
  const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(one => one / 255)
    .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const seen = [...document.body.querySelectorAll("*")].filter(one => one.checkVisibility());
  const said = seen.filter(one => [...one.childNodes].some(part => part.nodeType === 3 && part.data.trim()));
  return {
    shown: seen.filter(one => one.matches(hidden)).map(one => `${one.tagName}.${one.className}`),
    ink: light(getComputedStyle(document.body).color),
    paper: light(getComputedStyle(document.body).backgroundColor),
    pale: said.filter(one => 1.05 / (light(getComputedStyle(one).color) + 0.05) < 4.5)
      .map(one => `${one.tagName}.${one.className}`),
  };
}"""


@pytest.fixture
def printer(browser: Browser, live_server: LiveServer) -> Iterator[Callable[[str], Page]]:
    """Opens a page as it comes out of a printer."""
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.emulate_media(media="print")

    def show(where: str) -> Page:
        page.goto(f"{live_server.url}{where}")
        found = page.evaluate(_PRINTED, _NOT_ON_PAPER)
        assert found["shown"] == [], where
        assert found["ink"] < 0.05 and found["paper"] > 0.95
        assert found["pale"] == [], f"{where}: too pale on white paper"
        return page

    yield show
    context.close()


def test_the_dates_print_on_one_page(printer: Callable[[str], Page], forum_list: object):
    for day, theme in _THEMES:
        make.meeting(f"{day} 10:00", theme=theme, agenda="10:00am Welcome")
    page = printer("/meetings/2025-26/")
    for _, theme in _THEMES:
        expect(page.get_by_text(theme)).to_be_visible()
    sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))
    assert len(sheets) == 1
    printer("/meetings/2025-26/6-november/")


def test_an_article_prints_with_the_addresses_it_links_to(printer: Callable[[str], Page], forum_list: object):
    make.news(
        "On NPQs",
        slug="on-npqs",
        kind="article",
        author="Sam Gibbs",
        body="We read [the report](https://report.example/2025), [what we do](/about/) and https://b.example/c.",
        source_outlet="Tes",
        source_url="https://tes.example/a",
    )
    page = printer("/news/on-npqs/")
    written = "one => getComputedStyle(one, '::after').content"
    for name, address in (
        ("the report", "https://report.example/2025"),
        ("On NPQs", "https://tes.example/a"),
    ):
        assert address in page.get_by_role("main").get_by_role("link", name=name).evaluate(written)
    for name in ("what we do", "https://b.example/c"):
        assert page.get_by_role("link", name=name).evaluate(written) == "none"


# --- Without script ---------------------------------------------------------------------------------------------------


def test_every_public_page_says_the_same_without_script(
    world: World, browser: Browser, live_server: LiveServer
):
    contexts = [browser.new_context(viewport=DESK, java_script_enabled=on) for on in (True, False)]
    tabs = [context.new_page() for context in contexts]
    public = [where for where in pages(made.browser(), world) if not where.startswith("/sign-in/")]
    for where in [*public, answer_link(world)]:
        words = []
        for tab in tabs:
            tab.goto(f"{live_server.url}{where}")
            words.append(tab.locator("main").inner_text())
        assert words[0] == words[1] != "", where
    for context in contexts:
        context.close()
