"""Plain messages that are due: to a list about a changed date, to chairs about a missing link."""

from datetime import timedelta

import pytest

from forum.kit import clock
from forum.outbox.models import Mailing, Message
from meetings import actions, alerts, invitations
from meetings.models import Meeting
from members.models import MailingList, Person
from tests import make
from tests.conftest import Hand

pytestmark = pytest.mark.django_db


@pytest.fixture
def december(forum_list: MailingList) -> Meeting:
    """A meeting to which nobody is invited yet."""
    return make.meeting("2025-12-02 10:00", invite_at=clock.now() + timedelta(days=22))


def move(meeting: Meeting, day: str, by: Person, *, tell: bool = True) -> None:
    actions.move_meeting(
        meeting,
        starts_at=make.london(f"{day} 10:00"),
        ends_at=make.london(f"{day} 11:30"),
        invite_at=clock.now() + timedelta(days=20),
        tell_list=tell,
        by=by,
    )


def test_the_list_hears_of_a_moved_date_once_it_has_settled(
    december: Meeting, priya: Person, tracy: Person, portal_clock: Hand
):
    move(december, "2025-12-04", tracy)
    assert alerts.tell_lists(clock.now()) == 0
    portal_clock.passes(minutes=2, seconds=1)
    assert alerts.tell_lists(clock.now()) == 2
    assert alerts.tell_lists(clock.now()) == 0
    mailing = Mailing.objects.get(kind="notice")
    assert (mailing.urgency, mailing.calendar) == ("bulk", "")
    assert "Tuesday 2 December" in mailing.text and "Thursday 4 December" in mailing.text


def test_nobody_hears_of_a_moved_date_unless_it_is_wished(
    december: Meeting, priya, tracy, portal_clock: Hand
):
    move(december, "2025-12-04", tracy, tell=False)
    portal_clock.passes(minutes=3)
    assert alerts.tell_lists(clock.now()) == 0


def test_two_moves_fold_into_one_message_that_names_what_people_knew(
    december, priya, tracy, portal_clock: Hand
):
    move(december, "2025-12-04", tracy)
    portal_clock.passes(minutes=1)
    move(december, "2025-12-05", tracy, tell=False)
    portal_clock.passes(minutes=3)
    assert alerts.tell_lists(clock.now()) == 2
    text = Mailing.objects.get(kind="notice").text
    assert "Tuesday 2 December" in text and "Friday 5 December" in text and "4 December" not in text


def test_undoing_the_second_act_keeps_the_first_and_can_be_gone_on_with(
    december, priya, tracy, portal_clock: Hand
):
    move(december, "2025-12-04", tracy)
    move(december, "2025-12-05", tracy)
    assert actions.undo(december, by=tracy)
    december.refresh_from_db()
    assert december.starts_at == make.london("2025-12-04 10:00")
    assert actions.undo(december, by=tracy)
    december.refresh_from_db()
    assert december.starts_at == make.london("2025-12-02 10:00")
    portal_clock.passes(minutes=3)
    assert alerts.tell_lists(clock.now()) == 0


def test_the_list_hears_that_a_date_is_off(december: Meeting, priya, tracy, portal_clock: Hand):
    actions.cancel_meeting(december, reason="Snow", tell_list=True, by=tracy)
    portal_clock.passes(minutes=3)
    assert alerts.tell_lists(clock.now()) == 2
    assert "Snow" in Mailing.objects.get(kind="notice").text


def test_chairs_are_told_once_that_invitations_went_without_a_link(priya, tracy, sam, portal_clock: Hand):
    make.meeting("2025-11-06 10:00", invite_at=clock.now() - timedelta(days=1))
    assert alerts.tell_chairs(clock.now()) == 0
    invitations.reconcile(clock.now())
    assert alerts.tell_chairs(clock.now()) == 2
    assert alerts.tell_chairs(clock.now()) == 0
    told = Message.objects.filter(mailing__kind="link_missing").values_list("to_address", flat=True)
    assert set(told) == {tracy.email, sam.email}
