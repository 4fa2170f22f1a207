"""Headers on every answer, health, logs that name nobody, and pages for the day the database is away."""

import json
import logging
import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import structlog
from django.core import mail
from django.core.cache import cache
from django.db import DataError, OperationalError
from django.test import Client, override_settings
from django.urls import path

from forum import health, logs, urls
from forum.kit import clock, links, tokens
from forum.outbox import delivery
from forum.outbox.models import Message, Tick
from meetings import invitations
from meetings.models import Invitation
from members.models import Person
from tests import make
from tests.pages import text_of

pytestmark = pytest.mark.django_db

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def fail_with(fault: Exception) -> Callable[..., None]:
    def view(request: object, token: str = "") -> None:
        raise fault

    view.login_required = False  # type: ignore[attr-defined]
    return view


handler500 = urls.handler500
urlpatterns = [
    path("away/", fail_with(OperationalError("connection refused for user forum"))),
    path("nul/", fail_with(DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"))),
    path("broken/<str:token>/", fail_with(RuntimeError("secret words about priya@whinfell.example"))),
    *urls.urlpatterns,
]


@pytest.fixture
def calm() -> Client:
    """A browser that sees the page of a fault."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("where", "status"),
    [
        ("/", 200),
        ("/meetings/", 200),
        ("/sign-in/", 200),
        ("/admin/", 302),
        ("/nowhere/", 404),
        ("/mail/x/", 404),
        ("/meetings/dates.ics", 200),
        ("/health/live/", 200),
        ("/health/ready/", 200),
        ("/static/css/site.min.css", 200),
        ("/static/nothing.css", 404),
        ("/me/sessions/", 302),
        ("/away/", 503),
        ("/broken/x/", 500),
        ("/nul/", 400),
    ],
)
@override_settings(ROOT_URLCONF="tests.forum.test_safety")
def test_every_answer_carries_the_headers(where: str, status: int, calm: Client):
    answer = calm.get(where)
    assert answer.status_code == status
    assert {name: answer.get(name) for name in HEADERS} == HEADERS
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert "camera=()" in answer["Permissions-Policy"]
    answer.close()


def test_a_poisoned_host_changes_no_link(visitor: Client, tracy: Person):
    assert visitor.get("/", headers={"Host": "evil.example"}).status_code == 400
    visitor.post("/sign-in/", {"email": tracy.email}, headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in mail.outbox[-1].body
    assert links.absolute("/x/") == "http://localhost:8000/x/"


def test_what_no_page_can_read_is_refused(visitor: Client):
    kind = "application/x-www-form-urlencoded; charset=nonsense"
    assert visitor.generic("POST", "/sign-in/", b"email=a", content_type=kind).status_code == 400
    assert visitor.get("/meetings/?page=%00").status_code == 400
    assert visitor.get("/mail/a%00b/").status_code == 400


@override_settings(ROOT_URLCONF="tests.forum.test_safety")
def test_faults_get_a_page_in_plain_words(calm: Client):
    away = calm.get("/away/")
    assert away["Retry-After"] == "30" and away["Cache-Control"] == "no-store"
    assert "Back in a moment" in text_of(away)
    assert "Something went wrong on our side" in text_of(calm.get("/broken/x/"))


# --- Health -----------------------------------------------------------------------------------------------------------


def test_ready_says_what_works(visitor: Client):
    Tick.objects.create(pk=1, at=clock.real())
    answer = visitor.get("/health/ready/")
    assert answer.json() == {
        "state": "ready",
        "database": "answers",
        "broker": "answers",
        "oldest_due_seconds": None,
        "last_tick_seconds": 0,
    }
    assert "no-store" in answer["Cache-Control"] and not answer.cookies
    assert visitor.head("/health/ready/").content == b""


def test_what_is_late_shows(visitor: Client, portal_clock, priya: Person):
    make.meeting(invite_at=clock.now())
    invitations.reconcile(clock.now())
    portal_clock.passes(minutes=16)
    delivery.sweep(clock.now())
    facts = visitor.get("/health/ready/").json()
    assert (facts["state"], facts["last_tick_seconds"]) == ("degraded", 0)
    assert 950 < facts["oldest_due_seconds"] < 1000


def test_without_the_broker_the_portal_still_serves(visitor: Client, settings):
    Tick.objects.create(pk=1, at=clock.real())
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = visitor.get("/health/ready/")
    assert (
        answer.status_code == 200
        and answer.json()["broker"] == "away"
        and answer.json()["state"] == "degraded"
    )


def test_without_the_database_it_is_away(visitor: Client, monkeypatch: pytest.MonkeyPatch):
    def refuse(*args: object) -> None:
        raise OperationalError("no")

    monkeypatch.setattr(health.outbox, "oldest_due", refuse)
    answer = visitor.get("/health/ready/")
    assert answer.status_code == 503 and answer.json()["database"] == "away"


def test_chairs_see_a_clockwork_that_stands_still(tracy: Person, as_person: Callable[[Person], Client]):
    assert "clockwork" not in text_of(as_person(tracy).get("/admin/"))
    Tick.objects.create(pk=1, at=clock.real() - timedelta(minutes=6))
    assert "The clockwork has stood still since 8:54am" in text_of(as_person(tracy).get("/admin/"))


# --- Logs -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def written() -> Callable[[], str]:
    """Everything that is logged from now on, as production writes it."""
    config = logs.settings(production=True)["formatters"]["line"]
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=config["processors"], foreign_pre_chain=config["foreign_pre_chain"]
    )
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(formatter.format(record))

    handler = Keep()
    logging.getLogger().addHandler(handler)
    yield lambda: "\n".join(lines)
    logging.getLogger().removeHandler(handler)


@override_settings(ROOT_URLCONF="tests.forum.test_safety")
def test_a_whole_journey_leaves_no_name_address_token_or_code_in_the_log(
    written: Callable[[], str], calm: Client, priya: Person
):
    cache.clear()
    make.meeting(invite_at=clock.now())
    invitations.reconcile(clock.now())
    calm.post("/sign-in/", {"email": priya.email})
    code = re.search(r"\d{3} \d{3}", mail.outbox[-1].subject)
    assert code
    calm.post("/sign-in/code/", {"code": "111111"})
    calm.post("/sign-in/code/", {"code": code[0]})
    secrets = [
        tokens.make(Invitation.objects.get(person=priya).key, "answer"),
        tokens.make(priya.key, "mail"),
        tokens.make(priya.feed_key, "feed"),
        tokens.make(uuid.uuid4(), "mail"),
    ]
    calm.get(f"/r/{secrets[0]}/?answer=yes")
    calm.post(f"/r/{secrets[0]}/", {"answer": "yes", "note": "Private words"})
    calm.get(f"/feed/{secrets[2]}.ics")
    calm.post(f"/mail/{secrets[1]}/", {"List-Unsubscribe": "One-Click"})
    calm.get(f"/mail/{secrets[3]}/")
    calm.get(f"/broken/{secrets[3]}/?email={priya.email}")
    calm.get("/away/")
    text = written()
    kept = [json.loads(line) for line in text.splitlines()]
    routes = {line["route"] for line in kept if line["event"] == "request"}
    assert {"meetings:answer", "meetings:feed", "members:mail", "account_login"} <= routes
    assert any(line.get("fault") == "RuntimeError" and line["places"] for line in kept)
    assert any(line.get("person") == priya.pk for line in kept)
    hidden = [
        *secrets,
        priya.email,
        priya.name,
        "Priya",
        code[0],
        code[0].replace(" ", ""),
        "Private",
        "127.0.0.1",
        "secret",
    ]
    assert [word for word in hidden if word in text] == []
    assert Message.objects.exists()
