"""Opening changes nothing and breaks nothing in a real browser either: a scanner of links that lets scripts run."""

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from playwright.sync_api import Browser, Error, Request, Response
from pytest_django.live_server_helper import LiveServer

from forum import urls
from members.models import Person
from tests.browser.conftest import DESK, Visit
from tests.walk import world as made
from tests.walk.test_walk import WHO
from tests.walk.world import World

# Chromium shows these in a page of its own, with styles in it that our policy forbids: they are fetched instead.
NO_PAGES = (".png", ".atom", ".xml")
TABS = 2
MOMENT_MS = 500
ASK = """paths => Promise.all(paths.map(async path => {
  const ask = method => fetch(path, {method, redirect: "manual"});
  const [got, head] = [await ask("GET"), await ask("HEAD")];
  await got.arrayBuffer();
  return [got.status, head.status];
}))"""


class Walk:
    """One person's browser, which opens addresses and neither presses nor sends anything.

    It has some tabs: a page stays open, and its script runs, while the next ones open.
    """

    def __init__(self, browser: Browser, base: str, session: str = "") -> None:
        self.base = base
        self.opened: list[str] = []
        self.refused: list[str] = []
        self.faults: list[str] = []
        self.context = browser.new_context(viewport=DESK, locale="en-GB")
        if session:
            self.context.add_cookies([{"name": "session", "value": session, "url": base}])
        self.context.on("request", self._asked)
        self.context.on("response", self._answered)
        self.tabs: list[Visit] = []

    def _tab(self) -> Visit:
        tab = Visit(self.context.new_page(), self.base)
        tab.faults = self.faults
        return tab

    def _asked(self, request: Request) -> None:
        if request.method not in ("GET", "HEAD"):
            self.faults.append(f"{request.method} {request.url} was sent")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.status} {response.url}")

    def open(self, where: str) -> None:
        """Opens an address in the tab whose page has been open for longest; a file is saved, not shown."""
        if where.endswith(NO_PAGES):
            self.tabs[0].page.evaluate(ASK, [where])
            self.opened.append(where)
            return
        tab = self.tabs.pop(0) if len(self.tabs) == TABS else self._tab()
        try:
            tab.open(where)
        except Error as fault:
            if "ERR_HTTP_RESPONSE_CODE_FAILURE" in fault.message:
                # An answer without a page: Chromium puts one of its own there, late, in the way of the next.
                tab.page.close()
                tab = self._tab()
            elif "Download is starting" not in fault.message:
                raise
        self.opened.append(where)
        self.tabs.append(tab)

    def open_but_refusals(self, wanted: list[str]) -> None:
        """Asks for addresses by script, with GET and HEAD; opens what is not refused, and one of each refusal."""
        page = self.tabs[0].open("/")
        refusals = set()
        for where, (got, head) in zip(wanted, page.evaluate(ASK, wanted), strict=True):
            if head != got:
                self.faults.append(f"{where}: GET {got}, HEAD {head}")
            if got == 200 or got not in refusals:
                self.open(where)
            else:
                self.refused.append(where)
            refusals.add(got)

    def is_signed_in(self) -> bool:
        """Whether the browser still is somebody's."""
        return "/sign-in/" not in self.tabs[0].open("/me/sessions/").url

    def finish(self) -> None:
        """Leaves every page, once the last scripts have had their moment."""
        self.tabs[0].page.wait_for_timeout(MOMENT_MS)
        for tab in self.tabs:
            tab.page.goto("about:blank")
        self.tabs[0].page.wait_for_timeout(MOMENT_MS)
        self.context.close()


