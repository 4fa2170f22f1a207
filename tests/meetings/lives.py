"""A meeting's life: people, chairs, workers and mailboxes, played from a script, and what came out wrong.

A script is a list of steps: a verb and its words, «leave 2», «deliver ok lost», «meanwhile move 3». Any list is a life:
a step that cannot be taken is passed over. Numbers name people, times and the like, round and round.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import cycle
from unittest import mock

from django.core.exceptions import ValidationError
from django.db import transaction

from forum.kit import clock, tokens
from forum.outbox import delivery
from forum.outbox.build import Mail, mail
from forum.outbox.delivery import claim, rounds, settle
from forum.outbox.delivery.smtp import Outcome, Verdict
from forum.outbox.models import Message, Suppression
from meetings import actions, invitations, reminders
from meetings.models import Answer, Invitation, Meeting
from members import actions as members
from members.models import Person, Subscription
from tests import make
from tests.conftest import Hand
from tests.fakes.calendar import Mailbox

STARTS, LAST_MOMENT = "2025-11-20 10:00", "2025-11-19 12:00"
CHOICES = [choice.value for choice in Answer.Choice]
DRAWN = 8
"""How many lives are drawn by lot each time, unless more are asked for."""
COPIES_MAX = 1 + settle.DOUBTS_MAX
UNDO_WITHIN = timedelta(minutes=2)
type Script = Sequence[str]


class PowerCutError(Exception):
    """The process is gone."""


class World:
    """The portal, its people, their mailboxes and the relay between them.

    Shape: `faults` are what must never happen, noted when it does; `wrong()` adds what the calendars show at the end.
    """

    def __init__(self, hand: Hand, chair: Person) -> None:
        self.hand = hand
        self.chair = chair
        self.list = make.forum_list()
        self.people = [chair, make.subscribed(), make.subscribed()]
        self.addresses = {who.pk: [who.email] for who in self.people}
        self.meeting = make.meeting(
            STARTS, invite_at=clock.now() - timedelta(hours=1), join_url="https://zoom.example/j/0"
        )
        self.bounced: set[str] = set()
        self.boxes: dict[str, Mailbox] = {}
        self.late: list[Mail] = []
        self.faults: list[str] = []
        self.open_acts: list[str] = []
        self.open_until = clock.now()
        self.said: dict[tuple[int, datetime], str] = {}
        self.answers = 0
        self.meanwhile_: list[str] = []
        self.number = 0
        self.acts = 0
        self.posted: Counter[tuple[str, int]] = Counter()
        self.seen = 0

    def play(self, script: Script) -> None:
        """Takes every step that can be taken."""
        for step in script:
            self.step(step)

    def step(self, step: str) -> None:
        """Takes one step. Errors: AttributeError for a verb that nobody knows."""
        verb, *words = step.split()
        act: Callable[..., None] = getattr(self, f"do_{verb}")
        if verb not in WORKERS:
            self.acts += 1
        try:
            act(*words)
        except ValidationError:
            return

    # --- What people do -----------------------------------------------------------------------------------------------

    def person(self, number: str) -> Person:
        who = self.people[int(number) % len(self.people)]
        who.refresh_from_db()
        return who

    def do_join(self) -> None:
        if len(self.people) < 6:
            who = make.subscribed()
            self.people.append(who)
            self.addresses[who.pk] = [who.email]

    def do_leave(self, who: str) -> None:
        members.unsubscribe(self.person(who), lists=[self.list], takes_entries_out=True, by=self.chair)

    def do_leave_in_peace(self, who: str) -> None:
        members.stop_everything(self.person(who), takes_entries_out=False, by=None)

    def do_stop_everything(self, who: str) -> None:
        members.stop_everything(self.person(who), takes_entries_out=True, by=None)

    def do_come_back(self, who: str) -> None:
        person = self.person(who)
        members.subscribe(person, of_list=self.list, by=person)

    def do_readdress(self, who: str) -> None:
        self.number += 1
        self.change_address(self.person(who), f"moved.{self.number}@trust.example")

    def do_return(self, who: str) -> None:
        """Takes the address before the present one again."""
        person = self.person(who)
        self.change_address(person, self.addresses[person.pk][-2:][0])

    def change_address(self, person: Person, email: str) -> None:
        if person.mail_paused_at:
            self.bounced.add(person.email)
        if members.change_address(person, email=email, by=self.chair):
            own = self.addresses[person.pk]
            if email in own:
                own.remove(email)
            own.append(email)

    def do_pause(self, who: str) -> None:
        Person.objects.filter(pk=self.person(who).pk).update(
            mail_paused_at=clock.now(), mail_paused_why="bounced"
        )

    def do_resume(self, who: str) -> None:
        members.resume_mail(self.person(who), by=self.chair)

    def do_answer(self, who: str, choice: str) -> None:
        own = Invitation.objects.filter(person=self.person(who), letters__gt=0).order_by("entry_id").last()
        if own is None:
            return
        before = own.answers.count()
        answer = actions.give_answer(own, choice=CHOICES[int(choice) % 3], note="")
        self.answers += own.answers.count() - before
        if answer.counted:
            self.said[own.pk, answer.starts_at] = answer.choice

    # --- What chairs do -----------------------------------------------------------------------------------------------

    def opens(self, act: str, done: bool) -> None:
        """Notes an act that can be undone for two minutes."""
        if done:
            self.open_acts = [*self.standing_acts(), act]
            self.open_until = clock.now() + UNDO_WITHIN

    def standing_acts(self) -> list[str]:
        return self.open_acts if clock.now() < self.open_until else []

    def do_move(self, to: str) -> None:
        days, hours = divmod(int(to) % 40, 4)
        starts = make.london(STARTS) + timedelta(days=days, hours=hours)
        done = actions.move_meeting(
            self.meeting,
            starts_at=starts,
            ends_at=starts + timedelta(minutes=90),
            invite_at=None,
            by=self.chair,
        )
        self.opens("move", done)

    def do_reword(self, announce: str) -> None:
        self.number += 1
        theme, aloud = f"Theme {self.number}", bool(int(announce) % 2)
        done = actions.edit_words(self.meeting, theme=theme, agenda="", announce=aloud, by=self.chair)
        self.opens("reword", done)

    def do_relink(self) -> None:
        self.number += 1
        url = f"https://zoom.example/j/{self.number}"
        done = actions.change_link(self.meeting, join_url=url, join_id="", passcode="", by=self.chair)
        self.opens("relink", done)

    def do_cancel(self) -> None:
        self.opens("cancel", actions.cancel_meeting(self.meeting, reason="Snow", by=self.chair))

    def do_put_back(self) -> None:
        undoes = self.standing_acts()[-1:] == ["cancel"]
        done = actions.put_back(self.meeting, by=self.chair)
        if done and undoes:
            self.open_acts.pop()
        else:
            self.opens("put_back", done)

    def do_undo(self) -> None:
        if actions.undo(self.meeting, by=self.chair) and self.open_acts:
            self.open_acts.pop()

    def do_try_again(self) -> None:
        actions.try_again(self.meeting, by=self.chair)

    # --- What workers do ----------------------------------------------------------------------------------------------

    def do_wait(self, seconds: str) -> None:
        """Lets time pass, never so much that the meeting could be over."""
        self.hand.set(min(clock.now() + timedelta(seconds=int(seconds)), make.london(LAST_MOMENT)))

    def do_tick(self) -> None:
        """The minute's work, without delivery."""
        now = clock.now()
        invitations.reconcile(now)
        reminders.remind(now)
        delivery.sweep(now)
        self.look_at_what_was_posted()

    def do_crash(self, letters: str) -> None:
        """A reconcile whose process dies after so many letters, before its commit."""
        left, real_post = int(letters), invitations.post.post

        def post(*args: object, **kwargs: object) -> int:
            nonlocal left
            if left <= 0:
                raise PowerCutError
            left -= 1
            return real_post(*args, **kwargs)

        with mock.patch.object(invitations.post, "post", post):
            try:
                invitations.reconcile(clock.now())
            except PowerCutError:
                return
        self.look_at_what_was_posted()

    def do_deliver(self, *fates: str) -> None:
        """One worker's round; what becomes of each mail is told by the words."""
        with rounds.Worker() as worker:
            worker.relay = Relay(self, fates or ("ok",))  # type: ignore[assignment]
            worker.round(clock.now(), limit=20)

    def do_meanwhile(self, *step: str) -> None:
        """Keeps a step until a mail is in the relay's hands: handed over, and not yet answered."""
        if step[0] not in ("meanwhile", "deliver"):
            self.meanwhile_.append(" ".join(step))

    def do_die(self, claimed: str, handed: str, arrived: str) -> None:
        """A worker claims so many, hands so many of them over, of which so many arrive, and dies."""
        real, worker = clock.real(), f"dead {self.seen}"
        held = claim.claim(now=clock.now(), real=real, worker=worker, limit=int(claimed))
        for number, message in enumerate(held[: int(handed)]):
            content = mail(message)
            step = claim.hand_over(message, now=clock.now(), real=real, worker=worker)
            if step is claim.Step.HANDED:
                self.look_at_what_leaves(content)
                if number < int(arrived):
                    self.arrive(content)

    def do_bury(self) -> None:
        """The leases of dead workers end."""
        settle.free_dead(now=clock.now(), real=clock.real() + claim.LEASE + timedelta(seconds=1))

    def do_post(self, order: str) -> None:
        """What was late arrives, in any order."""
        random.Random(int(order)).shuffle(self.late)
        while self.late:
            self.arrive(self.late.pop())

    # --- What is seen -------------------------------------------------------------------------------------------------

    def box(self, address: str) -> Mailbox:
        return self.boxes.setdefault(address, Mailbox(address))

    def arrive(self, content: Mail) -> None:
        self.box(content.recipient).receive(content.content)

    def look_at_what_leaves(self, content: Mail) -> None:
        """Notes a mail that goes to somebody who asked for none, at the moment it is handed over."""
        ident = content.content.partition(b"\r\nMessage-ID: ")[2].partition(b"\r\n")[0].decode()
        message = Message.objects.select_related("mailing").get(message_id=ident)
        asked = Suppression.objects.filter(
            address_key=tokens.address_key(content.recipient), why=members.ASKED
        ).first()
        row = Subscription.objects.get(person_id=message.person_id, list=self.list)
        if message.mailing.kind == "security":
            return  # about signing in: it goes whatever mail somebody has stopped
        takes_back = message.mailing.method == "CANCEL"
        if asked and not (takes_back and (row.takes_entries_out or message.dated_at <= asked.since)):
            self.faults.append(f"{message.key} went to an address that asked for peace")
        if row.ended_at and not takes_back:
            self.faults.append(f"{message.key} went to somebody who had left")

    def look_at_what_was_posted(self) -> None:
        """Notes a second letter for one act, and a letter about an act that can still be undone."""
        newest = f"entry:{make.entry(self.meeting).pk}"
        for row in Message.objects.filter(pk__gt=self.seen).exclude(mailing__method="").order_by("pk"):
            self.seen = row.pk
            self.posted[row.thread, self.acts] += 1
            if self.posted[row.thread, self.acts] > 1:
                self.faults.append(f"{row.key} is a second letter though nothing has happened")
            if row.about == newest and self.standing_acts():
                self.faults.append(f"{row.key} was posted while «{self.open_acts[-1]}» could be undone")

    def settle(self) -> None:
        """Lets everything come to rest: time passes, mail works, a chair tries again."""
        self.meanwhile_.clear()
        for _ in range(6):
            for step in ("bury", "wait 3700", "tick", "deliver", "post 0"):
                self.step(step)
            self.acts += 1
            if not actions.try_again(self.meeting, by=self.chair) and not Message.objects.waiting().exists():
                return

    def wrong(self) -> list[str]:
        """Everything that is not as it must be, once all has come to rest."""
        wrong = [*self.faults, *self.wrong_calendars(), *self.wrong_mails(), *self.wrong_answers()]
        if invitations.reconcile(clock.now()) != invitations.Tally():
            wrong.append("There is no end of letters")
        return wrong

    def wrong_calendars(self) -> list[str]:
        """What calendars show and should not, or the other way round."""
        meeting = Meeting.objects.get(pk=self.meeting.pk)
        on = [] if meeting.cancelled_at else [(meeting.starts_at, meeting.ends_at)]
        wrong = []
        for who in self.people:
            who.refresh_from_db()
            row = Subscription.objects.get(person=who, list=self.list)
            for address in self.addresses[who.pk]:
                if self.nothing_is_promised(who, row, address):
                    continue
                wanted = on if address == who.email and row.ended_at is None else []
                for program, shown in self.box(address).shown().items():
                    if shown != wanted:
                        wrong.append(
                            f"{address} ({program}) shows {_spoken(shown)}, not {_spoken(wanted)}: "
                            f"{self.box(address).story()}, {self.letters(who)}"
                        )
        return wrong

    def nothing_is_promised(self, who: Person, row: Subscription, address: str) -> bool:
        """Whether this mailbox is left in peace.

        Shape: it or its owner's present one asked for peace; it was left because mail came back from it, so that
        nothing was taken out of it; or its owner left and wished that nothing be taken out.
        """
        keys = [tokens.address_key(one) for one in (address, who.email)]
        in_peace = Suppression.objects.filter(address_key__in=keys).exists()
        left = row.ended_at is not None and not row.takes_entries_out
        return in_peace or left or who.mail_paused_at is not None or address in self.bounced

    def letters(self, who: Person) -> list[str]:
        rows = Message.objects.filter(person_id=who.pk).select_related("mailing").order_by("pk")
        return [f"{row.key} {row.mailing.kind} to {row.to_address} {row.state}" for row in rows]

    def wrong_mails(self) -> list[str]:
        """What the mailboxes noted, too many copies, and what nobody will ever send."""
        wrong = [f"{box.address}: {note}" for box in self.boxes.values() for note in box.violations]
        for box in self.boxes.values():
            wrong += [f"{n} copies of {ident}" for ident, n in box.copies.items() if n > COPIES_MAX]
        return wrong + [f"{row} still waits: {row.state}" for row in Message.objects.waiting()]

    def wrong_answers(self) -> list[str]:
        """Answers that were lost or are not the last that was given."""
        latest: dict[tuple[int, datetime], str] = {}
        for row in Answer.objects.filter(counted=True).order_by("pk"):
            latest[row.invitation_id, row.starts_at] = row.choice
        lost = Answer.objects.count() != self.answers
        return ["The answers are not those that were given"] if lost or latest != self.said else []


