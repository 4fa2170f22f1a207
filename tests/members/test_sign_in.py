"""Signing in by a code: the same page for everybody, plain words for every mistake, no password anywhere."""

import re
from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import get_resolver
from time_machine import TimeMachineFixture

from forum.kit import clock
from members import tasks
from members.models import Person
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """Limits count anew in each test."""
    cache.clear()


def ask(client: Client, address: str, then: str = "/admin/") -> str:
    answer = client.post(f"/sign-in/?next={then}", {"email": address, "next": then}, follow=True)
    return re.sub(r'value="[^"]{20,}"', "", answer.content.decode()).replace(address, "ADDRESS")


def shown_code() -> str:
    """The code of the newest message."""
    found = re.search(r"\d{3} \d{3}", mail.outbox[-1].subject)
    assert found
    return found[0]


def test_a_code_from_the_mail_leads_a_new_chair_to_the_second_step(visitor: Client, tracy: Person):
    ask(visitor, tracy.email.upper())
    assert [message.to for message in mail.outbox] == [[tracy.email]]
    code = re.search(r"\d{3} \d{3}", mail.outbox[0].subject)
    assert code
    visitor.post("/sign-in/code/", {"code": f" {code[0]} ", "next": "/admin/"})
    answer = visitor.get("/admin/")
    assert (answer.status_code, answer["Location"]) == (302, "/me/two-step/?next=%2Fadmin%2F")


def test_the_code_goes_through_any_relay(visitor: Client, tracy: Person):
    ask(visitor, tracy.email)
    content = mail.outbox[0].message().as_bytes()
    assert content.isascii() and b"Auto-Submitted: auto-generated" in content
    sent = mail.outbox[0].message()
    assert sent.get_content_type() == "multipart/alternative"
    assert [part["Content-Transfer-Encoding"] for part in sent.iter_parts()] == ["base64", "base64"]
    text, html = (part.get_content() for part in sent.iter_parts())
    code = mail.outbox[0].subject.removeprefix("Your code is ")
    assert "Leaders’ Forum" in text and code in text and "works for\n30 minutes" in text
    assert (
        code in html and "works for 30 minutes" in html and "max-width: 600px" in html.partition("<body")[2]
    )
    assert "http" not in html.replace("http://www.w3.org", "")


def test_strangers_see_the_same_page_and_get_nothing(tracy: Person):
    assert ask(Client(), tracy.email) == ask(Client(), "nobody@nowhere.example")
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "Enter your work email address"), ("tracy", "Enter your work email address in the usual form")],
)
def test_a_bad_address_gets_a_clear_sentence(visitor: Client, typed: str, words: str):
    page = visitor.post("/sign-in/", {"email": typed}).content.decode()
    assert words in page and "This field is required" not in page and "Error:" in page


def test_after_five_wrong_codes_another_must_be_asked_for(visitor: Client, tracy: Person):
    ask(visitor, tracy.email)
    for _ in range(4):
        page = visitor.post("/sign-in/code/", {"code": "000000"})
        assert "not the six figures of the newest message" in page.content.decode()
    assert visitor.post("/sign-in/code/", {"code": "000000"}).status_code == 302
    code = re.search(r"\d{3} \d{3}", mail.outbox[0].subject)
    assert code
    visitor.post("/sign-in/code/", {"code": code[0]})
    assert visitor.get("/admin/").status_code == 302


