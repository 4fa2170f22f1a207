"""Signing in when buttons are pressed all at once: a limit is a limit, and what works once works once."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client

from members import figures, one_time
from members.forms import CodeForm
from members.models import Person
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def at_once[T](presses: list[Callable[[], T]]) -> list[T]:
    """What each press gave, all of them together, each over a connection of its own."""

    def press(one: Callable[[], T]) -> T:
        try:
            return one()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(presses)) as hands:
        return list(hands.map(press, presses))


def same_browser(client: Client) -> Client:
    """Another window of the same browser."""
    other = Client()
    other.cookies = client.cookies.copy()
    return other


def test_guesses_sent_at_once_are_counted_each(
    visitor: Client, tracy: Person, monkeypatch: pytest.MonkeyPatch
):
    visitor.post("/sign-in/", {"email": tracy.email})
    code = re.search(r"\d{3} \d{3}", mail.outbox[-1].subject)
    assert code
    compare = CodeForm.clean_code

    def slowly(form: CodeForm) -> str:
        sleep(0.2)  # everybody has read the count before anybody writes it
        return str(compare(form))

    monkeypatch.setattr(CodeForm, "clean_code", slowly)
    wrong = "000000" if code[0] != "000 000" else "111111"
    windows = [same_browser(visitor) for _ in range(8)]
    at_once([lambda one=one: one.post("/sign-in/code/", {"code": wrong}) for one in windows])
    visitor.post("/sign-in/code/", {"code": code[0]})
    assert "_auth_user_id" not in visitor.session
    assert visitor.get("/sign-in/code/").status_code == 302, "a new code must be asked for"


def test_a_one_time_link_pressed_in_several_browsers_signs_in_one(
    tracy: Person, monkeypatch: pytest.MonkeyPatch
):
    path = one_time.make(tracy)[len(settings.SITE_URL) :]
    read = one_time.read

    def slowly(token: str) -> Person | None:
        found = read(token)
        sleep(0.3)  # everybody has found the link good before anybody uses it
        return found

    monkeypatch.setattr(one_time, "read", slowly)
    answers = at_once([lambda one=one: one.post(path).status_code for one in [Client() for _ in range(5)]])
    assert sorted(answers) == [302, 404, 404, 404, 404]


def test_figures_sent_in_two_browsers_at_once_open_one(tracy: Person):
    app = make.second_step(tracy)
    shown = figures.counter_of(app.data["secret"], make.figures(app))
    assert shown
    assert sorted(at_once([lambda: figures.use_up(app, shown)] * 6)) == [False] * 5 + [True]
