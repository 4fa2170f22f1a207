"""What is promised when the mail relay refuses, hangs, or breaks off."""

import time
from collections.abc import Callable

import pytest

from tests.services.house import MAILS, House

type Report = Callable[..., None]


def test_f6_the_relay_says_later(house: House, report: Report):
    house.post(40)
    house.sink.fail("rcpt450")
    house.workers(1)
    house.ring()
    house.wait_for(lambda: len(house.sink.recipients) >= 40, 30)
    for _ in range(6):
        house.ring()
        time.sleep(0.3)
    attempts = house.sql("SELECT max(attempts), min(next_at) > now() FROM outbox_message")[0]
    connections = house.sink.connections
    assert attempts == (1, True), "no tight loop: the next try is later"
    house.sink.ok()
    house.settle()
    report("F6 450 to all", house.figures(), bound=0, attempts=attempts[0], connections=connections)
    assert house.states() == {"sent": 40}


def test_f6b_one_address_is_refused(house: House, report: Report):
    house.post(40)
    house.sink.fail("rcpt550", address="p7@trust.example")
    house.workers(1)
    house.settle()
    report("F6b 550 for one", house.figures(), bound=0, failed=house.states().get("failed"))
    assert house.states() == {"sent": 39, "failed": 1}


def test_f6c_everything_is_refused(house: House, report: Report):
    house.post(40)
    house.sink.fail("data554")
    house.workers(1)
    house.ring()
    house.wait_for(lambda: house.sql("SELECT 1 FROM outbox_sendingswitch WHERE paused_at IS NOT NULL"), 30)
    time.sleep(1)
    waiting = house.states().get("queued", 0)
    marked = house.sql("SELECT count(*) FROM members_person WHERE mail_paused_at IS NOT NULL")[0][0]
    alerts = house.sql("SELECT count(*) FROM audit_auditentry WHERE verb = 'outbox.stopped'")[0][0]
    assert (marked, alerts) == (0, 1) and waiting >= 34
    house.sink.ok()
    house.run(
        "post.resume_sending(by=None); [post.requeue(key, now=clock.now()) for key in "
        "__import__('forum.outbox.models', fromlist=['Message']).Message.objects.filter(state='failed')"
        ".values_list('key', flat=True)]"
    )
    house.settle()
    report("F6c 554 to all", house.figures(), bound=0, marked=marked, alerts=alerts, held_back=waiting)


@pytest.mark.parametrize("fault", ["refuse", "hang_greet", "accept_hang"])
def test_f6d_the_relay_does_not_answer(fault: str, house: House, report: Report):
    """One worker hangs; the other goes on; once the connection breaks, the first is free again."""
    house.post(MAILS)
    house.sink.fail(fault, times=None if fault == "refuse" else 1)
    house.workers(2)
    for _ in range(3):
        house.ring()
    if fault == "refuse":
        time.sleep(2)
        assert not house.sink.accepted
        house.sink.ok()
    else:
        began = time.monotonic()
        house.wait_for(lambda: house.ring() or len(house.sink.copies) >= MAILS // 3, 30)
        others = round(time.monotonic() - began, 1)
        house.sink.drop_connections()
        assert others < 25
    house.settle(60)
    report(f"F6d {fault}", house.figures(), bound=int(fault == "accept_hang"))
    assert house.states() == {"sent": MAILS}


def test_f6e_the_connection_breaks_in_the_middle_of_a_mail(house: House, report: Report):
    house.post(60)
    house.sink.fail("cut_mid_data", weight=0.2)
    house.workers(2)
    for _ in range(3):
        house.ring()
    time.sleep(2)
    house.sink.ok()
    house.settle()
    report("F6e cut in the middle", house.figures(), bound=0)
    assert house.states() == {"sent": 60}


@pytest.mark.parametrize("bulk", [False, True], ids=["must-arrive", "bulk"])
def test_f6f_accepted_and_then_cut(bulk: bool, house: House, report: Report):
    house.post(60, bulk=bulk)
    house.sink.fail("accept_cut", times=5)
    house.workers(1)
    house.settle(60)
    report(
        f"F6f cut after acceptance, {'bulk' if bulk else 'must arrive'}",
        house.figures(),
        bound=0 if bulk else 5,
    )
    assert house.states() == ({"sent": 55, "in_doubt": 5} if bulk else {"sent": 60})
    assert house.figures().worst <= (1 if bulk else 2)
