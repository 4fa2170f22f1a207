"""The chairs move, cancel and put back: what the screens say first, what one press does, and undo."""

import re

import pytest
from django.urls import reverse

from forum.audit.models import AuditEntry
from forum.kit import clock
from forum.outbox.models import Message
from meetings import actions, invitations
from meetings.models import Answer, CalendarEntry, Invitation, Meeting, Revision
from members.models import Person, Subscription
from tests import make
from tests.conftest import Hand
from tests.meetings.conftest import url
from tests.pages import hidden, rows_of, text_of, title_of

pytestmark = pytest.mark.django_db

TABLES = (
    *(Meeting, CalendarEntry, Revision, Invitation, Answer, Message, AuditEntry),
    *(Person, Subscription),
)


def rows() -> dict[str, list[object]]:
    return rows_of(*TABLES)


# --- Move -----------------------------------------------------------------------------------------------------------

NEW_TIME = {"day": "Friday 7 November", "starts": "1:00pm", "ends": "2:30pm"}


def test_a_move_shows_everything_then_tells_everyone_once(chair, invited, tracy, portal_clock: Hand):
    before = rows()
    confirm = chair.post(url("move", invited), NEW_TIME)
    page = text_of(confirm)
    assert rows() == before
    for words in (
        "4 people have this in their calendars. Send them the change?",
        "Friday 7 November 2025 1:00pm to 2:30pm",
        "‘Changed: Forum meeting now Friday 7 November 2025, 1:00pm’",
        "1 said yes They are asked again",
        "1 said no They are told too",
        "marked ‘Changed’ with the old date",
        "None with another meeting or a bank holiday",
        "Save and tell 4 people",
        "You can undo this for two minutes. Until then nothing leaves.",
    ):
        assert words in page, words
    answered = chair.post(url("move", invited), hidden(confirm), follow=True)
    page = text_of(answered)
    assert "Moved. 4 messages leave at 9:02am." in page
    assert "Undo the move" in page
    assert "Changed 1:00pm to 2:30pm. Was Thursday 6 November 2025, 10:00am" in page
    assert "For 7 November None yet of 4 people" in page and "For 6 November, kept 1 yes, 1 no" in page
    assert "Waiting to go." in page
    again = chair.post(url("move", invited), hidden(confirm), follow=True)
    assert "It is at this time already. Nothing is sent twice." in text_of(again)
    entry = AuditEntry.objects.get(verb="meetings.moved")
    assert (entry.by_id, entry.facts["told"]) == (tracy.pk, 4)
    portal_clock.passes(minutes=3)
    assert invitations.reconcile(clock.now()).changed == 4
    assert invitations.reconcile(clock.now()).changed == 0
    assert "Sending to 4 people." in text_of(chair.get(reverse("admin:index")))


def test_the_banner_stays_on_every_admin_page_until_the_messages_leave(chair, invited, portal_clock: Hand):
    chair.post(url("move", invited), hidden(chair.post(url("move", invited), NEW_TIME)))
    pages = (
        *(reverse("admin:index"), reverse("admin:meetings_meeting_changelist"), url("words", invited)),
        *(reverse("admin:members_person_changelist"), reverse("admin:members_trust_changelist")),
        reverse("admin:meetings_set_up_year"),
    )
    for address in pages:
        assert "Undo the move" in text_of(chair.get(address)), address
    portal_clock.passes(minutes=3)
    for address in pages:
        page = text_of(chair.get(address))
        assert "Undo the move" not in page and "Sending to 4 people." in page, address
    portal_clock.passes(minutes=10)
    assert "Sending to" not in text_of(chair.get(reverse("admin:index")))


def test_a_move_can_be_undone_and_is_refused_later(chair, invited, portal_clock: Hand):
    chair.post(url("move", invited), hidden(chair.post(url("move", invited), NEW_TIME)))
    undone = chair.post(url("undo", invited), hidden(chair.get(url("change", invited))), follow=True)
    assert "Undone. Everything is as it was before" in text_of(undone)
    assert "Waiting to go." not in text_of(undone)
    invited.refresh_from_db()
    assert invited.starts_at == make.london("2025-11-06 10:00")
    chair.post(url("move", invited), hidden(chair.post(url("move", invited), NEW_TIME)))
    portal_clock.passes(minutes=3)
    late = chair.post(url("undo", invited), follow=True)
    assert "There is nothing to undo" in text_of(late)


def test_a_second_act_in_the_two_minutes_shows_the_one_message_that_leaves(chair, invited):
    chair.post(url("move", invited), hidden(chair.post(url("move", invited), NEW_TIME)))
    confirm = chair.post(url("move", invited), {**NEW_TIME, "day": "Monday 10 November"})
    page = text_of(confirm)
    assert "In their calendars now Thursday 6 November 2025" in page
    chair.post(url("move", invited), hidden(confirm))
    message = text_of(chair.get(url("message", invited)))
    assert "Changed: Forum meeting now Monday 10 November 2025, 1:00pm" in message
    assert "Was: Thursday 6 November 2025" in message