class Relay:
    """Stands where a worker's connection to the mail relay stands; what becomes of each mail is told beforehand."""

    def __init__(self, world: World, fates: Sequence[str]) -> None:
        self.world = world
        self.fates = cycle(fates)

    def open(self) -> None:
        """It can always be reached."""

    def close(self) -> None:
        """Nothing is kept."""

    def send(self, mail: Mail, *, look: float) -> Outcome:
        """Takes, refuses or loses one mail; meanwhile something may happen."""
        self.world.look_at_what_leaves(mail)
        if self.world.meanwhile_:
            self.world.step(self.world.meanwhile_.pop(0))
        fate = next(self.fates)
        arrivals = {"ok": 1, "twice": 2, "lost": 1}.get(fate, 0)
        for _ in range(arrivals):
            self.world.arrive(mail)
        if fate == "late":
            self.world.late.append(mail)
        return OUTCOMES[fate]


_SENT = Outcome(verdict=Verdict.SENT, code=250)
OUTCOMES = {
    "ok": _SENT,
    "twice": _SENT,  # the relay itself sends a second copy
    "late": _SENT,  # it lies in the relay's queue
    "lost": Outcome(verdict=Verdict.DOUBT, step="data", text="no answer"),  # accepted all the same
    "cut": Outcome(verdict=Verdict.DOUBT, step="data", text="no answer"),  # and not accepted
    "450": Outcome(verdict=Verdict.LATER, step="rcpt", code=450, text="try later"),
    "550": Outcome(verdict=Verdict.REFUSED, step="rcpt", code=550, text="no such user"),
}
WORKERS = {"wait", "tick", "crash", "deliver", "meanwhile", "die", "bury", "post"}


