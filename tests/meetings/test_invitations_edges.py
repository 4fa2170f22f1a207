"""Where letters went wrong before: races, undone words, quiet edits, pauses, peace."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from forum.audit.models import AuditEntry
from forum.kit import clock
from forum.outbox.models import Mailing, Message
from meetings import actions, invitations, queries
from meetings.models import Invitation, Meeting
from members import actions as members
from members.models import Person
from tests import make
from tests.conftest import Hand


def reconcile() -> invitations.Tally:
    return invitations.reconcile(clock.now())


def hand_over() -> None:
    for message in Message.objects.filter(state="queued"):
        message.state, message.handed_at, message.sent_at = "sent", clock.real(), clock.real()
        message.save()


@pytest.fixture
def november(forum_list: object) -> Meeting:
    """A meeting whose invitation day has come."""
    return make.meeting(
        invite_at=clock.now() - timedelta(days=4), theme="A theme", join_url="https://zoom.example/j/1"
    )


def move(meeting: Meeting, by: Person, day: str = "2025-11-07") -> None:
    actions.move_meeting(
        meeting,
        starts_at=make.london(f"{day} 13:00"),
        ends_at=make.london(f"{day} 14:30"),
        invite_at=None,
        by=by,
    )


@pytest.mark.django_db(transaction=True)
def test_an_undo_that_meets_a_running_reconcile_waits_and_is_refused(
    november: Meeting, tracy: Person, portal_clock: Hand, monkeypatch: pytest.MonkeyPatch
):
    reconcile()
    hand_over()
    move(november, tracy)
    portal_clock.passes(minutes=2, seconds=1)
    posting, go_on = threading.Event(), threading.Event()
    post = invitations.post.post

    def slowly(*args: object, **kwargs: object) -> int:
        posting.set()
        assert go_on.wait(10)
        return post(*args, **kwargs)

    def run(act: object) -> object:
        try:
            return act()
        except ValidationError as refused:
            return refused
        finally:
            connections.close_all()

    monkeypatch.setattr(invitations.post, "post", slowly)
    with ThreadPoolExecutor(2) as pool:
        sending = pool.submit(run, reconcile)
        assert posting.wait(10)
        undoing = pool.submit(run, lambda: actions.undo(november, by=tracy))
        go_on.set()
        assert sending.result().changed == 1
        assert isinstance(undoing.result(), ValidationError)
    november.refresh_from_db()
    assert november.starts_at == make.london("2025-11-07 13:00")
    assert reconcile() == invitations.Tally()


@pytest.mark.django_db
def test_undone_words_reach_nobody(forum_list, priya, tracy, portal_clock: Hand):
    meeting = make.meeting(invite_at=clock.now() + timedelta(hours=1), theme="Right")
    actions.edit_words(meeting, theme="WRONG", agenda="", by=tracy)
    actions.undo(meeting, by=tracy)
    portal_clock.passes(hours=2)
    reconcile()
    hand_over()
    actions.edit_words(meeting, theme="Better", agenda="", announce=True, by=tracy)
    portal_clock.passes(minutes=3)
    reconcile()
    letter = Mailing.objects.get(kind="change")
    assert "Right" in letter.text and "Better" in letter.text and "WRONG" not in letter.text


@pytest.mark.django_db
def test_who_got_the_quietly_edited_words_is_not_told_of_them_again(
    november, priya, tracy, forum_list, portal_clock
):
    reconcile()
    hand_over()
    actions.edit_words(november, theme="A better theme", agenda="", by=tracy)
    portal_clock.passes(minutes=3)
    late = make.subscribed()
    reconcile()
    hand_over()
    members.stop_everything(late, takes_entries_out=False, by=None)
    reconcile()
    members.resume_lists(late, lists=[forum_list])
    reconcile()
    kinds = Message.objects.filter(person_id=late.pk).order_by("id").values_list("mailing__kind", flat=True)
    assert list(kinds) == ["invitation", "invitation"]
    assert Message.objects.filter(person_id=priya.pk).count() == 1


@pytest.mark.django_db
def test_a_revision_number_is_never_used_twice(november, priya, tracy, portal_clock: Hand):
    reconcile()
    hand_over()
    move(november, tracy)
    actions.undo(november, by=tracy)
    move(november, tracy, "2025-11-10")
    assert (make.entry(november).revision, make.entry(november).sequence) == (3, 3)
    portal_clock.passes(minutes=3)
    assert reconcile().changed == 2


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["failed", "in_doubt"])
def test_try_again_lifts_a_pause_and_sends_what_was_refused(november, priya, tracy, state: str):
    reconcile()
    Message.objects.filter(person_id=priya.pk).update(
        state=state, handed_at=None if state == "failed" else clock.real()
    )
    Person.objects.filter(pk=priya.pk).update(mail_paused_at=clock.now(), mail_paused_why="no such user")
    reconcile()
    assert actions.try_again(november, by=tracy) == 1
    assert reconcile().invited == 1
    priya.refresh_from_db()
    assert priya.mail_paused_at is None


@pytest.mark.django_db
def test_an_address_that_bounced_gets_no_cancel(november, priya, tracy):
    reconcile()
    hand_over()
    Person.objects.filter(pk=priya.pk).update(mail_paused_at=clock.now(), mail_paused_why="no such user")
    reconcile()
    priya.refresh_from_db()
    members.change_address(priya, email="p.raman@whinfell.example", by=tracy)
    reconcile()
    posted = (
        Message.objects.filter(person_id=priya.pk).order_by("id").values_list("mailing__kind", "to_address")
    )
    assert list(posted) == [
        ("invitation", "priya.raman@whinfell.example"),
        ("invitation", "p.raman@whinfell.example"),
    ]


@pytest.mark.django_db
def test_an_address_that_bounced_can_be_given_back(november, priya, tracy):
    Person.objects.filter(pk=priya.pk).update(mail_paused_at=clock.now(), mail_paused_why="no such user")
    for address in ("p.raman@whinfell.example", "priya.raman@whinfell.example"):
        members.change_address(priya, email=address, by=tracy)
    reconcile()
    assert Message.objects.get(person_id=priya.pk).to_address == "priya.raman@whinfell.example"


@pytest.mark.django_db
def test_peace_moves_with_the_person(november, priya, tracy, forum_list):
    members.stop_everything(priya, takes_entries_out=False, by=None)
    members.change_address(priya, email="p.raman@whinfell.example", by=tracy)
    priya.refresh_from_db()
    with pytest.raises(ValidationError, match="asked not to be emailed"):
        members.subscribe(priya, of_list=forum_list, by=tracy)
    assert members.subscribe(priya, of_list=forum_list, by=priya)


@pytest.mark.django_db
def test_who_leaves_one_list_still_gets_what_another_owes_them(november, priya, forum_list):
    community = make.community()
    make.subscribed(priya, to=community.list)
    make.meeting("2025-11-19 15:45", of_list=community.list, invite_at=clock.now() - timedelta(days=1))
    reconcile()
    members.unsubscribe(priya, lists=[forum_list], takes_entries_out=True, by=priya)
    reconcile()
    queued = Message.objects.filter(person_id=priya.pk, state="queued")
    assert [message.slots["sequence"] for message in queued] == ["1"]


@pytest.mark.django_db
def test_a_cancelled_meeting_is_not_edited(november, priya, tracy):
    actions.cancel_meeting(november, reason="Snow", by=tracy)
    with pytest.raises(ValidationError, match="put it back on first"):
        actions.edit_words(november, theme="Other", agenda="", by=tracy)


@pytest.mark.django_db
def test_the_first_round_is_kept_in_what_was_done(november, priya, callum):
    reconcile()
    make.subscribed()
    reconcile()
    rows = AuditEntry.objects.filter(verb="meetings.invited")
    assert [(row.by_id, row.facts["told"]) for row in rows] == [(None, 2)]
    assert invitations.reconcile(clock.now() + timedelta(days=1)) == invitations.Tally()
    assert "went out to 2" in queries.done(rows)[0].words.replace("\u00a0", " ")


@pytest.mark.django_db
def test_a_moved_day_pasted_again_is_known(november, priya, tracy):
    move(november, tracy)
    was, now = (clock.london(make.london(f"2025-11-0{day} 10:00")).date() for day in (6, 7))
    assert queries.days_moved(november.list) == {was: now}
    assert Invitation.objects.count() == 0
