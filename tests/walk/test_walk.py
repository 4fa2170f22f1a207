"""Opening changes nothing, shows nobody what is not theirs, and breaks nothing, whoever opens what."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from forum import urls
from members.models import Person, Subscription
from tests.conftest import Hand
from tests.walk import world as made
from tests.walk.forms import forms_of
from tests.walk.world import World

pytestmark = pytest.mark.django_db

WHO = ("tracy", "sam", "priya", "callum", "nadia", "grace", "harriet", "visitor")


def _writes(request: HttpRequest) -> HttpResponse:
    Person.objects.filter(office="chair").update(job_title="Opened")
    return HttpResponse("done")


_writes.login_required = False  # type: ignore[attr-defined]
handler500 = urls.handler500
urlpatterns = [path("writes/", _writes), *urls.urlpatterns]


@pytest.fixture
def world(
    portal_clock: Hand,
    tracy: Person,
    sam: Person,
    priya: Person,
    callum: Person,
    nadia: Person,
    grace: Person,
) -> World:
    """A portal in which everything there is exists."""
    cache.clear()
    people = {"tracy": tracy, "sam": sam, "priya": priya, "callum": callum, "nadia": nadia, "grace": grace}
    return made.build_world(portal_clock, people)


@pytest.fixture
def clients(world: World, as_person: Callable[[Person], Client]) -> dict[str, Client]:
    """Everybody's browser."""
    found = {}
    for name in WHO[:-1]:
        world.people[name].refresh_from_db()
        found[name] = as_person(world.people[name])
    found["visitor"] = made.browser()
    for client in found.values():
        client.raise_request_exception = False
    found["visitor"].post("/sign-in/", {"email": world.people["callum"].email})
    found["visitor"] = made.browser()
    return found


@contextmanager
def undone() -> Iterator[None]:
    """Takes back whatever is written inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_every_kind_of_mail_is_there(world: World, clients: dict[str, Client]):
    assert set(made.links_of_mails()) == made.KINDS | {"code"}


@pytest.mark.parametrize("who", WHO)
def test_opening_changes_nothing(
    who: str, world: World, clients: dict[str, Client], record_property: Callable[[str, object], None]
):
    client = clients[who]
    mailed = {link for links in made.links_of_mails().values() for link in links}
    waiting, seen, faults = [*made.addresses(world), *sorted(mailed)], set(), []
    before = made.tables()
    while waiting:
        where = waiting.pop()
        if where in seen or where.startswith("/static/"):
            continue
        seen.add(where)
        got, head = client.get(where), client.head(where)
        text = made.body(got)
        if got.status_code >= 500 or head.status_code != got.status_code or head.content:
            faults.append(f"{where}: GET {got.status_code}, HEAD {head.status_code}")
        if who != "visitor" and got["Cache-Control"] != "private, no-store":
            faults.append(f"{where}: kept by {got['Cache-Control']}")
        if "html" in got.get("Content-Type", "") and len(seen) < 700:
            waiting += made.links_of_page(text) - seen
    assert faults == []
    assert made.changed(before, made.tables()) == []
    assert len(seen) > 150
    record_property("walk", f"walk: {who} opened {len(seen)} addresses with GET and HEAD, nothing changed")


@override_settings(ROOT_URLCONF="tests.walk.test_walk")
def test_the_walk_notices_a_page_that_writes(world: World, clients: dict[str, Client]):
    before = made.tables()
    assert "/writes/" not in made.addresses(world) or clients["visitor"].get("/writes/").status_code == 200
    clients["visitor"].get("/writes/")
    assert made.changed(before, made.tables()) == ["members_person"]


def test_a_visitor_sees_no_address_and_no_joining_link(world: World, clients: dict[str, Client]):
    """Nor does somebody who has left; pages behind a secret link are their owner's."""
    secret = [person.email for person in Person.objects.all()] + [
        made.LINK,
        made.LINK.removeprefix("https://"),
        "306114",
    ]
    for who in ("visitor", "harriet"):
        allowed = {"", world.people["harriet"].email} if who == "harriet" else set()
        waiting, seen = [one for one in made.addresses(world) if not _is_secret(one)], set()
        while waiting:
            where = waiting.pop()
            if where in seen or _is_secret(where):
                continue
            seen.add(where)
            answer = clients[who].get(where)
            text = made.body(answer)
            shown = text + " ".join(f"{name}: {value}" for name, value in answer.items())
            assert [one for one in secret if one in shown and one not in allowed] == [], f"{who} at {where}"
            waiting += made.links_of_page(text)
        assert len(seen) > 60


