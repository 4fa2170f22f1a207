"""Doors of the second storey: who may open what, what nobody else may see, and how much the pages ask."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from forum.kit import clock, tokens
from meetings import actions
from meetings.models import Meeting
from members.models import Person
from tests import make
from tests.conftest import Hand
from tests.meetings.views import LINK, PAGE, SECRETS, YEAR, answer_path, invited, text

pytestmark = pytest.mark.django_db


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values()) for model in apps.get_models()
    }


# --- Who may open what, and how ---------------------------------------------------------------------------------------

DOORS = [
    ("/meetings/", {"GET": 302, "HEAD": 302, "POST": 405, "PUT": 405, "DELETE": 405}),
    (YEAR, {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}),
    (f"{YEAR}dates.ics", {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}),
    (PAGE, {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}),
    (f"{PAGE}meeting.ics", {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}),
    ("/r/<token>/", {"GET": 200, "HEAD": 200, "POST": 302, "PUT": 405, "DELETE": 405}),
    ("/r/<token>/meeting.ics", {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}),
    ("/r/nonsense/", {"GET": 404, "HEAD": 404, "POST": 404, "PUT": 405, "DELETE": 405}),
    ("/r/nonsense/meeting.ics", {"GET": 404, "HEAD": 404, "POST": 405, "PUT": 405, "DELETE": 405}),
    ("/meetings/2024-25/", {"GET": 404, "HEAD": 404, "POST": 405}),
    ("/meetings/2024-25/dates.ics", {"GET": 404, "HEAD": 404, "POST": 405}),
    ("/meetings/2025-27/", {"GET": 404, "HEAD": 404, "POST": 404}),
    (f"{YEAR}7-november/", {"GET": 404, "HEAD": 404, "POST": 405}),
    (f"{YEAR}7-november/meeting.ics", {"GET": 404, "HEAD": 404, "POST": 405}),
]


@pytest.mark.parametrize("who", ["visitor", "outsider", "callum", "priya", "sam", "tracy"])
def test_doors(
    who: str,
    november: Meeting,
    nadia: Person,
    as_person: Callable[[Person], Client],
    request: pytest.FixtureRequest,
) -> None:
    if who == "visitor":
        client = Client()
    else:
        client = as_person(make.person("Pat Lowe") if who == "outsider" else request.getfixturevalue(who))
    token = tokens.make(invited(nadia, november).key, "answer")
    for path, methods in DOORS:
        for method, status in methods.items():
            data = {"answer": "yes"} if method == "POST" else None
            response = (
                client.generic(method, path.replace("<token>", token))
                if data is None
                else client.post(path.replace("<token>", token), data)
            )
            assert (path, method, response.status_code) == (path, method, status)


def test_looking_changes_no_row(
    november: Meeting, priya: Person, as_person: Callable[[Person], Client]
) -> None:
    path = answer_path(invited(priya, november))
    signed_in = as_person(priya)
    before = all_rows()
    for client in (Client(), signed_in):
        for address in (
            "/",
            "/meetings/",
            YEAR,
            f"{YEAR}dates.ics",
            PAGE,
            f"{PAGE}meeting.ics",
            path,
            f"{path}?answer=yes",
            f"{path}?answer=no&List-Unsubscribe=One-Click",
            f"{path}meeting.ics",
        ):
            client.get(address)
            client.head(address)
    assert all_rows() == before


@pytest.mark.parametrize("token", ["", "x" * 38, "!!", "a.b"])
def test_a_broken_link_says_so_and_leads_on(token: str, visitor: Client, november: Meeting) -> None:
    response = visitor.get(f"/r/{token}/")
    assert response.status_code == 404
    if token:
        assert "This link does not work" in text(response)
        assert response["Cache-Control"] == "private, no-store"


def test_a_link_for_one_purpose_opens_no_other(visitor: Client, november: Meeting, priya: Person) -> None:
    invitation = invited(priya, november)
    assert visitor.get(f"/r/{tokens.make(priya.key, 'mail')}/").status_code == 404
    assert visitor.get(f"/r/{tokens.make(priya.key, 'answer')}/").status_code == 404
    assert visitor.get(f"/r/{tokens.make(invitation.key, 'mail')}/").status_code == 404


# --- What nobody else may see -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment", ["2025-10-20 09:00", "2025-11-06 09:45", "2025-11-06 11:00", "2025-11-07 09:00"]
)
@pytest.mark.parametrize("who", ["visitor", "outsider", "left", "unapproved"])
def test_link_passcode_and_names_show_to_members_only(
    who: str,
    moment: str,
    november: Meeting,
    priya: Person,
    portal_clock: Hand,
    as_person: Callable[[Person], Client],
) -> None:
    actions.give_answer(invited(priya, november), choice="yes", note="")
    client = Client()
    if who != "visitor":
        stranger = make.person("Pat Lowe")
        if who == "left":
            role = make.role(stranger, make.trust())
            role.ended_at = clock.now()
            role.save()
        elif who == "unapproved":
            make.role(stranger, make.trust(approved_at=None))
        client = as_person(stranger)
    portal_clock.set(moment)
    for path in (
        "/",
        "/meetings/",
        YEAR,
        f"{YEAR}dates.ics",
        PAGE,
        f"{PAGE}meeting.ics",
        "/communities/",
        "/guides/",
    ):
        response = client.get(path, follow=True)
        said = response.content.decode() + str(response.headers)
        assert [
            secret for secret in (*SECRETS, "Priya", priya.email, "have said yes") if secret in said
        ] == []


def test_a_members_page_is_not_the_visitors(
    november: Meeting, priya: Person, as_person: Callable[[Person], Client]
) -> None:
    page = text(as_person(priya).get(PAGE))
    assert all(secret in page for secret in (LINK, "845 1220 7731", "306 114"))


# --- How much the pages ask the database ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 12])
def test_public_pages_ask_little(
    number: int, november: Meeting, visitor: Client, django_assert_num_queries: Any, tracy: Person
) -> None:
    for month in range(1, number):
        make.meeting(
            f"2026-{month:02d}-20 10:00" if month < 9 else f"2025-{month:02d}-21 10:00", theme="A theme"
        )
    for path, most in (
        (YEAR, 3),
        (f"{YEAR}dates.ics", 2),
        (PAGE, 3),
        (f"{PAGE}meeting.ics", 2),
        ("/meetings/", 3),
    ):
        with django_assert_num_queries(most):
            visitor.get(path)
    actions.cancel_meeting(november, reason="", by=tracy)
    with django_assert_num_queries(4):
        visitor.get(PAGE)


@pytest.mark.parametrize("number", [0, 7])
def test_members_pages_ask_little(
    number: int,
    november: Meeting,
    priya: Person,
    as_person: Callable[[Person], Client],
    django_assert_num_queries: Any,
) -> None:
    for _ in range(number):
        who = make.subscribed()
        make.role(who, make.trust())
        actions.give_answer(invited(who, november), choice="yes", note="")
    invitation = invited(priya, november)
    actions.give_answer(invitation, choice="yes", note="")
    client = as_person(priya)
    with django_assert_num_queries(8):
        client.get(PAGE)
    with django_assert_num_queries(4):
        client.get(YEAR)
    with django_assert_num_queries(3):
        Client().get(answer_path(invitation))
    with django_assert_num_queries(3):
        Client().get(f"{answer_path(invitation)}meeting.ics")