@pytest.mark.parametrize("who", WHO)
def test_opening_with_script_on_changes_nothing(
    who: str,
    world: World,
    browser: Browser,
    live_server: LiveServer,
    as_person: Callable[[Person], Client],
    record_property: Callable[[str, object], None],
):
    made.browser().post("/sign-in/", {"email": world.people["callum"].email})
    session = ""
    if who != "visitor":
        world.people[who].refresh_from_db()
        session = as_person(world.people[who]).cookies["session"].value
    links = made.links_of_mails()
    assert set(links) == made.KINDS | {"code"}
    everywhere, behind_each_door = made.addresses(world), made.addresses(world, one_each=True)
    admin = [one for one in (behind_each_door if who == "sam" else everywhere) if one.startswith("/admin/")]
    public = [one for one in everywhere if not one.startswith("/admin/")]
    walk = Walk(browser, live_server.url, session)
    before = made.tables()
    for where in dict.fromkeys([*public, *made.one_of_each(links)]):
        walk.open(where)
    if who in ("tracy", "sam"):
        for where in admin:
            walk.open(where)
    else:
        walk.open_but_refusals(admin)
    assert walk.is_signed_in() == (who != "visitor")
    walk.finish()
    assert walk.faults == []
    assert made.changed(before, made.tables()) == []
    assert len(walk.opened) + len(walk.refused) > 150
    record_property(
        "walk",
        f"walk: {who} opened {len(walk.opened)} addresses in Chromium with script on"
        f" and was refused {len(walk.refused)} more, nothing changed",
    )


# --- That it can fail -------------------------------------------------------------------------------------------------

WRITE = {
    "asks": 'fetch("/writes/?by=script")',
    "sends": 'navigator.sendBeacon("/writes/", "by script")',
    "waits": 'setTimeout(() => fetch("/writes/?by=script"), 300)',
    "leaves": 'addEventListener("pagehide", () => navigator.sendBeacon("/writes/", "by script"))',
}
BREAK = {
    "says": ('console.error("broken")', "broken"),
    "throws": ('throw new Error("thrown")', "thrown"),
    "fails": ('fetch("/fails/")', "500 "),
    "strays": ('fetch("http://127.0.0.1:9/")', "Content Security Policy"),
    "marks": ('document.body.setAttribute("style", "color: red")', "Content Security Policy"),
}


@login_not_required
def _page(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(
        f'<!doctype html><title>{name}</title><body><script src="/scripts/{name}.js"></script>'
    )


@login_not_required
def _script(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(WRITE.get(name) or BREAK[name][0], content_type="text/javascript")


@login_not_required
@csrf_exempt
def _writes(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" or request.GET:
        Person.objects.filter(office="chair").update(job_title="Opened")
    return HttpResponse("done")


@login_not_required
def _fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


handler500 = urls.handler500
urlpatterns = [
    path("pages/<slug:name>/", _page),
    path("scripts/<slug:name>.js", _script),
    path("writes/", _writes),
    path("fails/", _fails),
    *urls.urlpatterns,
]


@pytest.mark.parametrize("name", WRITE)
def test_the_walk_notices_a_script_that_writes(
    name: str, tracy: Person, settings: LazySettings, browser: Browser, live_server: LiveServer
):
    settings.ROOT_URLCONF = __name__
    before = made.tables()
    for where in (f"/pages/{name}/", f"/scripts/{name}.js", "/writes/"):
        assert made.browser().get(where).status_code == 200
    assert made.changed(before, made.tables()) == []
    walk = Walk(browser, live_server.url)
    walk.open(f"/pages/{name}/")
    walk.finish()
    assert made.changed(before, made.tables()) == ["members_person"]
    if name == "sends":
        assert walk.faults == [f"POST {live_server.url}/writes/ was sent"]


@pytest.mark.parametrize("name", BREAK)
def test_the_walk_notices_a_script_that_breaks(
    name: str, forum_list: object, settings: LazySettings, browser: Browser, live_server: LiveServer
):
    settings.ROOT_URLCONF = __name__
    walk = Walk(browser, live_server.url)
    walk.open(f"/pages/{name}/")
    walk.finish()
    assert any(BREAK[name][1] in fault for fault in walk.faults), walk.faults