def _is_secret(where: str) -> bool:
    return where.startswith(("/mail/", "/r/", "/feed/", "/sign-in/link/"))


def test_the_admin_shows_nothing_to_who_holds_no_office(world: World, clients: dict[str, Client]):
    for where in made.addresses(world):
        if where.startswith("/admin/"):
            assert clients["visitor"].get(where).status_code in (302, 404), where
            for who in ("priya", "callum", "grace", "harriet", "nadia"):
                answer = clients[who].get(where)
                assert answer.status_code in (302, 403, 404), where
                assert answer.status_code != 302 or answer["Location"].startswith("/sign-out"), where


# --- Hostile addresses ------------------------------------------------------------------------------------------------

BAD = [
    "x",
    "0",
    "-1",
    "99999999",
    "9223372036854775808",
    "9" * 40,
    "%00",
    "a%00b",
    "%FF",
    "%C0%AF",
    "%ED%A0%80",
    "%F0%9F%98%80",
    "..%2f..%2fetc",
    "2025-26",
    "2099-00",
    "%E2%80%AE",
    "a" * 300,
    "a" * 5_000,
    "'%20OR%201=1--",
    "%0d%0aSet-Cookie:x=1",
]
QUERIES = [
    "page=%00",
    "page=9999999999999999999999",
    "page=-1",
    "answer[]=x&answer=%00",
    "done=%00",
    "done=" + "x" * 5000,
    "next=javascript:alert(1)",
    "put-off=%00",
    "q=%00",
    "q=%FF",
    "list=%00&mail=x",
    "office__exact=%00",
    "e=1&o=9.-9.x",
    "year=99999999999",
    "how_far=%00",
    "id__in=a,b",
    "_popup=%00&_to_field=password",
]
HEADERS = [
    {"If-Modified-Since": "yesterday"},
    {"If-None-Match": "\x00\xff"},
    {"Accept-Language": "\xff" * 300},
    {"Range": "bytes=9-1"},
    {"Cookie": "session=\xff\x00; csrftoken=x; messages=nonsense"},
    {"User-Agent": ""},
    {"X-Forwarded-For": "nonsense, \x00"},
    {"Content-Type": "text/\xff"},
]


@pytest.mark.parametrize("who", ["tracy", "visitor"])
def test_no_address_can_be_made_to_break(who: str, world: World, clients: dict[str, Client]):
    client, broken = clients[who], []
    before = made.tables()
    for _, route, _ in made.doors():
        if "<" not in route:
            continue
        for bad in BAD:
            where = "/" + _filled(route, bad)
            status = client.get(where).status_code
            if status >= 500:
                broken.append(f"{status} {where[:120]}")
    for where in made.addresses(world, one_each=True):
        for query in QUERIES:
            status = client.get(f"{where}?{query}").status_code
            if status >= 500:
                broken.append(f"{status} {where}?{query[:60]}")
    for headers in HEADERS:
        for where in ("/", "/meetings/dates.ics", "/sign-in/", "/admin/", "/health/ready/"):
            status = client.get(where, headers=headers).status_code
            if status >= 500:
                broken.append(f"{status} {where} {headers}")
    assert broken == []
    assert made.changed(before, made.tables()) == []


def _filled(route: str, bad: str) -> str:
    filled, rest = "", route.replace("^", "").replace("$", "").replace("(?P", "")
    while "<" in rest:
        start, _, rest = rest.partition("<")
        filled += start + bad
        rest = rest.partition(">")[2]
    return quote(filled + rest.replace(".*)", "").replace("(", "").replace(")", ""), safe="/%-_.~'=:")


