"""What is promised about mail when workers die or stand still."""

import os
import random
import signal
import time
from collections.abc import Callable

import psycopg
import pytest

from tests.fakes.smtp import STEPS
from tests.services.house import MAILS, House

type Report = Callable[..., None]

KILLS = max(6, MAILS // 50)


def test_f1_workers_killed_at_random(house: House, report: Report):
    house.post()
    house.sink.slow = 0.02
    dice, workers = random.Random(7), house.workers(3)
    for _ in range(20):
        house.ring()
    taken = 3
    for _ in range(KILLS):
        house.until_accepted(taken)
        victim = workers.pop(dice.randrange(len(workers)))
        house.kill(victim)
        workers.append(house.worker())
        for _ in range(3):
            house.ring()
        taken = min(len(house.sink.accepted) + 5, MAILS - 10)
    killed_at = time.monotonic()
    house.settle(90)
    report(
        "F1 random kills",
        house.figures(),
        bound=KILLS,
        kills=KILLS,
        recovery_s=round(time.monotonic() - killed_at, 1),
    )
    assert house.states() == {"sent": MAILS}


@pytest.mark.parametrize("step", STEPS)
def test_f1_worker_killed_at_each_step(step: str, house: House, report: Report):
    house.post(12)
    house.sink.hold(step)
    (worker,) = house.workers(1)
    house.ring()
    assert house.sink.held.wait(30)
    house.kill(worker)
    house.sink.release()
    house.workers(1)
    house.settle()
    report(f"F1 killed at {step}", house.figures(), bound=1)
    assert house.states() == {"sent": 12}


def test_f1_worker_killed_between_claim_and_hand_over(house: House, report: Report):
    house.post(12)
    with psycopg.connect(house.database.url) as blocker:
        blocker.execute("LOCK TABLE outbox_suppression IN ACCESS EXCLUSIVE MODE")
        (worker,) = house.workers(1)
        house.ring()
        house.wait_for(lambda: house.states().get("claimed"), 30)
        house.kill(worker)
        assert not house.sink.accepted
    house.workers(1)
    house.settle()
    report("F1 killed after the claim", house.figures(), bound=0)


def test_f1_worker_killed_before_the_mark(house: House, report: Report):
    """The relay has answered 250; the worker dies before it can write that down."""
    house.post(12)
    house.sink.hold("dot")
    (worker,) = house.workers(1)
    house.ring()
    assert house.sink.held.wait(30)
    with psycopg.connect(house.database.url) as blocker:
        blocker.execute("SELECT id FROM outbox_message WHERE state = 'handed' FOR UPDATE")
        house.sink.release()
        house.until_accepted(1)
        waits = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        house.wait_for(lambda: house.sql(waits.replace("pg_terminate_backend(pid)", "1")), 10)
        house.kill(worker)
        house.sql(waits)  # or the server would carry out what it has been asked already
    house.workers(1)
    house.settle()
    report("F1 killed before the mark", house.figures(), bound=1)
    assert house.figures().duplicates == 1, "nobody can know that it arrived"


def test_f2_worker_paused_past_its_lease(house: House, report: Report):
    house.post(40)
    house.sink.hold("dot")
    (sleeper,) = house.workers(1)
    house.ring()
    assert house.sink.held.wait(30)
    os.kill(sleeper.pid, signal.SIGSTOP)
    try:
        house.sink.release()
        house.age_leases()
        house.workers(1)
        house.settle()
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    time.sleep(2)
    report("F2 worker paused", house.figures(), bound=1)
    assert house.states() == {"sent": 40}
