"""Threads in any weather: random letters, faults and deaths of workers, and what a reader ends up with."""

import random
from datetime import datetime, timedelta

import pytest

from forum.kit import clock
from forum.outbox import post
from forum.outbox.delivery import claim, settle
from forum.outbox.models import Message
from tests.fakes.smtp import Sink
from tests.forum.outbox import make

pytestmark = pytest.mark.django_db
State = Message.State
FAULTS = ("rcpt450", "data450", "rcpt421", "cut_mid_data", "accept_cut", "connect421", "mail450")
THREADS = ("a", "b", "c")


@pytest.mark.parametrize("seed", range(12))
def test_no_reader_gets_an_older_letter_after_a_newer_one(sink: Sink, now: datetime, seed: int) -> None:
    chance = random.Random(seed)
    posted = 0
    for _ in range(40):
        now += timedelta(minutes=chance.choice((0, 1, 5, 60)))
        sink.ok()
        match chance.randrange(5):
            case 0 | 1:
                posted += 1
                letter = chance.choice((make.an_invitation, make.a_cancellation))()
                thread = chance.choice(THREADS)
                # The slot tells the copies apart in the sink.
                slots = {"sequence": str(posted), "unsubscribe_url": "https://forum.example/"}
                make.posted(now, make.a_copy(posted, thread=thread, about=thread, slots=slots), letter=letter)
            case 2:
                post.withdraw(now=now, about=chance.choice(THREADS), kinds=["invitation"])
            case 3:
                _a_worker_dies(now, chance)
            case _:
                sink.fail(chance.choice(FAULTS), weight=0.7)
                make.deliver(sink, now, limit=chance.choice((1, 5)))
    sink.ok()
    for _ in range(12):
        now += timedelta(hours=1)
        assert make.deliver(sink, now).failed == 0
    rows = {message.message_id: message for message in Message.objects.all()}
    assert not Message.objects.waiting().exists()
    for thread in THREADS:
        order = [rows[mail.message_id].pk for mail in sink.accepted if rows[mail.message_id].thread == thread]
        assert order == sorted(order)
    for message in rows.values():
        copies = sink.copies[message.message_id]
        assert copies <= 1 + message.doubts
        assert message.doubts <= settle.DOUBTS_MAX + 1
        if message.state == State.SENT:
            assert copies >= 1
        if message.state in (State.CANCELLED, State.FAILED):
            assert copies == 0
        # Who may hold a letter is never forgotten.
        assert copies == 0 or message.handed_at is not None
    newest = {
        thread: max((m for m in rows.values() if m.thread == thread), key=lambda m: m.pk)
        for thread in THREADS
    }
    for message in newest.values():
        if message.mailing.method == "CANCEL":
            assert message.state in (State.SENT, State.IN_DOUBT)


def _a_worker_dies(now: datetime, chance: random.Random) -> None:
    real = clock.real()
    batch = claim.claim(now=now, real=real, worker="dead", limit=3)
    for message in batch:
        if chance.random() < 0.5:
            claim.hand_over(message, now=now, real=real, worker="dead")
    settle.free_dead(now=now, real=real + claim.LEASE + timedelta(seconds=1))
