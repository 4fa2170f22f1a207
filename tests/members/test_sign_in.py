"""Signing in by a code: the same page for everybody, plain words for every mistake, no password anywhere."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver

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


def test_a_code_from_the_mail_opens_the_admin_to_a_chair(visitor: Client, tracy: Person):
    ask(visitor, tracy.email.upper())
    assert [message.to for message in mail.outbox] == [[tracy.email]]
    code = re.search(r"\d{3} \d{3}", mail.outbox[0].subject)
    assert code
    answer = visitor.post("/sign-in/code/", {"code": f" {code[0]} ", "next": "/admin/"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert visitor.get("/admin/").status_code == 200


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


def test_signing_out_shuts_the_admin(visitor: Client, tracy: Person):
    visitor.force_login(tracy, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "no-store" in visitor.get("/admin/")["Cache-Control"]
    visitor.post("/sign-out/")
    assert visitor.get("/admin/").status_code == 302
