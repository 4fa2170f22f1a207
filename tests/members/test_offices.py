"""Offices of the Forum: who gives them, what they protect, and how the first chair comes in."""

import re
from collections.abc import Callable
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from forum.audit.models import AuditEntry
from forum.outbox.models import Message
from forum.rights import OFFICES
from members import actions
from members.models import MailingList, Office, Person
from tests import make
from tests.members.sign_in import by_code
from tests.pages import rows_of, text_of

pytestmark = pytest.mark.django_db

type SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


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
