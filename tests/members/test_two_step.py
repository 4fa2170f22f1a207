"""The second step: who needs it, how it is set up, used, lost and given back; sessions."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from time_machine import TimeMachineFixture

from forum.kit import clock
from forum.outbox.models import Message
from members import actions, tasks
from members.models import MailingList, Office, Person
from tests import make
from tests.members.sign_in import by_code
from tests.pages import rows_of, text_of

pytestmark = pytest.mark.django_db

type SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def set_up_app(client: Client) -> tuple[list[str], str]:
    client.post("/me/two-step/app/", {"begin": "1", "next": "/admin/"})
    page = text_of(client.get("/me/two-step/app/"))
    secret = re.search(r"((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})", page)
    assert secret
    app = Authenticator(data={"secret": secret[1].replace(" ", "")})
    answer = client.post("/me/two-step/app/", {"code": make.figures(app), "next": "/admin/"})
    return re.findall(r"\b\d{4} \d{4}\b", text_of(answer)), secret[1].replace(" ", "")


def test_setting_up_an_app_opens_the_admin_and_shows_recovery_codes_once(
    tracy: Person, django_capture_on_commit_callbacks
):
    client = by_code(tracy)
    assert client.get("/admin/")["Location"].startswith("/me/two-step/")
    with django_capture_on_commit_callbacks(execute=True):
        codes, _ = set_up_app(client)
    assert len(codes) == 10
    assert client.get("/admin/").status_code == 200
    assert codes[0] not in text_of(client.get("/me/two-step/"))
    told = Message.objects.get(person_id=tracy.pk, mailing__kind="security")
    assert "authenticator app was set up" in told.mailing.text


def test_the_next_sign_in_asks_for_the_figures_and_refuses_them_twice(tracy: Person):
    app = make.second_step(tracy)
    client = by_code(tracy)
    assert "_auth_user_id" not in client.session
    page = client.post("/sign-in/second-step/", {"code": "000000"})
    assert "not the figures your app shows now" in text_of(page)
    shown = make.figures(app)
    assert (
        client.post(
            "/sign-in/second-step/", {"code": f"{shown[:3]} {shown[3:]}", "next": "/admin/"}
        ).status_code
        == 302
    )
    assert client.get("/admin/").status_code == 200
    again = by_code(tracy)
    assert "Each works once" in text_of(again.post("/sign-in/second-step/", {"code": shown}))


@pytest.mark.parametrize("ahead", [-1, 0, 1])
def test_figures_are_good_once_for_as_long_as_they_are_taken(
    tracy: Person, time_machine: TimeMachineFixture, ahead: int
):
    began = clock.real().replace(second=31 if ahead < 1 else 1, microsecond=0)
    time_machine.move_to(began, tick=False)
    app = make.second_step(tracy)
    shown = make.figures(app, ahead=ahead)
    first, then = by_code(tracy), by_code(tracy)
    assert first.post("/sign-in/second-step/", {"code": shown}).status_code == 302
    if ahead >= 0:
        time_machine.move_to(began + timedelta(seconds=31 + 28 * ahead), tick=False)
    assert then.post("/sign-in/second-step/", {"code": shown}).status_code == 200
    older = make.figures(app, ahead=-1)
    assert then.post("/sign-in/second-step/", {"code": older}).status_code == 200
    later = make.figures(app, ahead=1)
    assert then.post("/sign-in/second-step/", {"code": later}).status_code == 302


def test_the_figures_that_proved_an_app_are_used_up(tracy: Person):
    _, secret = set_up_app(by_code(tracy))
    app = Authenticator.objects.get(user=tracy, type="totp")
    assert app.data["secret"] == secret
    other = by_code(tracy)
    assert other.post("/sign-in/second-step/", {"code": make.figures(app)}).status_code == 200


def wrong_figures(client: Client, path: str, tries: int) -> str:
    """What the page says after so many wrong tries."""
    for _ in range(tries):
        page = client.post(path, {"code": "12345"}, follow=True)
    return text_of(page)


def test_who_reads_the_mail_cannot_shut_the_second_step_for_its_owner(tracy: Person):
    app = make.second_step(tracy)
    thief = by_code(tracy, Client(REMOTE_ADDR="192.0.2.7"))
    assert "too many tries" in wrong_figures(thief, "/sign-in/second-step/", 6)
    owner = by_code(tracy, Client(REMOTE_ADDR="198.51.100.9"))
    assert owner.post("/sign-in/second-step/", {"code": make.figures(app)}).status_code == 302
    assert owner.get("/admin/").status_code == 200


def test_tries_of_setting_up_are_counted_apart(tracy: Person):
    elsewhere, client = by_code(tracy), by_code(tracy)
    for one in (elsewhere, client):
        one.post("/me/two-step/app/", {"begin": "1"})
    assert "too many tries" in wrong_figures(elsewhere, "/me/two-step/app/", 6)
    assert "other figures now" in wrong_figures(client, "/me/two-step/app/", 1)


def test_a_whole_school_may_mistype_in_one_minute(forum_list: MailingList):
    people = [make.person(f"P {number}", office=Office.DEPUTY, is_staff=True) for number in range(12)]
    seats = [(make.second_step(who), by_code(who)) for who in people]
    for _, client in seats:
        wrong_figures(client, "/sign-in/second-step/", 1)
    for app, client in seats:
        assert client.post("/sign-in/second-step/", {"code": make.figures(app)}).status_code == 302


def test_ten_wrong_figures_from_many_networks_end_a_sign_in(tracy: Person):
    app, thief = make.second_step(tracy), by_code(tracy)
    for number in range(10):
        thief.post("/sign-in/second-step/", {"code": "12345"}, REMOTE_ADDR=f"192.0.2.{number}")
    answer = thief.post("/sign-in/second-step/", {"code": make.figures(app)}, REMOTE_ADDR="192.0.2.99")
    assert answer["Location"] == "/sign-in/" and "_auth_user_id" not in thief.session


def test_a_recovery_code_lets_in_but_does_not_open_the_admin(tracy: Person):
    codes, _ = set_up_app(by_code(tracy))
    client = by_code(tracy)
    client.post("/sign-in/second-step/", {"code": codes[3]})
    assert "_auth_user_id" in client.session
    assert client.get("/admin/")["Location"].startswith("/sign-in/confirm/")
    assert "9 unused recovery codes" in text_of(client.get("/me/two-step/"))
    client.post("/sign-in/confirm/", {"code": codes[4], "next": "/me/two-step/app/remove/"})
    client.post("/me/two-step/app/remove/")
    assert not Authenticator.objects.filter(user=tracy).exists()
    assert client.get("/admin/")["Location"].startswith("/me/two-step/")


def test_taking_the_app_away_shuts_the_admin_in_the_same_session(tracy: Person):
    client = by_code(tracy)
    set_up_app(client)
    client.post("/me/two-step/app/remove/")
    assert client.get("/admin/").status_code == 302


def test_new_recovery_codes_end_the_old_ones(tracy: Person):
    client = by_code(tracy)
    old, _ = set_up_app(client)
    new = re.findall(r"\b\d{4} \d{4}\b", text_of(client.post("/me/two-step/codes/")))
    assert len(new) == 10 and not set(new) & set(old)
    other = by_code(tracy)
    assert other.post("/sign-in/second-step/", {"code": old[0]}).status_code == 200
    assert other.post("/sign-in/second-step/", {"code": new[0]}).status_code == 302


def test_what_matters_asks_once_more(tracy: Person, as_person: SignIn):
    client = as_person(tracy)
    for path in ("/me/two-step/codes/", "/me/two-step/app/remove/", "/me/two-step/passkeys/new/"):
        assert client.get(path)["Location"].startswith("/sign-in/confirm/"), path


def test_opening_the_pages_writes_nothing(tracy: Person, priya: Person, as_person: SignIn):
    paths = [
        "/sign-in/",
        "/sign-in/code/",
        "/sign-in/second-step/",
        "/sign-in/passkey/",
        "/sign-in/passkey/options/",
        "/sign-in/confirm/",
        "/me/two-step/",
        "/me/two-step/app/",
        "/me/two-step/app/remove/",
        "/me/two-step/passkeys/new/",
        "/me/two-step/passkeys/1/remove/",
        "/me/two-step/codes/",
        "/me/sessions/",
    ]
    clients = [as_person(tracy), as_person(priya), Client()]
    before = rows_of(Session, UserSession, Authenticator, Person)
    for client in clients:
        for path in paths:
            assert client.get(path).status_code < 500, path
            assert client.head(path).status_code < 500, path
    assert rows_of(Session, UserSession, Authenticator, Person) == before


def test_a_passkey_ceremony_begins_with_a_pressed_button_only(
    visitor: Client, priya: Person, as_person: SignIn
):
    assert visitor.post("/sign-in/passkey/options/", {"purpose": "sign-in"}).json()["publicKey"]["challenge"]
    for purpose in ("second-step", "confirm", "new", "", "x"):
        assert visitor.post("/sign-in/passkey/options/", {"purpose": purpose}).status_code == 400
    client = as_person(priya)
    made = client.post("/sign-in/passkey/options/", {"purpose": "new"}).json()["publicKey"]
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert "Press ‘Make a passkey’" in text_of(
        client.post("/me/two-step/passkeys/new/", {"name": "my phone"})
    )
    assert "not a passkey" in text_of(client.post("/me/two-step/passkeys/new/", {"credential": "{"}))
    assert "did not open" in text_of(
        visitor.post("/sign-in/passkey/", {"credential": '{"id": 1}'}, follow=True)
    )


# --- Sessions ---------------------------------------------------------------------------------------------------------


def test_sessions_are_listed_and_ended(priya: Person):
    phone = by_code(
        priya, Client(HTTP_USER_AGENT="Mozilla/5.0 (iPhone; CPU) Version/18 Mobile Safari/604.1"), "/"
    )
    office = by_code(
        priya, Client(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140"), "/"
    )
    page = text_of(office.get("/me/sessions/"))
    assert "Edge on Windows This browser" in page and "Safari on an iPhone" in page
    other = UserSession.objects.exclude(session_key=office.session.session_key).get()
    office.post("/me/sessions/", {"end": str(other.pk)})
    assert phone.get("/me/sessions/").status_code == 302
    assert office.get("/me/sessions/").status_code == 200


def test_sessions_that_nobody_signs_in_with_last_an_hour(visitor: Client, priya: Person):
    visitor.post("/sign-in/passkey/options/", {"purpose": "sign-in"})
    (session,) = Session.objects.all()
    assert session.expire_date - clock.real() < timedelta(hours=1, seconds=1)
    by_code(priya, visitor, "/")
    (session,) = Session.objects.all()
    assert session.expire_date - clock.real() > timedelta(days=13)
    assert not visitor.cookies["session"]["max-age"], "signed in until the browser closes"


def test_sessions_that_have_run_out_are_put_away(priya: Person):
    over, alive = by_code(priya, then="/"), by_code(priya, then="/")
    Session.objects.filter(pk=over.session.session_key).update(
        expire_date=clock.real() - timedelta(seconds=1)
    )
    tasks.tidy()
    assert [one.pk for one in Session.objects.all()] == [alive.session.session_key]
    assert [one.session_key for one in UserSession.objects.all()] == [alive.session.session_key]


def test_ceremonies_are_not_begun_without_end(visitor: Client):
    for _ in range(60):
        visitor.post("/sign-in/passkey/options/", {"purpose": "sign-in"})
    answer = visitor.post("/sign-in/passkey/options/", {"purpose": "sign-in"})
    assert answer.status_code == 429 and "Wait a minute" in answer.json()["problem"]


def test_nobody_ends_somebody_elses_session(priya: Person, nadia: Person):
    mine, theirs = by_code(priya, then="/"), by_code(nadia, then="/")
    number = UserSession.objects.get(user=nadia).pk
    for end in (str(number), "0", "x", "9" * 30, ""):
        mine.post("/me/sessions/", {"end": end})
    assert theirs.get("/me/sessions/").status_code == 200
    mine.post("/me/sessions/", {"end": "others"})
    assert theirs.get("/me/sessions/").status_code == 200


def test_whoever_leaves_is_signed_out_everywhere(priya: Person, tracy: Person):
    client, key = by_code(priya, then="/"), priya.feed_key
    actions.leave_trust(priya, by=tracy)
    assert client.get("/me/sessions/").status_code == 302
    priya.refresh_from_db()
    assert priya.feed_key != key