JUNK = [
    "a\x00b",
    "\x00",
    "\u202eabc",
    "x" * 20_000,
    "-1",
    "9" * 60,
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "",
]


@pytest.mark.parametrize("who", ["tracy", "priya", "visitor"])
def test_no_form_can_be_made_to_break(
    who: str, world: World, clients: dict[str, Client], record_property: Callable[[str, object], None]
):
    """Every form of every page, with junk in each field, with fields left out and with fields nobody asked for."""
    client, broken, tried = clients[who], [], 0
    extra = {
        "is_superuser": "on",
        "is_staff": "on",
        "office": "chair",
        "id": "1",
        "password": "x",
        "basis": "office",
    }
    ranks = list(
        Person.objects.order_by("pk").values_list("pk", "is_superuser", "is_staff", "office", "password")
    )
    mailed = sorted({link for links in made.links_of_mails().values() for link in links})
    forms = {}
    for where in [*made.addresses(world), *mailed]:
        answer = client.get(where)
        if answer.status_code == 200 and "html" in answer["Content-Type"]:
            forms |= {
                (form.action or where.partition("?")[0], form.names): form
                for form in forms_of(made.body(answer))
            }
    for (action, _), form in sorted(forms.items()):
        if action == "/sign-out/":
            continue
        posts = [dict.fromkeys(form.names, junk) | form.hidden for junk in JUNK]
        posts += [dict.fromkeys(form.names, junk) for junk in JUNK[:3]] + [{}, form.values | extra]
        for data in posts:
            tried += 1
            with undone():
                status = client.post(action, data).status_code
                ranks_now = list(
                    Person.objects.order_by("pk").values_list(
                        "pk", "is_superuser", "is_staff", "office", "password"
                    )
                )
            if data != form.values | extra or who != "tracy":
                ranks_now = list(
                    Person.objects.order_by("pk").values_list(
                        "pk", "is_superuser", "is_staff", "office", "password"
                    )
                )
                assert "office" in form.names or ranks_now[: len(ranks)] == ranks, (
                    f"{action} with {list(data)}"
                )
            if status >= 500:
                broken.append(f"{status} {action} {str(data)[:80]}")
    assert broken == []
    assert tried > {"tracy": 300, "priya": 60, "visitor": 20}[who]
    record_property("walk", f"walk: {who} sent {tried} forms with junk, none broke")


def test_what_is_no_form_at_all_breaks_nothing(world: World, clients: dict[str, Client]):
    client = clients["tracy"]
    bodies = [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"a=%ff%fe&b=%00", "application/x-www-form-urlencoded"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf', "multipart/form-data; boundary=x"),
        (b"--x", "multipart/form-data"),
        (b'{"a": 1', "application/json"),
        (b"a=1&" * 2000, "application/x-www-form-urlencoded"),
        (b"a=1", "application/x-www-form-urlencoded; charset=nonsense"),
    ]
    for where in made.addresses(world, one_each=True):
        for content, kind in bodies:
            with undone():
                status = client.generic("POST", where, content, content_type=kind).status_code
            assert status < 500, f"{where} with {content[:20]!r} as {kind}"


def test_methods_that_a_door_does_not_serve_are_refused(world: World, clients: dict[str, Client]):
    before = made.tables()
    for where in made.addresses(world):
        for method in ("put", "patch", "delete"):
            status = getattr(clients["tracy"], method)(where).status_code
            refused = status in (302, 400, 403, 404, 405)
            # Django's own admin pages answer any method as they answer GET.
            assert refused or (where.startswith("/admin/") and status == 200), f"{method} {where}: {status}"
    assert made.changed(before, made.tables()) == []


def test_a_form_without_its_token_is_refused_but_for_the_one_press(world: World):
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    person = world.people["callum"]
    for where in made.addresses(world):
        with undone():
            status = strict.post(where, {"stop": "everything"}).status_code
        assert status in (302, 403, 404, 405), f"{where}: {status}"
    one_press = next(one for one in made.addresses(world) if one.startswith("/mail/"))
    assert strict.post(one_press, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Subscription.objects.filter(person=person, ended_at__isnull=True).exists()
