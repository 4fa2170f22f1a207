"""Doors of the first storey: mail choices behind a mailed link."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.http import HttpResponse
from django.test import Client

from forum.audit.models import AuditEntry
from forum.kit import clock, tokens
from forum.outbox.models import Suppression
from members import actions
from members.models import MailingList, Person, Subscription, TrustRole
from tests import make
from tests.conftest import Hand

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def mail_path(who: Person) -> str:
    """The address of someone's mail choices."""
    return f"/mail/{tokens.make(who.key, 'mail')}/"


def text(response: HttpResponse) -> str:
    """What a page says, with ordinary spaces, each only once."""
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values()) for model in apps.get_models()
    }


def slugs(who: Person) -> list[str]:
    """The lists someone is on."""
    open_rows = Subscription.objects.filter(person=who, ended_at__isnull=True)
    return sorted(open_rows.values_list("list__slug", flat=True))


def off(who: Person) -> bool:
    """Whether someone asked not to be emailed."""
    return Suppression.objects.filter(address_key=who.address_key).exists()


@pytest.mark.parametrize("who", ["visitor", "callum", "nadia", "sam", "tracy"])
def test_doors(
    who: str, priya: Person, request: pytest.FixtureRequest, as_person: Callable[[Person], Client]
) -> None:
    client = Client() if who == "visitor" else as_person(request.getfixturevalue(who))
    good = {"GET": 200, "HEAD": 200, "POST": 200, "PUT": 405, "PATCH": 405, "DELETE": 405}
    assert {method: client.generic(method, mail_path(priya)).status_code for method in good} == good
    bad = good | {"GET": 404, "HEAD": 404, "POST": 404}
    for token in ("nonsense", "x" * 38, tokens.make(priya.key, "answer")):
        assert {method: client.generic(method, f"/mail/{token}/").status_code for method in bad} == bad
    assert slugs(priya) == ["forum"]


def test_a_broken_link_says_so(visitor: Client) -> None:
    response = visitor.get("/mail/nonsense/")
    assert "This link does not work" in text(response)
    assert visitor.post("/mail/nonsense/", ONE_CLICK).status_code == 404


def test_looking_changes_no_row(visitor: Client, priya: Person) -> None:
    before = all_rows()
    for query in (
        "",
        "?List-Unsubscribe=One-Click",
        "?stop=everything&take_out=on",
        "?undo=1",
        "?back=1",
        "?done=x",
    ):
        visitor.get(mail_path(priya) + query)
        visitor.head(mail_path(priya) + query)
    assert all_rows() == before


def test_the_page_shows_what_someone_gets_and_is_kept_nowhere(visitor: Client, priya: Person) -> None:
    own = make.community("Is our CPD working?").list
    Subscription.objects.create(person=priya, list=own)
    response = visitor.get(mail_path(priya))
    page = text(response)
    assert "For Priya Raman" in page and priya.email not in page
    assert "Invitations to Forum meetings" in page
    assert "Invitations to sessions of ‘Is our CPD working?’" in page
    assert 'name="take_out" id="id_take_out" checked' in page
    assert "Nothing is saved yet" in page and "Put me back" not in page
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("private, no-store", "noindex, nofollow")


# --- The mail program's own button ------------------------------------------------------------------------------------


def test_one_click_stops_everything_at_once(priya: Person) -> None:
    own = make.community().list
    Subscription.objects.create(person=priya, list=own)
    client = Client(enforce_csrf_checks=True)
    response = client.post(mail_path(priya), ONE_CLICK)
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert not response.cookies and not client.cookies
    assert slugs(priya) == [] and off(priya)
    rows = Subscription.objects.filter(person=priya)
    assert set(rows.values_list("takes_entries_out", flat=True)) == {False}


