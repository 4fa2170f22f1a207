"""A real Chromium, a real server, a real SMTP sink; every page is checked on the way."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import LazySettings
from django.core import mail
from django.core.cache import cache
from playwright.sync_api import Browser, Locator, Page
from pytest_django.live_server_helper import LiveServer

from forum.kit import clock
from forum.outbox import delivery
from meetings import invitations
from members.models import Person
from tests import make
from tests.conftest import Hand
from tests.fakes.smtp import Accepted, Sink
from tests.walk import world as made
from tests.walk.world import World

CHROMIUM = "/usr/bin/chromium"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser and a database that other threads see."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Debian's Chromium; without it the browser tests fail and say what to install."""
    if not Path(CHROMIUM).exists() and not shutil.which("chromium"):
        pytest.fail("Chromium is missing: apt-get install chromium", pytrace=False)
    return {"executable_path": shutil.which("chromium") or CHROMIUM, "args": ARGUMENTS}


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """Sign-in limits count anew in each test."""
    cache.clear()


@pytest.fixture
def world(request: pytest.FixtureRequest, portal_clock: Hand) -> World:
    """A portal in which everything there is exists, for every thread to see."""
    cast = ("tracy", "sam", "priya", "callum", "nadia", "grace")
    return made.build_world(portal_clock, {name: request.getfixturevalue(name) for name in cast})


class Visit:
    """One person's browser, which fails on any violation of the content policy and any error in the console."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.faults: list[str] = []
        page.set_default_timeout(15_000)
        page.on("console", lambda message: message.type in ("error", "warning") and self._note(message.text))
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("request", lambda request: request.url.startswith((base, "data:")) or self._note(request.url))

    def _note(self, words: str) -> None:
        if "status of 4" not in words:  # a form shown again with errors, a missing page on purpose
            self.faults.append(words)

    def open(self, path: str) -> Page:
        """Opens a path of the site."""
        self.page.goto(f"{self.base}{path}")
        return self.page

    def press(self, what: str | Locator) -> None:
        """Presses a button, or whatever leads on, and waits until the next page is there."""
        found = self.page.get_by_role("button", name=what) if isinstance(what, str) else what
        with self.page.expect_navigation(wait_until="load"):
            found.click()

    def check(self) -> None:
        """The page that is open: no fault, no sideways scroll, no finding of axe."""
        self.page.wait_for_load_state("load")
        assert self.faults == []
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{self.page.url} scrolls sideways by {wide} px"
        found = Axe().run(self.page)
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"

    def sign_in(self, who: Person, then: str = "/admin/") -> None:
        """Signs in by the code that the mail holds."""
        app = make.second_step(who) if who.office else None
        self.open(f"/sign-in/?next={then}")
        self.page.get_by_label("Your work email address").fill(who.email)
        self.press("Send me a code")
        self.page.get_by_label("Code", exact=True).wait_for()
        code = re.search(r"\b\d{3} \d{3}\b", mail.outbox[-1].subject)
        assert code, mail.outbox[-1].subject
        self.page.get_by_label("Code", exact=True).fill(code[0])
        self.press("Sign in")
        if app:
            self.page.wait_for_url("**/sign-in/second-step/**")
            self.page.get_by_label("Code from your app").fill(make.figures(app))
            self.press("Continue")
        self.page.wait_for_url(f"**{then}")


@pytest.fixture(params=[DESK, PHONE], ids=["1280", "390"])
def visit(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    """A browser at both widths."""
    context = browser.new_context(viewport=request.param, locale="en-GB")
    yield Visit(context.new_page(), live_server.url)
    context.close()


@pytest.fixture
def visit_without_script(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    """A phone on which script is off."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    yield Visit(context.new_page(), live_server.url)
    context.close()


@pytest.fixture
def post_office(settings: LazySettings) -> Iterator[Callable[[], list[Accepted]]]:
    """Lets everything that is due go out over real SMTP; gives the mails received since the last call."""
    with Sink() as sink:
        settings.MAIL_HOST, settings.MAIL_PORT = "127.0.0.1", sink.port
        seen = 0

        def deliver() -> list[Accepted]:
            nonlocal seen
            invitations.reconcile(clock.now())
            delivery.deliver_all()
            new = sink.accepted[seen:]
            seen = len(sink.accepted)
            return new

        yield deliver
