"""Reconcile: the right letter to the right person, once."""

import re
from datetime import timedelta

import pytest

from forum.kit import clock
from forum.outbox.models import Mailing, Message
from meetings import actions, invitations
from meetings.invitations import Tally
from meetings.models import Invitation
from members import actions as members
from members.models import MailingList, Person, Subscription
from tests import make
from tests.conftest import Hand

pytestmark = pytest.mark.django_db


def reconcile() -> Tally:
    return invitations.reconcile(clock.now())


def hand_over(**filters: object) -> None:
    """Marks waiting letters as sent, as the delivery would."""
    for message in Message.objects.filter(state="queued", **filters):
        message.state, message.handed_at, message.sent_at = "sent", clock.real(), clock.real()
        message.save()


def letters_of(who: Person) -> list[tuple[str, int, str]]:
    """Kind, SEQUENCE and address of everything posted to someone, in order."""
    rows = Message.objects.filter(person_id=who.pk).select_related("mailing").order_by("id")
    return [(row.mailing.kind, int(row.slots["sequence"]), row.to_address) for row in rows]


@pytest.fixture
def due(forum_list: MailingList) -> object:
    """A meeting whose invitation day has come."""
    return make.meeting(
        invite_at=clock.now() - timedelta(days=4), theme="A theme", join_url="https://zoom.example/j/1"
    )


def test_everyone_on_the_list_is_invited_once(due, priya, callum, nadia):
    assert reconcile() == Tally(invited=3)
    assert reconcile() == Tally()
    hand_over()
    assert reconcile() == Tally()
    assert letters_of(priya) == [("invitation", 0, priya.email)]
    assert Mailing.objects.count() == 1


def test_nobody_is_invited_before_the_day(forum_list, priya, portal_clock: Hand):
    make.meeting(invite_at=clock.now() + timedelta(days=2))
    assert reconcile() == Tally()
    portal_clock.passes(days=2, minutes=1)
    assert reconcile() == Tally(invited=1)


def test_a_meeting_without_a_day_invites_nobody(forum_list, priya):
    make.meeting()
    assert reconcile() == Tally()


def test_a_joiner_gets_the_live_invitations_only(forum_list, priya):
    make.meeting("2025-10-08 10:00", invite_at=clock.now() - timedelta(days=30))
    make.meeting("2025-11-06 10:00", invite_at=clock.now() - timedelta(days=4))
    make.meeting("2025-12-02 10:00", invite_at=clock.now() + timedelta(days=22))
    assert reconcile() == Tally(invited=1)


def test_a_move_tells_everyone_after_two_minutes(due, priya, tracy, portal_clock: Hand):
    reconcile()
    hand_over()
    actions.move_meeting(
        due,
        starts_at=make.london("2025-11-07 13:00"),
        ends_at=make.london("2025-11-07 14:30"),
        invite_at=None,
        by=tracy,
    )
    assert reconcile() == Tally(settling=1)
    portal_clock.passes(minutes=2, seconds=1)
    assert reconcile() == Tally(changed=2)
    assert letters_of(priya) == [("invitation", 0, priya.email), ("change", 1, priya.email)]
    change = Mailing.objects.get(kind="change")
    assert change.subject.startswith("Changed: Forum meeting now Friday 7 November 2025, 1:00pm")
    assert "Thursday 6 November" in change.text


def test_undo_tells_nobody(due, priya, tracy, portal_clock: Hand):
    reconcile()
    hand_over()
    before = due.time
    actions.move_meeting(
        due,
        starts_at=make.london("2025-11-07 13:00"),
        ends_at=make.london("2025-11-07 14:30"),
        invite_at=None,
        by=tracy,
    )
    assert actions.undo(due, by=tracy)
    portal_clock.passes(minutes=3)
    assert reconcile() == Tally()
    due.refresh_from_db()
    assert due.time == before
    assert make.entry(due).sequence == 2


def test_two_acts_fold_into_one_letter(due, priya, tracy, portal_clock: Hand):
    reconcile()
    hand_over()
    for day in ("2025-11-07", "2025-11-10"):
        actions.move_meeting(
            due,
            starts_at=make.london(f"{day} 13:00"),
            ends_at=make.london(f"{day} 14:30"),
            invite_at=None,
            by=tracy,
        )
        portal_clock.passes(minutes=1)
    portal_clock.passes(minutes=2)
    assert reconcile() == Tally(changed=2)
    assert letters_of(priya)[-1][:2] == ("change", 2)