def test_a_move_seen_before_somebody_else_s_act_is_refused_kindly(chair, invited, sam):
    confirm = chair.post(url("move", invited), NEW_TIME)
    actions.edit_words(invited, theme="Sam’s theme", agenda="", by=sam)
    answered = chair.post(url("move", invited), hidden(confirm))
    assert "Somebody changed this meeting while you were looking" in text_of(answered)
    assert hidden(answered)["day"] == NEW_TIME["day"]
    invited.refresh_from_db()
    assert invited.starts_at == make.london("2025-11-06 10:00")
    chair.post(url("move", invited), hidden(answered))
    invited.refresh_from_db()
    assert invited.starts_at == make.london("2025-11-07 13:00")


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"day": ""}, "Enter the day, like Friday 24 October"),
        ({"day": "31 November"}, "31 November does not exist: November has 30 days. Enter the day you mean"),
        ({"day": "Thursday 7 November"}, "7 November 2025 is a Friday, not a Thursday"),
        ({"day": "10 October 2025"}, "That time has passed: choose one to come"),
        ({"ends": "11:00am"}, "The end, 11:00am, is not after the start, 1:00pm"),
        (
            {"day": "Thursday 6 November", "starts": "10:00am", "ends": "11:30am"},
            "It is at this time already",
        ),
    ],
)
def test_a_time_that_cannot_be_is_said_and_what_was_typed_is_kept(typed, error, chair, invited):
    before = rows()
    page = chair.post(url("move", invited), NEW_TIME | typed)
    assert title_of(page) == "Error: Move this meeting — Forum admin"
    assert f"There is a problem {error}" in text_of(page)
    assert f'value="{(NEW_TIME | typed)["starts"]}"' in page.content.decode()
    assert rows() == before


def test_a_move_before_the_invitations_shows_their_new_day_and_asks_about_the_list(chair, coming, priya):
    confirm = chair.post(url("move", coming), NEW_TIME | {"day": "Thursday 4 December"})
    page = text_of(confirm)
    assert "Move this meeting?" in page
    assert "Nobody has this in their calendar yet" in page
    assert "Move from Tue 11 Nov to Thu 13 Nov, 9:00am" in page
    assert "Send 2 people a short message now" in page
    assert not re.search(r'name="tell_list"[^>]*checked', confirm.content.decode())
    chair.post(url("move", coming), hidden(confirm))
    coming.refresh_from_db()
    assert coming.invite_at == make.london("2025-11-13 09:00")
    assert not Message.objects.exists()


def test_the_list_is_told_on_wish(chair, coming, priya):
    confirm = chair.post(url("move", coming), NEW_TIME | {"day": "Thursday 4 December"})
    answered = chair.post(url("move", coming), {**hidden(confirm), "tell_list": "yes"}, follow=True)
    assert "2 messages leave at 9:02am" in text_of(answered)
    assert "2 people are told" in text_of(answered)
    assert "Changed: Forum meeting now Thursday 4 December 2025" in text_of(chair.get(url("message", coming)))
    assert make.entry(coming).told_from
    chair.post(url("undo", coming), hidden(chair.get(url("change", coming))))
    assert make.entry(coming).told_from is None
    assert not Message.objects.exists()


def test_a_move_whose_invitation_day_has_passed_asks(chair, coming, priya):
    confirm = chair.post(url("move", coming), NEW_TIME | {"day": "Monday 27 October"})
    assert "The usual day for the new date, Monday 6 October, has passed" in text_of(confirm)
    sent = hidden(confirm)
    unanswered = chair.post(url("move", coming), sent)
    assert title_of(unanswered).startswith("Error:")
    assert "There is a problem Choose when its invitations go" in text_of(unanswered)
    coming.refresh_from_db()
    assert coming.starts_at == make.london("2025-12-02 10:00")
    late = chair.post(url("move", coming), {**sent, "invite-when": "on", "invite-day": "28 October"})
    assert "Choose a day from tomorrow on and before the meeting" in text_of(late)
    chair.post(url("move", coming), {**sent, "invite-when": "on", "invite-day": "Wednesday 22 October"})
    coming.refresh_from_db()
    assert coming.invite_at == make.london("2025-10-22 09:00")


def test_clashes_are_told(chair, coming):
    make.meeting("2026-05-25 10:00")
    confirm = chair.post(
        url("move", coming), {"day": "Monday 25 May 2026", "starts": "10:30am", "ends": "11:30am"}
    )
    page = text_of(confirm)
    assert "Forum meeting is on then: Monday 25 May 2026, 10:00am" in page
    assert "Monday 25 May is a bank holiday, Spring bank holiday." in page


def test_a_move_into_another_school_year_is_told(chair, coming):
    page = text_of(chair.post(url("move", coming), NEW_TIME | {"day": "10 September 2026"}))
    assert "This is in the school year 2026 to 2027." in page


# --- Cancel and put back --------------------------------------------------------------------------------------------


