"""Reminders: two working days before at nine, once, to whom they are of use, late if need be and never too late."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from forum.kit import clock
from forum.outbox import delivery
from forum.outbox.models import Message
from meetings import actions, invitations, queries, reminders
from meetings.models import CalendarEntry, Invitation, Meeting
from members import actions as members
from members.models import MailingList, Person
from tests import make
from tests.conftest import Hand

pytestmark = pytest.mark.django_db


def settled() -> None:
    CalendarEntry.objects.update(settles_at=None, before=None, act="")


@pytest.fixture
def november(
    portal_clock: Hand, forum_list: MailingList, priya: Person, callum: Person, nadia: Person
) -> Meeting:
    """Thursday 6 November, everybody invited on 16 October."""
    portal_clock.set("2025-10-16 09:00")
    meeting = make.meeting(
        "2025-11-06 10:00", invite_at=clock.now(), theme="Coaching", join_url="https://zoom.example/j/1"
    )
    tick()
    Message.objects.update(state="sent", handed_at=clock.real(), sent_at=clock.real())
    return meeting


def tick() -> int:
    invitations.reconcile(clock.now())
    return reminders.remind(clock.now())


def reminded() -> set[str]:
    return set(
        Message.objects.filter(mailing__kind="reminder")
        .exclude(state="cancelled")
        .values_list("to_name", flat=True)
    )


def say(who: Person, meeting: Meeting, choice: str) -> None:
    row = Invitation.objects.get(person=who, entry__meeting=meeting, entry__ended_at__isnull=True)
    actions.give_answer(row, choice=choice, note="")


def test_it_goes_two_working_days_before_at_nine_and_once(november: Meeting, portal_clock: Hand):
    portal_clock.set("2025-11-04 08:59")
    assert tick() == 0
    portal_clock.set("2025-11-04 09:00")
    assert [tick(), tick()] == [3, 0]
    letter = Message.objects.filter(mailing__kind="reminder").first()
    assert letter is not None
    mailing = letter.mailing
    assert mailing.subject == "Reminder: Forum meeting on Thursday"
    assert mailing.calendar == "" and "List-Unsubscribe" in mailing.headers
    assert mailing.text.index("https://zoom.example/j/1") < mailing.text.index("Thursday 6 November 2025")
    assert mailing.html.index("https://zoom.example/j/1") < mailing.html.index('class="date"')
    assert letter.expires_at == november.starts_at


@pytest.mark.parametrize(
    ("starts", "moment"),
    [
        ("2025-11-06 10:00", "2025-11-04 09:00"),
        ("2026-04-15 10:00", "2026-04-13 09:00"),
        ("2025-12-02 10:00", "2025-11-28 09:00"),
        ("2026-04-07 10:00", "2026-04-01 09:00"),  # Good Friday and Easter Monday are no working days
        ("2026-05-26 10:00", "2026-05-21 09:00"),  # nor is the Spring bank holiday
        (
            "2026-09-01 10:00",
            "2026-07-17 09:00",
        ),  # quiet dates hold it back to the last working day before them
        ("2025-10-27 10:00", "2025-10-23 09:00"),  # the clocks go back in between
        ("2026-03-30 10:00", "2026-03-26 09:00"),  # the clocks go forward in between
        ("2025-10-28 00:30", "2025-10-24 09:00"),
    ],
)
def test_the_moment_by_london_s_wall_clock(starts: str, moment: str):
    assert reminders.moment(make.london(starts)) == make.london(moment)


def test_who_said_no_gets_none(
    november: Meeting, portal_clock: Hand, priya: Person, callum: Person, nadia: Person
):
    say(priya, november, "yes")
    say(callum, november, "no")
    say(nadia, november, "no")
    portal_clock.passes(minutes=1)
    say(nadia, november, "maybe")
    portal_clock.set("2025-11-04 09:00")
    tick()
    assert reminded() == {priya.name, nadia.name}


def test_no_to_the_old_time_is_no_answer_to_the_new_one(
    november: Meeting, portal_clock: Hand, tracy: Person, callum: Person
):
    say(callum, november, "no")
    actions.move_meeting(
        november,
        starts_at=make.london("2025-11-07 13:00"),
        ends_at=make.london("2025-11-07 14:30"),
        invite_at=None,
        by=tracy,
    )
    portal_clock.passes(minutes=3)
    tick()
    portal_clock.set("2025-11-04 09:00")
    assert tick() == 0, "the reminder moves with the meeting"
    portal_clock.set("2025-11-05 09:00")
    tick()
    assert callum.name in reminded()


def test_nobody_gets_one_who_should_not_hold_the_entry(
    november: Meeting, portal_clock: Hand, tracy: Person, priya: Person, callum: Person, nadia: Person
):
    members.leave_trust(priya, by=tracy)
    members.stop_everything(callum, takes_entries_out=False, by=None)
    Person.objects.filter(pk=nadia.pk).update(mail_paused_at=clock.now())
    portal_clock.set("2025-11-04 09:00")
    assert tick() == 0


def test_who_was_invited_after_the_moment_gets_the_invitation_only(
    november: Meeting, portal_clock: Hand, nadia: Person
):
    portal_clock.set("2025-11-04 09:00")
    tick()
    portal_clock.set("2025-11-04 12:00")
    late = make.subscribed()
    tick()
    tick()
    assert late.name not in reminded()
    assert Message.objects.filter(person_id=late.pk, mailing__kind="invitation").count() == 1


def test_a_move_past_the_moment_is_reminder_enough(november: Meeting, portal_clock: Hand, tracy: Person):
    portal_clock.set("2025-11-03 12:00")
    actions.move_meeting(
        november,
        starts_at=make.london("2025-11-04 10:00"),
        ends_at=make.london("2025-11-04 11:30"),
        invite_at=None,
        by=tracy,
    )
    portal_clock.passes(minutes=3)
    assert tick() == 0
    assert Message.objects.filter(mailing__kind="change").count() == 3


def test_it_goes_late_when_the_sender_was_down_and_never_after_the_start(
    november: Meeting, portal_clock: Hand
):
    portal_clock.set("2025-11-06 09:59")
    assert tick() == 3
    portal_clock.set("2025-11-06 10:00")
    delivery.sweep(clock.now())
    assert set(Message.objects.filter(mailing__kind="reminder").values_list("state", flat=True)) == {
        "expired"
    }


def test_it_does_not_go_once_the_meeting_has_begun(november: Meeting, portal_clock: Hand):
    portal_clock.set("2025-11-06 10:00")
    assert tick() == 0


@pytest.mark.parametrize("undone", [False, True])
def test_what_waits_ends_with_a_cancellation_and_comes_back_with_its_undo(
    november: Meeting, portal_clock: Hand, tracy: Person, undone: bool
):
    portal_clock.set("2025-11-04 09:00")
    tick()
    actions.cancel_meeting(november, reason="Snow", by=tracy)
    assert reminded() == set()
    assert tick() == 0
    if undone:
        actions.undo(november, by=tracy)
    portal_clock.passes(minutes=3)
    tick()
    assert len(reminded()) == (3 if undone else 0)
    assert tick() == 0


def test_moved_there_and_back_reminds_once(november: Meeting, portal_clock: Hand, tracy: Person):
    portal_clock.set("2025-11-04 09:00")
    tick()
    Message.objects.filter(mailing__kind="reminder").update(
        state="sent", handed_at=clock.real(), sent_at=clock.real()
    )
    for day in ("07", "06"):
        actions.move_meeting(
            november,
            starts_at=make.london(f"2025-11-{day} 10:00"),
            ends_at=make.london(f"2025-11-{day} 11:30"),
            invite_at=None,
            by=tracy,
        )
        portal_clock.passes(minutes=3)
        tick()
    assert Message.objects.filter(mailing__kind="reminder").count() == 3


def test_a_changed_link_takes_the_waiting_reminder_with_it(
    november: Meeting, portal_clock: Hand, tracy: Person
):
    portal_clock.set("2025-11-04 09:00")
    tick()
    actions.change_link(november, join_url="https://zoom.example/j/2", join_id="", passcode="", by=tracy)
    portal_clock.passes(minutes=3)
    tick()
    waiting = Message.objects.filter(mailing__kind="reminder", state="queued")
    assert not any("zoom.example/j/1" in row.mailing.text for row in waiting)


def test_the_cost_does_not_grow_by_statements(november: Meeting, portal_clock: Hand):
    portal_clock.set("2025-10-17 09:00")
    counts = []
    for number in (3, 30):
        for _ in range(number):
            make.subscribed()
        invitations.reconcile(clock.now())
        Message.objects.filter(mailing__kind="reminder").delete()
        portal_clock.set("2025-11-04 09:00")
        with CaptureQueriesContext(connection) as seen:
            assert reminders.remind(clock.now()) >= number
        counts.append(len(seen))
        portal_clock.set("2025-10-18 09:00")
    assert counts[0] == counts[1]


def test_chairs_see_when_it_goes_and_to_how_many_it_went(
    november: Meeting, portal_clock: Hand, tracy: Person, as_person: Callable[[Person], Client]
):
    portal_clock.set("2025-11-03 09:00")
    page = reverse("admin:meetings_meeting_change", args=[november.pk])
    assert "Goes Tue 4 Nov" in as_person(tracy).get(page).content.decode().replace("\u00a0", " ")
    portal_clock.set("2025-11-04 09:01")
    tick()
    assert "Sending: 0 of 3" in as_person(tracy).get(page).content.decode().replace("\u00a0", " ")
    one = Message.objects.filter(mailing__kind="reminder").first()
    assert one is not None
    Message.objects.filter(mailing__kind="reminder").exclude(pk=one.pk).update(
        state="sent", handed_at=clock.real(), sent_at=clock.real()
    )
    Message.objects.filter(pk=one.pk).update(state="failed", ended_at=clock.now())
    assert "Sent to 2 people" in as_person(tracy).get(page).content.decode().replace("\u00a0", " ")


def test_a_refused_reminder_is_no_refused_invitation(november: Meeting, portal_clock: Hand):
    portal_clock.set("2025-11-04 09:00")
    tick()
    Message.objects.filter(mailing__kind="reminder").update(state="failed", ended_at=clock.now())
    assert [need for need in queries.needs(clock.now()) if need.key.startswith("refused:")] == []


def test_another_address_takes_the_waiting_reminder_from_the_old_one(
    november: Meeting, portal_clock: Hand, tracy: Person, callum: Person
):
    portal_clock.set("2025-11-04 09:00")
    tick()
    members.change_address(callum, email="callum@elsewhere.example", by=tracy)
    assert tick() == 0
    assert reminded() == {row.name for row in Person.objects.exclude(pk__in=[callum.pk, tracy.pk])}
    assert list(
        Message.objects.filter(person_id=callum.pk, mailing__kind="invitation", state="queued").values_list(
            "to_address", flat=True
        )
    ) == ["callum@elsewhere.example"]


def test_who_left_and_came_back_before_the_moment_is_reminded_and_after_it_is_not(
    november: Meeting, portal_clock: Hand, forum_list: MailingList, priya: Person, callum: Person
):
    portal_clock.set("2025-11-03 12:00")
    for who, comes_back in ((priya, "2025-11-03 13:00"), (callum, "2025-11-04 10:00")):
        members.unsubscribe(who, lists=[forum_list], takes_entries_out=True, by=who)
        tick()
        portal_clock.set(comes_back)
        members.subscribe(who, of_list=forum_list, by=who)
        tick()
    tick()
    assert priya.name in reminded() and callum.name not in reminded()


def test_put_back_after_the_moment_the_new_invitation_is_enough(
    november: Meeting, portal_clock: Hand, tracy: Person
):
    actions.cancel_meeting(november, reason="Snow", by=tracy)
    portal_clock.set("2025-11-04 09:01")
    assert tick() == 0
    actions.put_back(november, by=tracy)
    portal_clock.passes(minutes=3)
    assert tick() == 0
    assert Message.objects.filter(mailing__kind="invitation", mailing__cause__contains="entry:").count() >= 6