def test_an_unsent_invitation_is_replaced_by_an_invitation_to_the_new_time(
    due, priya, tracy, portal_clock: Hand
):
    reconcile()
    actions.move_meeting(
        due,
        starts_at=make.london("2025-11-07 13:00"),
        ends_at=make.london("2025-11-07 14:30"),
        invite_at=None,
        by=tracy,
    )
    portal_clock.passes(minutes=3)
    assert reconcile() == Tally(invited=2)
    assert list(
        Message.objects.filter(person_id=priya.pk).order_by("id").values_list("state", flat=True)
    ) == [
        "cancelled",
        "queued",
    ]


def test_a_cancelled_meeting_is_taken_back_from_whoever_holds_it(
    due, priya, nadia, tracy, portal_clock: Hand
):
    reconcile()
    hand_over(person_id=priya.pk)
    actions.cancel_meeting(due, reason="Chairs at the DfE", by=tracy)
    portal_clock.passes(minutes=3)
    reconcile()
    assert letters_of(priya) == [("invitation", 0, priya.email), ("cancellation", 1, priya.email)]
    assert letters_of(nadia) == [("invitation", 0, nadia.email)]
    assert Message.objects.get(person_id=nadia.pk).state == "cancelled"
    assert reconcile() == Tally()
    assert Mailing.objects.get(kind="cancellation").subject.startswith(
        "Cancelled: Forum meeting, Thursday 6 November"
    )


def test_put_back_opens_a_new_entry(due, priya, tracy, portal_clock: Hand):
    reconcile()
    hand_over()
    first = make.entry(due).uid
    actions.cancel_meeting(due, reason="Snow", by=tracy)
    portal_clock.passes(minutes=3)
    reconcile()
    hand_over()
    assert actions.put_back(due, by=tracy)
    portal_clock.passes(minutes=3)
    assert reconcile() == Tally(invited=2)
    assert make.entry(due).uid != first
    assert letters_of(priya)[-1] == ("invitation", 0, priya.email)


def test_put_back_within_the_two_minutes_is_undo(due, priya, tracy, portal_clock: Hand):
    reconcile()
    hand_over()
    first = make.entry(due).uid
    actions.cancel_meeting(due, reason="Snow", by=tracy)
    actions.put_back(due, by=tracy)
    portal_clock.passes(minutes=3)
    assert reconcile() == Tally()
    assert make.entry(due).uid == first


def test_leaving_takes_the_entry_back_and_rejoining_returns_it_higher(due, priya, forum_list):
    reconcile()
    hand_over()
    members.unsubscribe(priya, lists=[forum_list], takes_entries_out=True, by=priya)
    assert reconcile() == Tally(withdrawn=1)
    hand_over()
    members.subscribe(priya, of_list=forum_list, by=priya)
    assert reconcile() == Tally(invited=1)
    assert letters_of(priya) == [
        ("invitation", 0, priya.email),
        ("withdrawal", 1, priya.email),
        ("invitation", 2, priya.email),
    ]


def test_one_click_ends_what_is_queued_and_sends_nothing(due, priya, forum_list):
    reconcile()
    members.stop_everything(priya, takes_entries_out=False, by=None)
    reconcile()
    assert [row.state for row in Message.objects.filter(person_id=priya.pk)] == ["cancelled"]
    assert Invitation.objects.get(person=priya).released_at
    members.resume_lists(priya, lists=[forum_list])
    assert reconcile() == Tally(invited=1)
    assert letters_of(priya)[-1][1] == 1


def test_a_ticked_box_takes_the_entry_out_past_the_suppression(due, priya):
    reconcile()
    hand_over()
    members.stop_everything(priya, takes_entries_out=True, by=priya)
    assert reconcile() == Tally(withdrawn=1)
    last = Message.objects.filter(person_id=priya.pk).latest("id")
    assert (last.mailing.method, last.passes_suppression, last.state) == ("CANCEL", True, "queued")


def test_let_go_then_cancelled_meanwhile_gets_its_cancel_when_mail_resumes(
    due, priya, tracy, portal_clock: Hand
):
    reconcile()
    hand_over()
    Person.objects.filter(pk=priya.pk).update(mail_paused_at=clock.now())
    reconcile()
    assert len(letters_of(priya)) == 1
    actions.cancel_meeting(due, reason="Snow", by=tracy)
    portal_clock.passes(minutes=3)
    reconcile()
    assert len(letters_of(priya)) == 1
    priya.refresh_from_db()
    members.resume_mail(priya, by=tracy)
    reconcile()
    assert letters_of(priya)[-1][:2] == ("cancellation", 1)