def test_a_cancellation_says_who_is_told_and_happens_once(chair, invited, coming, tracy, portal_clock: Hand):
    page = chair.get(url("cancel", invited))
    assert "Cancel and tell 4 people" in text_of(page)
    assert "‘Cancelled: Forum meeting, Thursday 6 November 2025’" in text_of(page)
    assert "Tuesday 2 December" in text_of(page)
    data = {**hidden(page), "reason": "Chairs at  the DfE"}
    done = chair.post(url("cancel", invited), data, follow=True)
    assert "Cancelled. 4 messages leave at 9:02am." in text_of(done)
    assert "Reason: Chairs at the DfE" in text_of(done)
    again = chair.post(url("cancel", invited), data, follow=True)
    assert "This meeting is cancelled already." in text_of(again)
    assert AuditEntry.objects.get(verb="meetings.cancelled").facts["told"] == 4
    assert "Cancelled: Forum meeting" in text_of(chair.get(url("message", invited)))
    portal_clock.passes(minutes=3)
    assert invitations.reconcile(clock.now()).withdrawn == 4
    assert "Sending to 4 people." in text_of(chair.get(reverse("admin:index")))


def test_a_cancellation_needs_its_reason_and_keeps_it(chair, invited):
    page = chair.post(url("cancel", invited), {**hidden(chair.get(url("cancel", invited))), "reason": " "})
    assert title_of(page) == "Error: Cancel this meeting? — Forum admin"
    assert "Give the reason in a few words: people will ask" in text_of(page)
    long = chair.post(url("cancel", invited), {"reason": "y" * 201})
    assert "y" * 201 in long.content.decode()
    invited.refresh_from_db()
    assert invited.cancelled_at is None


def test_a_cancellation_before_the_invitations_asks_about_the_list(chair, coming, priya):
    page = chair.get(url("cancel", coming))
    assert "Cancel this meeting" in text_of(page) and "Send 2 people a short message now" in text_of(page)
    chair.post(url("cancel", coming), {**hidden(page), "reason": "No room"})
    assert not Message.objects.exists()


def test_put_back_in_the_two_minutes_is_undo(chair, invited):
    chair.post(url("cancel", invited), {**hidden(chair.get(url("cancel", invited))), "reason": "No"})
    page = chair.get(url("put_back", invited))
    assert "it is undone, and nobody is told" in text_of(page)
    chair.post(url("put_back", invited), hidden(page))
    invited.refresh_from_db()
    assert invited.cancelled_at is None and invited.entries.count() == 1


def test_put_back_later_invites_anew(chair, invited, portal_clock: Hand):
    chair.post(url("cancel", invited), {**hidden(chair.get(url("cancel", invited))), "reason": "No"})
    portal_clock.passes(minutes=3)
    invitations.reconcile(clock.now())
    page = chair.get(url("put_back", invited))
    assert "Put it back on and invite 4 people" in text_of(page)
    before = rows()
    chair.head(url("put_back", invited))
    assert rows() == before
    done = chair.post(url("put_back", invited), hidden(page), follow=True)
    assert "Put back on. 4 messages leave at" in text_of(done)
    assert invited.entries.count() == 2
    again = chair.post(url("put_back", invited), hidden(page), follow=True)
    assert "This meeting is on." in text_of(again)
    portal_clock.passes(minutes=3)
    assert invitations.reconcile(clock.now()).invited == 4


def test_a_meeting_that_is_on_is_not_put_back(chair, coming):
    assert chair.get(url("put_back", coming)).status_code == 302


def test_undo_takes_back_what_the_banner_named_and_nothing_newer(chair, invited, sam, as_person):
    confirm = chair.post(url("move", invited), NEW_TIME)
    read = hidden(chair.post(url("move", invited), hidden(confirm), follow=True))
    actions.edit_words(invited, theme="Other words", agenda="", by=sam)
    page = chair.post(url("undo", invited), read, follow=True)
    assert "Somebody changed this meeting since" in text_of(page)
    invited.refresh_from_db()
    assert invited.theme == "Other words"
    first = chair.post(url("undo", invited), hidden(chair.get(url("change", invited))), follow=True)
    assert "What was done before it still goes to 4 people" in text_of(first)
    second = chair.post(url("undo", invited), hidden(chair.get(url("change", invited))), follow=True)
    assert "Everything is as it was before" in text_of(second)
    again = chair.post(url("undo", invited), read, follow=True)
    assert "There is nothing to undo" in text_of(again)


def test_a_press_on_a_page_that_promised_fewer_people_does_nothing(chair, coming, priya):
    page = chair.get(url("cancel", coming))
    make.subscribed()
    answered = chair.post(url("cancel", coming), {**hidden(page), "reason": "Snow"}, follow=True)
    assert "while you were looking" in text_of(answered)
    coming.refresh_from_db()
    assert coming.cancelled_at is None


def test_a_meeting_left_until_a_chair_says_so_stays_so_when_it_moves(chair, forum_list, priya):
    meeting = make.meeting("2025-12-02 10:00")
    confirm = chair.post(url("move", meeting), NEW_TIME | {"day": "Thursday 4 December"})
    assert "Still wait until a chair says so" in text_of(confirm)
    chair.post(url("move", meeting), hidden(confirm))
    meeting.refresh_from_db()
    assert (meeting.invite_at, meeting.starts_at.day) == (None, 4)
