"""A meeting's whole life against calendars that follow RFC 5546: whatever happens, every calendar ends right.

Random years of joining, leaving, moving, undoing, cancelling, putting back, changing address and failing mail are
played; each mailbox has a calendar that keeps the highest SEQUENCE of a UID. When everything has settled, whoever
should hold the meeting holds it once at its time, and nobody else holds it.
"""

import random
from collections import defaultdict
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from icalendar import Calendar

from forum.kit import clock
from forum.outbox.letter import fill_calendar
from forum.outbox.models import Message
from meetings import actions, invitations
from meetings.models import CalendarEntry, Meeting
from members import actions as members
from members.models import MailingList, Person, Subscription
from tests import make
from tests.conftest import Hand

pytestmark = pytest.mark.django_db


class CalendarOfMailbox:
    """What one mailbox's calendar shows: by UID the newest SEQUENCE, the time and whether it is on."""

    def __init__(self) -> None:
        self.entries: dict[str, tuple[int, datetime, bool]] = {}

    def receive(self, message: Message) -> None:
        """Applies one mail as RFC 5546 §2.1.5 says."""
        values = message.slots | {"to_name": message.to_name, "to_address": message.to_address}
        event = Calendar.from_ical(fill_calendar(message.mailing.calendar, values)).walk("VEVENT")[0]
        uid, sequence = str(event["UID"]), int(event["SEQUENCE"])
        known = self.entries.get(uid)
        if known is None and message.mailing.method == "CANCEL":
            return
        if known and sequence <= known[0]:
            return
        self.entries[uid] = (sequence, event["DTSTART"].dt, message.mailing.method == "REQUEST")

    def shown(self) -> list[datetime]:
        """The times at which this calendar shows something that is on."""
        return [starts for _, starts, is_on in self.entries.values() if is_on]