def test_a_person_without_an_office_stays_outside(visitor: Client):
    who = make.person()
    visitor.force_login(who, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = visitor.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "chair" in answer.content.decode()


def test_no_address_speaks_of_passwords():
    assert [
        str(pattern.pattern) for pattern in get_resolver().url_patterns if "password" in str(pattern.pattern)
    ] == []


def test_signing_out_shuts_the_admin(as_person: Callable[[Person], Client], tracy: Person):
    visitor = as_person(tracy)
    assert "no-store" in visitor.get("/admin/")["Cache-Control"]
    visitor.post("/sign-out/")
    assert visitor.get("/admin/").status_code == 302


def test_strangers_and_people_get_the_same_headers_and_cookies(tracy: Person):
    shapes = []
    for address in (tracy.email, "nobody@nowhere.example"):
        answer = Client().post("/sign-in/", {"email": address, "next": "/admin/"})
        cookies = sorted(
            (name, len(morsel.value)) for name, morsel in answer.cookies.items() if name != "messages"
        )
        headers = {name: value for name, value in answer.items() if name != "Set-Cookie"}
        shapes.append((answer.status_code, headers, cookies))
    assert shapes[0] == shapes[1]


def test_a_relay_that_refuses_shows_nobody_who_is_known(
    visitor: Client, tracy: Person, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*args: object, **kwargs: object) -> int:
        raise SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    assert ask(visitor, tracy.email) == ask(Client(), "nobody@nowhere.example")


def test_a_stranger_elsewhere_locks_nobody_out(tracy: Person):
    owner = Client(REMOTE_ADDR="198.51.100.9")
    for _ in range(11):
        page = Client(REMOTE_ADDR="192.0.2.7").post("/sign-in/", {"email": tracy.email})
    assert page.status_code == 200 and "too many tries from here" in page.content.decode()
    assert tracy.email in page.content.decode(), "what was typed is kept"
    sent = len(mail.outbox)
    assert owner.post("/sign-in/", {"email": tracy.email}).status_code == 302
    assert len(mail.outbox) == sent + 1


def test_one_network_of_ipv6_is_one_network(tracy: Person):
    for number in range(11):
        page = Client(REMOTE_ADDR=f"2001:db8:1:2:{number}::7").post("/sign-in/", {"email": tracy.email})
    assert page.status_code == 200 and "too many tries from here" in page.content.decode()
    assert Client(REMOTE_ADDR="2001:db8:1:3::7").post("/sign-in/", {"email": tracy.email}).status_code == 302


def test_a_mailbox_is_not_flooded_from_many_networks_and_the_code_in_it_still_works(
    visitor: Client, tracy: Person
):
    visitor.post("/sign-in/", {"email": tracy.email})
    code = shown_code()
    for number in range(30):
        for address in (tracy.email, "nobody@oak.example"):
            Client(REMOTE_ADDR=f"192.0.2.{number}").post("/sign-in/", {"email": address})
    pages = [ask(Client(REMOTE_ADDR="198.51.100.9"), one) for one in (tracy.email, "nobody@oak.example")]
    assert len(mail.outbox) == 30 and pages[0] == pages[1]
    assert "A code that you already have still works where you asked for it" in pages[0]
    visitor.post("/sign-in/code/", {"action": "resend"})
    assert len(mail.outbox) == 30
    visitor.post("/sign-in/code/", {"code": code})
    assert visitor.get("/me/two-step/").status_code == 200


def test_a_new_code_is_good_for_as_long_and_as_many_tries(
    visitor: Client, priya: Person, time_machine: TimeMachineFixture
):
    began = clock.real()
    time_machine.move_to(began, tick=False)
    visitor.post("/sign-in/", {"email": priya.email})
    for _ in range(4):
        visitor.post("/sign-in/code/", {"code": "000000"})
    time_machine.move_to(began + timedelta(minutes=29), tick=False)
    visitor.post("/sign-in/code/", {"action": "resend"})
    assert len(mail.outbox) == 2
    time_machine.move_to(began + timedelta(minutes=58), tick=False)
    for _ in range(4):
        visitor.post("/sign-in/code/", {"code": "000000"})
    visitor.post("/sign-in/code/", {"code": shown_code()})
    assert "_auth_user_id" in visitor.session


def test_asking_anew_on_the_page_of_the_code_counts_too(tracy: Person):
    for address in (tracy.email, "nobody@nowhere.example"):
        for _ in range(4):
            client = Client(REMOTE_ADDR="192.0.2.7")
            client.post("/sign-in/", {"email": address})
            for _ in range(2):
                answer = client.post("/sign-in/code/", {"action": "resend"}, follow=True)
        assert "too many tries from here" in answer.content.decode()
    assert len(mail.outbox) == 10


def test_a_limit_outlives_a_flood_of_others(tracy: Person):
    for _ in range(10):
        Client(REMOTE_ADDR="192.0.2.7").post("/sign-in/", {"email": tracy.email})
    for number in range(400):
        cache.set(f"zzz-{number}", [0.0], 3600)
    page = Client(REMOTE_ADDR="192.0.2.7").post("/sign-in/", {"email": tracy.email})
    assert page.status_code == 200 and "too many tries from here" in page.content.decode()


def test_limits_that_have_run_out_are_put_away(db: None):
    cache.set("over", [0.0], -5)
    cache.set("still-counting", [0.0], 3600)
    tasks.tidy()
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM forum_limits")
        assert cursor.fetchall() == [(":1:still-counting",)]


def test_a_code_works_once_and_changes_the_session(visitor: Client, priya: Person):
    ask(visitor, priya.email)
    code = re.search(r"\d{3} \d{3}", mail.outbox[0].subject)
    assert code
    before = visitor.session.session_key
    visitor.post("/sign-in/code/", {"code": code[0].replace(" ", "-")})
    assert visitor.session.session_key != before and "_auth_user_id" in visitor.session
    other = Client()
    ask(other, "nobody@nowhere.example")
    other.post("/sign-in/code/", {"code": code[0]})
    assert "_auth_user_id" not in other.session


@pytest.mark.parametrize("keep", [False, True])
def test_staying_signed_in_is_a_choice(visitor: Client, priya: Person, keep: bool):
    visitor.post("/sign-in/", {"email": priya.email})
    code = re.search(r"\d{3} \d{3}", mail.outbox[0].subject)
    assert code
    answer = visitor.post("/sign-in/code/", {"code": code[0]} | ({"remember": "on"} if keep else {}))
    assert bool(answer.cookies["session"]["max-age"]) is keep


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(visitor: Client, priya: Person, elsewhere: str):
    visitor.post("/sign-in/", {"email": priya.email, "next": elsewhere})
    code = re.search(r"\d{3} \d{3}", mail.outbox[0].subject)
    assert code
    answer = visitor.post("/sign-in/code/", {"code": code[0], "next": elsewhere})
    assert answer["Location"] == "/"


def test_nothing_private_is_kept_by_a_browser(as_person: Callable[[Person], Client], priya: Person):
    for path in ("/", "/meetings/", "/me/sessions/", "/me/two-step/", "/nowhere/"):
        assert as_person(priya).get(path)["Cache-Control"] == "private, no-store", path
