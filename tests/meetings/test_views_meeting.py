"""One meeting's page, for visitors, members and chairs, before, during and after it."""

from collections.abc import Callable

import pytest
from django.test import Client

from meetings import actions
from meetings.models import Meeting
from members.models import Person
from tests import make
from tests.conftest import Hand
from tests.meetings.views import LINK, PAGE, SECRETS, answer_path, invited, moved, text

pytestmark = pytest.mark.django_db


def test_a_visitor_sees_day_theme_and_agenda(visitor: Client, november: Meeting) -> None:
    page = text(visitor.get(PAGE))
    assert "<h1> Thursday 6 November 2025 </h1>" in page
    assert "10:00am to 11:30am. Online (Zoom)." in page
    assert "Early career teachers" in page and "<dt>10:10am</dt>" in page
    assert f'href="{PAGE}meeting.ics"' in page
    assert "Your answer" not in page and "/admin/" not in page


def test_a_member_sees_their_own_answer(
    november: Meeting, priya: Person, as_person: Callable[[Person], Client]
) -> None:
    invitation = invited(priya, november)
    client = as_person(priya)
    assert "You have not answered yet" in text(client.get(PAGE))
    actions.give_answer(invitation, choice="maybe", note="")
    page = text(client.get(PAGE))
    assert "Your answer: maybe" in page and answer_path(invitation) in page


def test_a_member_who_is_not_invited_yet(
    november: Meeting, priya: Person, as_person: Callable[[Person], Client]
) -> None:
    client = as_person(priya)
    assert "You are not invited yet" in text(client.get(PAGE))
    Meeting.objects.update(invite_at=make.london("2025-10-28 09:00"))
    assert "They go on Tuesday 28 October" in text(client.get(PAGE))


def test_how_many_come_counts_latest_answers_to_the_present_time(
    november: Meeting,
    priya: Person,
    callum: Person,
    nadia: Person,
    as_person: Callable[[Person], Client],
    tracy: Person,
) -> None:
    client = as_person(priya)
    assert "Nobody has said yes so far" in text(client.get(PAGE))
    rows = [invited(who, november) for who in (priya, callum, nadia)]
    actions.give_answer(rows[0], choice="yes", note="")
    assert "1 person from 1 trust </strong> has said yes." in text(client.get(PAGE))
    for row in rows[1:]:
        actions.give_answer(row, choice="yes", note="")
    assert "3 people from 2 trusts </strong> have said yes." in text(client.get(PAGE))
    actions.give_answer(rows[2], choice="no", note="")
    assert "2 people from 1 trust </strong> have said yes." in text(client.get(PAGE))
    moved(november, "2025-11-07", tracy)
    assert "Nobody has said yes so far" in text(client.get(PAGE, follow=True))


@pytest.mark.parametrize(
    ("moment", "button"),
    [("2025-11-06 09:29", False), ("2025-11-06 09:30", True), ("2025-11-06 11:29", True)],
)
def test_the_room_opens_half_an_hour_before(
    moment: str,
    button: bool,
    november: Meeting,
    priya: Person,
    portal_clock: Hand,
    as_person: Callable[[Person], Client],
) -> None:
    invited(priya, november)
    client = as_person(priya)
    portal_clock.set(moment)
    page = text(client.get(PAGE))
    assert (f'<a class="button" href="{LINK}"' in page) is button
    assert (">Join on Zoom</a>" in page) is button
    assert ("From 9:30am on the day" in page) is not button


def test_a_link_that_is_not_set_yet_will_follow(
    november: Meeting, priya: Person, portal_clock: Hand, as_person: Callable[[Person], Client]
) -> None:
    Meeting.objects.update(join_url="", join_id="", passcode="")
    client = as_person(priya)
    portal_clock.set("2025-11-06 09:45")
    page = text(client.get(PAGE))
    assert "The joining link will follow." in page and "Join on Zoom" not in page


def test_afterwards_the_panel_goes(
    november: Meeting, priya: Person, portal_clock: Hand, as_person: Callable[[Person], Client]
) -> None:
    client = as_person(priya)
    portal_clock.set("2025-11-06 11:31")
    page = text(client.get(PAGE))
    assert "Held" in page
    assert [secret for secret in SECRETS if secret in page] == []
    assert "Add to your calendar" not in page


def test_a_cancelled_meeting_says_why_and_what_is_next(
    november: Meeting, priya: Person, sam: Person, as_person: Callable[[Person], Client], visitor: Client
) -> None:
    make.meeting("2025-12-02 10:00")
    actions.cancel_meeting(november, reason="Chairs at the DfE", by=sam)
    for client in (visitor, as_person(priya)):
        page = text(client.get(PAGE))
        assert "This meeting is cancelled.</strong> Chairs at the DfE." in page
        assert "Tuesday 2 December 2025, 10:00am" in page
        assert [secret for secret in SECRETS if secret in page] == []


@pytest.mark.parametrize(("who", "sees"), [("tracy", True), ("sam", True), ("priya", False)])
def test_chairs_are_led_to_the_admin(
    who: str,
    sees: bool,
    november: Meeting,
    request: pytest.FixtureRequest,
    as_person: Callable[[Person], Client],
) -> None:
    page = text(as_person(request.getfixturevalue(who)).get(PAGE))
    assert ("Get it ready" in page) is sees