def test_another_address_leaves_the_old_calendar_and_enters_the_new(due, priya, tracy):
    reconcile()
    hand_over()
    old = priya.email
    members.change_address(priya, email="p.raman@whinfell.example", by=tracy)
    reconcile()
    assert letters_of(priya) == [
        ("invitation", 0, old),
        ("withdrawal", 1, old),
        ("invitation", 2, "p.raman@whinfell.example"),
    ]
    assert reconcile() == Tally()


def test_an_address_never_reached_gets_no_cancel(due, priya, tracy):
    reconcile()
    old = priya.email
    members.change_address(priya, email="p.raman@whinfell.example", by=tracy)
    reconcile()
    assert letters_of(priya) == [("invitation", 0, old), ("invitation", 1, "p.raman@whinfell.example")]
    assert Message.objects.filter(to_address=old).get().state == "cancelled"


def test_an_imported_person_waits_for_the_next_invitation_day(due, priya, portal_clock: Hand):
    Subscription.objects.filter(person=priya).update(from_at=clock.now() + timedelta(days=3))
    assert reconcile() == Tally()
    portal_clock.passes(days=3, minutes=1)
    assert reconcile() == Tally(invited=1)


def test_a_failed_letter_waits_for_a_chair(due, priya, tracy):
    reconcile()
    Message.objects.update(state="failed", error="no such user", smtp_code=550)
    assert reconcile() == Tally()
    assert actions.try_again(due, by=tracy) == 2
    assert reconcile() == Tally(invited=2)
    assert actions.try_again(due, by=tracy) == 0


def test_a_meeting_that_is_over_is_left_alone(due, priya, nadia, forum_list, portal_clock: Hand):
    reconcile()
    hand_over()
    portal_clock.set("2025-11-06 11:31")
    members.unsubscribe(priya, lists=[forum_list], takes_entries_out=True, by=priya)
    make.subscribed()
    assert reconcile() == Tally()


def test_answers_are_kept_and_asked_again_after_a_move(due, priya, tracy, portal_clock: Hand):
    reconcile()
    hand_over()
    actions.give_answer(Invitation.objects.get(person=priya), choice="yes", note="")
    actions.edit_words(due, theme="Another theme", agenda="", announce=True, by=tracy)
    portal_clock.passes(minutes=3)
    reconcile()
    hand_over()
    assert Message.objects.filter(person_id=priya.pk).latest("id").slots["partstat"] == "ACCEPTED"
    actions.move_meeting(
        due,
        starts_at=make.london("2025-11-07 13:00"),
        ends_at=make.london("2025-11-07 14:30"),
        invite_at=None,
        by=tracy,
    )
    portal_clock.passes(minutes=3)
    reconcile()
    last = Message.objects.filter(person_id=priya.pk).latest("id")
    assert last.slots["partstat"] == "NEEDS-ACTION"
    assert last.slots["said"] == "You said yes to Thursday. We need a new answer."
    assert Invitation.objects.get(person=priya).time_sequence == 2


def test_a_small_quiet_edit_mails_nobody(due, priya, tracy, portal_clock: Hand):
    reconcile()
    hand_over()
    actions.edit_words(due, theme="A better theme", agenda="", by=tracy)
    portal_clock.passes(minutes=3)
    assert reconcile() == Tally()


def test_the_link_comes_later_as_an_update(forum_list, priya, tracy, portal_clock: Hand):
    meeting = make.meeting(invite_at=clock.now() - timedelta(days=1))
    reconcile()
    hand_over()
    assert "will follow" in Mailing.objects.get(kind="invitation").text
    actions.change_link(meeting, join_url="https://zoom.example/j/9", join_id="9", passcode="1", by=tracy)
    portal_clock.passes(minutes=3)
    assert reconcile() == Tally(changed=2)
    change = Mailing.objects.get(kind="change")
    assert (
        "https://zoom.example/j/9" in re.sub(r"\s", "", change.calendar)
        and "https://zoom.example/j/9" in change.text
    )


def test_nothing_to_do_is_cheap(due, django_assert_max_num_queries):
    people = [make.subscribed() for _ in range(30)]
    assert reconcile().invited == len(people)
    hand_over()
    with django_assert_max_num_queries(12):
        assert reconcile() == Tally()