class World:
    """The portal, its people and their mailboxes."""

    def __init__(self, seed: int, hand: Hand, chair: Person) -> None:
        self.random = random.Random(seed)
        self.hand = hand
        self.chair = chair
        self.list = make.forum_list()
        self.boxes: dict[str, CalendarOfMailbox] = defaultdict(CalendarOfMailbox)
        self.people = [make.subscribed() for _ in range(4)]
        self.meeting = make.meeting("2025-11-20 10:00", invite_at=clock.now() - timedelta(hours=1))
        CalendarEntry.objects.update(settles_at=None, before=None, act="")
        self.number = 0

    def play(self, steps: int) -> None:
        acts = [
            self.join,
            self.leave,
            self.leave_in_peace,
            self.come_back,
            self.move,
            self.reword,
            self.relink,
            self.cancel,
            self.put_back,
            self.undo,
            self.readdress,
            self.pause,
            self.resume,
            self.try_again,
        ]
        for _ in range(steps):
            self.hand.passes(seconds=self.random.choice([5, 70, 150, 150, 300]))
            if self.random.random() < 0.7:
                self.reconcile()
            if self.random.random() < 0.6:
                self.deliver()
            try:
                self.random.choice(acts)()
            except ValidationError:
                continue

    def anyone(self) -> Person:
        who = self.random.choice(self.people)
        who.refresh_from_db()
        return who

    def join(self) -> None:
        if len(self.people) < 7:
            self.people.append(make.subscribed())

    def leave(self) -> None:
        members.unsubscribe(self.anyone(), lists=[self.list], takes_entries_out=True, by=self.chair)

    def leave_in_peace(self) -> None:
        members.stop_everything(self.anyone(), takes_entries_out=False, by=None)

    def come_back(self) -> None:
        who = self.anyone()
        members.subscribe(who, of_list=self.list, by=who)

    def move(self) -> None:
        days, hours = self.random.randint(0, 9), self.random.randint(0, 4)
        starts = make.london("2025-11-20 10:00") + timedelta(days=days, hours=hours)
        actions.move_meeting(
            self.meeting,
            starts_at=starts,
            ends_at=starts + timedelta(minutes=90),
            invite_at=None,
            by=self.chair,
        )

    def reword(self) -> None:
        self.number += 1
        actions.edit_words(
            self.meeting,
            theme=f"Theme {self.number}",
            agenda="",
            announce=self.random.random() < 0.5,
            by=self.chair,
        )

    def relink(self) -> None:
        self.number += 1
        actions.change_link(
            self.meeting,
            join_url=f"https://zoom.example/j/{self.number}",
            join_id="",
            passcode="",
            by=self.chair,
        )

    def cancel(self) -> None:
        actions.cancel_meeting(self.meeting, reason="Snow", by=self.chair)

    def put_back(self) -> None:
        actions.put_back(self.meeting, by=self.chair)

    def undo(self) -> None:
        actions.undo(self.meeting, by=self.chair)

    def readdress(self) -> None:
        self.number += 1
        members.change_address(self.anyone(), email=f"moved.{self.number}@trust.example", by=self.chair)

    def pause(self) -> None:
        Person.objects.filter(pk=self.anyone().pk).update(
            mail_paused_at=clock.now(), mail_paused_why="bounced"
        )

    def resume(self) -> None:
        members.resume_mail(self.anyone(), by=self.chair)

    def try_again(self) -> None:
        actions.try_again(self.meeting, by=self.chair)

    def reconcile(self) -> None:
        invitations.reconcile(clock.now())

    def deliver(self, *, fails: float = 0.15, stays: float = 0.2, twice: float = 0.1) -> None:
        """Delivers what is queued, oldest first; some is refused, some stays, some arrives twice."""
        for message in Message.objects.filter(state="queued").order_by("id").select_related("mailing"):
            if Message.objects.filter(thread=message.thread, id__gt=message.pk).exists():
                continue
            chance = self.random.random()
            if chance < stays:
                continue
            if chance < stays + fails:
                Message.objects.filter(pk=message.pk).update(
                    state="failed", error="no such user", smtp_code=550
                )
                continue
            for _ in range(2 if self.random.random() < twice else 1):
                self.boxes[message.to_address].receive(message)
            Message.objects.filter(pk=message.pk).update(
                state="sent", handed_at=clock.real(), sent_at=clock.real()
            )

    def settle(self) -> None:
        """Lets everything come to rest: time passes, mail works, a chair tries again."""
        for _ in range(4):
            self.hand.passes(minutes=3)
            self.reconcile()
            self.deliver(fails=0, stays=0, twice=0)
            self.try_again()

    def faults(self) -> list[str]:
        """What is wrong in anybody's calendar."""
        meeting = Meeting.objects.get(pk=self.meeting.pk)
        on = [] if meeting.cancelled_at else [meeting.starts_at]
        wrong = []
        for who in self.people:
            who.refresh_from_db()
            row = Subscription.objects.get(person=who, list=self.list)
            shown = [moment.astimezone(meeting.starts_at.tzinfo) for moment in self.boxes[who.email].shown()]
            if who.mail_paused_at or (row.ended_at and not row.takes_entries_out):
                continue  # in peace: nothing is promised
            wanted = [] if row.ended_at else on
            if shown != wanted:
                story = [
                    f"{row.key} e{row.about[6:]} {row.mailing.kind} s{row.slots['sequence']} {row.state}"
                    for row in Message.objects.filter(person_id=who.pk)
                    .select_related("mailing")
                    .order_by("id")
                ]
                wrong.append(f"{who.name} sees {shown}, should see {wanted}: {story}")
        return wrong


@pytest.mark.parametrize("seed", range(40))
def test_every_calendar_ends_right(seed: int, portal_clock: Hand, tracy: Person, forum_list: MailingList):
    world = World(seed, portal_clock, tracy)
    world.play(40)
    world.settle()
    assert world.faults() == []
    assert invitations.reconcile(clock.now()) == invitations.Tally()
    assert sum(len(box.entries) for box in world.boxes.values()) >= 1, (
        "this life was too quiet to prove anything"
    )


@pytest.mark.parametrize("changes_on", ["2025-10-26", "2026-03-29"])
def test_both_sides_of_a_clock_change_keep_london_time(changes_on: str, portal_clock: Hand, tracy: Person):
    change = datetime.fromisoformat(changes_on).date()
    portal_clock.set(f"{change - timedelta(days=30)} 09:00")
    who = make.subscribed()
    days = [change + timedelta(days=offset) for offset in (-3, -1, 0, 1, 3)]
    for day in days:
        make.meeting(f"{day} 10:00", invite_at=clock.now() - timedelta(minutes=1))
    CalendarEntry.objects.update(settles_at=None, before=None)
    invitations.reconcile(clock.now())
    box = CalendarOfMailbox()
    for message in Message.objects.filter(person_id=who.pk).select_related("mailing"):
        box.receive(message)
        assert "10:00am to 11:30am" in message.mailing.text and "London time" in message.mailing.text
    shown = sorted(moment.astimezone(clock.LONDON).replace(tzinfo=None) for moment in box.shown())
    assert shown == [datetime.combine(day, datetime.min.time()) + timedelta(hours=10) for day in days]