def _spoken(times: Sequence[tuple[datetime, datetime]]) -> list[str]:
    return [f"{clock.london(starts):%d %H:%M}" for starts, _ in times]


# --- Lives ------------------------------------------------------------------------------------------------------------


def wrong_in(script: Script, hand: Hand, chair: Person) -> list[str]:
    """Plays a life from the beginning, leaves no row of it, and gives what was wrong."""
    moment, before = clock.now(), transaction.savepoint_create()
    try:
        world = World(hand, chair)
        world.play(script)
        world.settle()
        return world.wrong()
    finally:
        transaction.savepoint_rollback(before)
        hand.set(moment)


def shortest(script: Script, goes_wrong: Callable[[Script], object]) -> Script:
    """What is left of a life that goes wrong when everything is left out that it does not need for that."""
    size = len(script) // 2
    while size:
        start = 0
        while start < len(script):
            shorter = [*script[:start], *script[start + size :]]
            if goes_wrong(shorter):
                script = shorter
            else:
                start += size
        size //= 2
    return script


_ACTS = (
    *("join", "leave #", "leave #", "come_back #", "come_back #", "leave_in_peace #", "stop_everything #"),
    *("move #", "move #", "reword #", "relink", "cancel", "put_back", "put_back", "undo", "undo"),
    *(
        "readdress #",
        "readdress #",
        "return #",
        "pause #",
        "resume #",
        "try_again",
        "answer # #",
        "answer # #",
    ),
)
_WEATHER = ["ok"] * 9 + ["twice", "late", "late", "lost", "cut", "450", "550"]
_WAITS = [5, 5, 40, 70, 150, 150, 300, 300, 4000, 200_000]


def random_life(seed: int, moments: int = 22) -> list[str]:
    """A life drawn by lot; the same seed always draws the same one."""
    chance = random.Random(seed)

    def act() -> str:
        return " ".join(
            str(chance.randrange(40)) if word == "#" else word for word in chance.choice(_ACTS).split()
        )

    def wheel(likely: float, *steps: Callable[[], str]) -> list[str]:
        return [chance.choice(steps)()] if chance.random() < likely else []

    script = ["tick"]
    for _ in range(moments):
        script += [f"wait {chance.choice(_WAITS)}"]
        script += wheel(0.7, *[lambda: "tick"] * 7, lambda: f"crash {chance.randrange(3)}")
        script += wheel(0.12, lambda: f"meanwhile {act()}", lambda: "meanwhile tick")
        script += wheel(
            0.65,
            *[lambda: f"deliver {' '.join(chance.choices(_WEATHER, k=5))}"] * 9,
            lambda: "die {} {} {}".format(*sorted((chance.randrange(4) for _ in range(3)), reverse=True)),
        )
        script += wheel(0.15, lambda: "bury", lambda: f"post {chance.randrange(9)}")
        script.append(act())
    return script
