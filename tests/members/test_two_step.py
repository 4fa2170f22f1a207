"""The second step: who needs it, how it is set up, used, lost and given back; sessions and offices."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from forum.audit.models import AuditEntry
from forum.kit import clock
from forum.outbox.models import Message
from forum.rights import OFFICES
from members import actions, tasks
from members.models import MailingList, Office, Person
from tests import make
from tests.pages import rows_of, text_of

pytestmark = pytest.mark.django_db

type SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def by_code(who: Person, client: Client | None = None, then: str = "/admin/") -> Client:
    client = client or Client()
    client.post("/sign-in/", {"email": who.email, "next": then})
    code = re.search(r"\d{3} \d{3}", mail.outbox[-1].subject)
    assert code
    client.post("/sign-in/code/", {"code": code[0], "next": then})
    return client


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


# --- Offices ----------------------------------------------------------------------------------------------------------


def test_the_offices_are_groups_with_named_permissions():
    may = {
        group.name: {f"{one.content_type.app_label}.{one.codename}" for one in group.permissions.all()}
        for group in Group.objects.all()
    }
    assert may == {office: set(named) for office, named in OFFICES.items()}
    assert may["chair"] - may["deputy"] == {"members.give_office"}


@pytest.mark.parametrize(
    ("who", "screen", "status"),
    [
        ("tracy", "office", 200),
        ("sam", "office", 403),
        ("priya", "office", 403),
        ("tracy", "second-step", 200),
        ("sam", "second-step", 200),
        ("priya", "second-step", 403),
    ],
)
def test_who_may_give_offices_and_second_steps(
    who: str, screen: str, status: int, request: pytest.FixtureRequest, as_person: SignIn, callum: Person
):
    client = as_person(request.getfixturevalue(who))
    path = reverse(f"admin:members_person_{screen}", args=[callum.pk])
    assert client.get(path).status_code == status
    assert client.post(path, {"office": "chair"}).status_code == (302 if status == 200 else 403)


def test_an_office_is_given_told_and_taken_again(tracy: Person, nadia: Person, as_person: SignIn):
    chair, path = as_person(tracy), reverse("admin:members_person_office", args=[nadia.pk])
    chair.post(path, {"office": "deputy", "is_superuser": "on", "email": "x@evil.example"})
    nadia.refresh_from_db()
    assert (nadia.office, nadia.is_staff, nadia.is_superuser) == (Office.DEPUTY, True, False)
    client = as_person(nadia)
    assert client.get("/admin/").status_code == 200
    chair.post(path, {"office": ""})
    assert client.get("/admin/").status_code == 302
    acts = AuditEntry.objects.filter(verb="members.office", about=f"person:{nadia.pk}").order_by("id")
    assert [(act.by_id, act.facts["office"]) for act in acts] == [(tracy.pk, "deputy"), (tracy.pk, "")]
    told = Message.objects.filter(person_id=nadia.pk, mailing__kind="security").order_by("id")
    assert ["given an office" in one.mailing.text for one in told] == [True, False]


def test_nobody_changes_their_own_office_or_second_step(tracy: Person, as_person: SignIn):
    chair = as_person(tracy)
    page = chair.post(reverse("admin:members_person_office", args=[tracy.pk]), {"office": ""})
    assert "Another chair has to change your own office" in text_of(page)
    page = chair.post(reverse("admin:members_person_second-step", args=[tracy.pk]), follow=True)
    assert "Another chair has to do this for you" in text_of(page)
    assert Authenticator.objects.filter(user=tracy).exists()


@pytest.fixture
def chris(forum_list: MailingList) -> Person:
    """Another chair."""
    return make.person("Chris Baker", "chair.two@forum.example", office="chair", is_staff=True)


def test_another_chair_gives_the_way_back(tracy: Person, chris: Person, as_person: SignIn):
    lost, other = as_person(tracy), as_person(chris)
    other.post(reverse("admin:members_person_second-step", args=[tracy.pk]))
    assert lost.get("/admin/").status_code == 302
    assert not Authenticator.objects.filter(user=tracy).exists()
    assert AuditEntry.objects.filter(verb="members.second_step_reset", by_id=chris.pk).count() == 1
    assert Message.objects.get(person_id=tracy.pk, mailing__kind="security").passes_suppression
    assert by_code(tracy).get("/admin/")["Location"].startswith("/me/two-step/")
    assert "second step" in text_of(as_person(chris).get("/admin/done/"))


@pytest.mark.parametrize("screen", ["address", "second-step"])
def test_a_deputy_cannot_become_a_chair_by_her_sign_in(
    screen: str, tracy: Person, sam: Person, priya: Person, as_person: SignIn
):
    """Neither by her address nor by her second step; of people without an office a deputy may correct both."""
    deputy = as_person(sam)
    make.second_step(tracy)
    before = rows_of(Person, Authenticator)
    door = reverse(f"admin:members_person_{screen}", args=[tracy.pk])
    refused = deputy.post(door, {"email": "mine@deputy.example"})
    assert refused.status_code == 403 and deputy.get(door).status_code == 403
    assert rows_of(Person, Authenticator) == before
    assert deputy.get(reverse(f"admin:members_person_{screen}", args=[priya.pk])).status_code == 200


def test_who_had_signed_in_is_told_at_the_old_address_and_signed_out(
    tracy: Person, priya: Person, as_person: SignIn
):
    old, browser = priya.email, by_code(priya)
    assert browser.get("/me/sessions/").status_code == 200
    actions.change_address(priya, email="priya@new.example", by=tracy)
    assert browser.get("/me/sessions/").status_code == 302
    told = Message.objects.get(person_id=priya.pk, mailing__kind="security")
    assert told.to_address == old and "another address" in told.mailing.text


def test_who_holds_an_office_cannot_be_marked_as_gone(tracy: Person, sam: Person, as_person: SignIn):
    page = as_person(tracy).post(
        reverse("admin:members_person_left", args=[sam.pk]), {"act": "left"}, follow=True
    )
    assert "Take their office away first" in text_of(page)
    sam.refresh_from_db()
    assert sam.office and sam.subscriptions.filter(ended_at__isnull=True).exists()


# --- make_chair -------------------------------------------------------------------------------------------------------


def make_chair(*args: str) -> str:
    said = StringIO()
    call_command("make_chair", *args, stdout=said)
    return said.getvalue()


def test_make_chair_lets_the_first_chair_in_once(visitor: Client):
    said = make_chair("Head@Forum.example", "--name", "Ada Head")
    link = re.search(r"/sign-in/link/\S+", said)
    assert link and "Ada Head is a chair." in said
    before = rows_of(Person, Session)
    page = visitor.get(link[0])
    visitor.head(link[0])
    assert "Sign in as Ada Head?" in text_of(page) and rows_of(Person, Session) == before
    assert page["Cache-Control"] == "private, no-store"
    assert visitor.post(link[0])["Location"] == "/admin/"
    assert visitor.get("/admin/")["Location"].startswith("/me/two-step/")
    assert Client().get(link[0]).status_code == 404, "it works once"
    assert AuditEntry.objects.filter(verb="members.office").count() == 1


def test_make_chair_twice_does_no_harm(tracy: Person):
    assert "Tracy Goodyear is a chair already." in make_chair(tracy.email)
    assert not AuditEntry.objects.filter(verb="members.office").exists()


def test_make_chair_takes_a_lost_second_step_away(tracy: Person):
    make.second_step(tracy)
    assert "The second step is taken away." in make_chair(tracy.email, "--reset-second-step")
    assert not Authenticator.objects.filter(user=tracy).exists()


@pytest.mark.parametrize(
    ("address", "words"), [("nobody@forum.example", "Add a name"), ("nobody", "in the usual form")]
)
def test_make_chair_says_what_is_missing(address: str, words: str):
    with pytest.raises(CommandError, match=words):
        make_chair(address)
    assert not Person.objects.exists()


def test_a_link_dies_after_a_day_and_cannot_be_forged(tracy: Person, visitor: Client):
    link = re.search(r"/sign-in/link/(\S+)/", make_chair(tracy.email))
    assert link
    for token in (link[1][:-1] + "x", "x" * 5000, "a:b:c"):
        assert visitor.get(f"/sign-in/link/{token}/").status_code == 404