def test_one_click_in_a_multipart_body_and_with_query(priya: Person) -> None:
    response = Client(enforce_csrf_checks=True).post(
        f"{mail_path(priya)}?utm=1",
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 200 and off(priya)


def test_one_click_twice_is_one(visitor: Client, priya: Person) -> None:
    visitor.post(mail_path(priya), ONE_CLICK)
    before = all_rows()
    assert visitor.post(mail_path(priya), ONE_CLICK).status_code == 200
    assert all_rows() == before


# --- The page's own button --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [{"stop": "everything"}, {"back": "1"}, {"undo": "x"}, {}, {"List-Unsubscribe": "Two"}]
)
def test_the_pages_own_buttons_need_its_form(body: dict[str, str], priya: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    before = all_rows()
    assert client.post(mail_path(priya), body).status_code == 403
    client.get(mail_path(priya))
    assert client.post(mail_path(priya), body | {"csrfmiddlewaretoken": "x" * 64}).status_code == 403
    assert all_rows() == before


def test_with_its_form_the_page_saves(priya: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    token = str(client.get(mail_path(priya)).context["csrf_token"])
    saved = client.post(mail_path(priya), {"stop": "meetings", "csrfmiddlewaretoken": token})
    assert saved.status_code == 302 and slugs(priya) == []


@pytest.mark.parametrize("take_out", [True, False])
def test_stopping_meetings_leaves_the_rest(take_out: bool, visitor: Client, priya: Person) -> None:
    own = make.community("Is our CPD working?").list
    Subscription.objects.create(person=priya, list=own)
    data = {"stop": "meetings"} | ({"take_out": "on"} if take_out else {})
    page = text(visitor.post(mail_path(priya), data, follow=True))
    assert "You get no more invitations to Forum meetings." in page
    assert ("leave your calendar" in page) is take_out
    assert "You still get:" in page and "Is our CPD working?" in page
    assert slugs(priya) == [own.slug] and not off(priya)
    assert Subscription.objects.get(person=priya, list__slug="forum").takes_entries_out is take_out
    assert AuditEntry.objects.get(verb="members.unsubscribed").by_id == priya.pk


def test_stopping_everything_can_be_undone(visitor: Client, priya: Person) -> None:
    own = make.community().list
    Subscription.objects.create(person=priya, list=own)
    saved = visitor.post(mail_path(priya), {"stop": "everything", "take_out": "on"}, follow=True)
    assert "You get no more mail from the Forum’s lists." in text(saved)
    assert slugs(priya) == [] and off(priya)
    address = saved.redirect_chain[0][0]
    before = all_rows()
    assert "Undo" in text(visitor.get(address)), "a reload shows the same and changes nothing"
    assert all_rows() == before
    undone = visitor.post(mail_path(priya), {"undo": saved.context["request"].GET["done"]}, follow=True)
    assert "Undone. You get what you got before." in text(undone)
    assert slugs(priya) == sorted(["forum", own.slug]) and not off(priya)
    assert "Undo</button>" not in text(visitor.get(address)), (
        "an old result is not told once it no longer holds"
    )


def test_undo_brings_back_only_what_was_left_then(visitor: Client, priya: Person) -> None:
    own = make.community().list
    Subscription.objects.create(person=priya, list=own, ended_at=clock.now())
    saved = visitor.post(mail_path(priya), {"stop": "everything"}, follow=True)
    visitor.post(mail_path(priya), {"undo": saved.context["request"].GET["done"]})
    assert slugs(priya) == ["forum"]


def test_somebody_elses_undo_does_nothing(visitor: Client, priya: Person, nadia: Person) -> None:
    done = visitor.post(mail_path(priya), {"stop": "meetings"}, follow=True).context["request"].GET["done"]
    visitor.post(mail_path(nadia), {"stop": "meetings"})
    page = text(visitor.post(mail_path(nadia), {"undo": done}, follow=True))
    assert "That was too long ago to undo." in page
    assert slugs(nadia) == []


@pytest.mark.parametrize("data", [{}, {"stop": "the train"}, {"take_out": "on"}])
def test_without_a_choice_nothing_stops(data: dict[str, str], visitor: Client, priya: Person) -> None:
    response = visitor.post(mail_path(priya), data)
    page = text(response)
    assert response.status_code == 200 and page.count("Choose what should stop") == 2
    assert page.partition("<title>")[2].lstrip().startswith("Error: Your mail from the Forum")
    assert response.context["form"]["take_out"].value() is ("take_out" in data)
    assert slugs(priya) == ["forum"]


# --- Coming back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["one click", "everything", "meetings", "never on it"])
def test_who_is_off_can_come_back(how: str, visitor: Client, whinfell: Any, forum_list: MailingList) -> None:
    who = make.person("Marcus Webb")
    make.role(who, whinfell)
    if how != "never on it":
        make.subscribed(who, basis=Subscription.Basis.ADDED_BY_LEAD)
        visitor.post(mail_path(who), ONE_CLICK if how == "one click" else {"stop": how})
    page = text(visitor.get(mail_path(who)))
    assert "You are on none of the Forum’s lists." in page and "Put me back on the Forum’s list" in page
    back = text(visitor.post(mail_path(who), {"back": "1"}, follow=True))
    assert "You are back on the Forum’s list." in back and "Invitations to Forum meetings" in back
    assert slugs(who) == ["forum"] and not off(who)
    before = all_rows()
    visitor.post(mail_path(who), {"back": "1"})
    assert {name: rows for name, rows in all_rows().items() if not name.startswith("audit")} == {
        name: rows for name, rows in before.items() if not name.startswith("audit")
    }


@pytest.mark.parametrize("how", ["left", "closed"])
def test_who_has_left_cannot_put_themselves_back(
    how: str, visitor: Client, priya: Person, tracy: Person
) -> None:
    saved = visitor.post(mail_path(priya), {"stop": "meetings"}, follow=True)
    done = saved.context["request"].GET["done"]
    if how == "left":
        actions.leave_trust(priya, by=tracy)
        assert TrustRole.objects.filter(person=priya, ended_at__isnull=True).count() == 0
    else:
        Person.objects.filter(pk=priya.pk).update(is_active=False)
    assert "Put me back" not in text(visitor.get(mail_path(priya)))
    for body in ({"back": "1"}, {"undo": done}):
        page = text(visitor.post(mail_path(priya), body, follow=True))
        assert "Only the Forum can put you back" in page
    assert slugs(priya) == []


def test_a_guest_without_a_trust_can_come_back(visitor: Client, forum_list: MailingList) -> None:
    guest = make.subscribed()
    visitor.post(mail_path(guest), {"stop": "everything"})
    visitor.post(mail_path(guest), {"back": "1"})
    assert slugs(guest) == ["forum"]


@pytest.mark.parametrize("lists", [1, 6])
def test_the_page_asks_little(
    lists: int, visitor: Client, priya: Person, django_assert_num_queries: Any
) -> None:
    for _ in range(lists):
        Subscription.objects.create(person=priya, list=make.community().list)
    with django_assert_num_queries(3):
        visitor.get(mail_path(priya))


def test_undo_is_over_after_a_day(
    visitor: Client, priya: Person, portal_clock: Hand, monkeypatch: Any
) -> None:
    done = visitor.post(mail_path(priya), {"stop": "meetings"}, follow=True).context["request"].GET["done"]
    monkeypatch.setattr("members.views.choices._UNDO_WITHIN_SECONDS", -1)
    assert "too long ago" in text(visitor.post(mail_path(priya), {"undo": done}, follow=True))
    assert slugs(priya) == []
