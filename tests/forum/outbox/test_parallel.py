"""Several workers at once, each with its own connection to the database: each mail once."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from forum.kit import clock
from forum.outbox import delivery, post
from forum.outbox.delivery import claim, settle, switch
from forum.outbox.models import Message, SendingSwitch
from tests.fakes.smtp import Sink
from tests.forum.outbox import make

pytestmark = pytest.mark.django_db(transaction=True)
State = Message.State


def together(*works: Callable[[], object]) -> None:
    faults: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait(5)
            work()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []


def test_workers_side_by_side_send_each_mail_once(sink: Sink, now: datetime) -> None:
    messages = make.posted(now, *(make.a_copy(number, thread=f"t{number}") for number in range(1, 81)))
    together(*[lambda: delivery.deliver_all()] * 4)
    assert make.states(messages) == [State.SENT] * 80
    assert sink.copies == dict.fromkeys([message.message_id for message in messages], 1)


def test_two_commands_at_once_send_each_mail_once(sink: Sink, now: datetime) -> None:
    make.posted(now, *(make.a_copy(number) for number in range(1, 61)))
    said = [StringIO(), StringIO()]
    together(*[lambda out=out: call_command("deliver", until_empty=True, stdout=out) for out in said])
    sent = [int(out.getvalue().split()[1]) for out in said]
    assert sum(sent) == 60
    assert set(sink.copies.values()) == {1}


def test_two_posts_of_the_same_letters_make_one_row_each(now: datetime) -> None:
    counts: list[int] = []

    def once() -> None:
        copies = [make.a_copy(number, thread=f"t{number}") for number in range(1, 41)]
        counts.append(post.post(make.a_letter(), copies, now=now))

    together(*[once] * 4)
    assert sorted(counts) == [0, 0, 0, 40]
    assert set(Message.objects.values_list("state", flat=True)) == {State.QUEUED}


def test_a_thread_has_one_message_on_its_way_whoever_claims(now: datetime) -> None:
    # Rows of one thread that did not end each other, as two posts at the same instant leave them.
    for number in range(1, 31):
        make.posted(now, make.a_copy(number))
    Message.objects.update(thread="t")
    claimed: list[Message] = []

    def some(name: str) -> None:
        claimed.extend(claim.claim(now=now, real=clock.real(), worker=name, limit=10))

    together(*[lambda name=name: some(name) for name in "abcd"])
    assert [message.key for message in claimed] == ["notice:30"]


def test_the_rate_holds_for_all_workers_together(now: datetime, settings: Settings) -> None:
    settings.MAIL_RATE_PER_MINUTE = 10
    make.posted(now, *(make.a_copy(number) for number in range(1, 41)))
    claimed: list[Message] = []

    def some(name: str) -> None:
        claimed.extend(claim.claim(now=now, real=clock.real(), worker=name, limit=8))

    together(*[lambda name=name: some(name) for name in "abcd"])
    assert len(claimed) == 10


def test_the_hours_limit_for_one_person_holds_for_all_workers_together(sink: Sink, now: datetime) -> None:
    make.posted(now, *(make.a_copy(number, address="one@trust.example") for number in range(1, 21)))

    def small_rounds() -> None:
        for _ in range(5):
            delivery.deliver_some(clock.now(), limit=2)

    together(*[small_rounds] * 4)
    assert len(sink.accepted) == 6


def test_reapers_side_by_side_count_one_doubt(now: datetime) -> None:
    messages = make.posted(now, *(make.a_copy(number) for number in range(1, 41)))
    real = clock.real()
    Message.objects.update(
        state=State.HANDED, claimed_by="dead", lease_until=real - timedelta(seconds=1), handed_at=real
    )
    together(*[lambda: settle.free_dead(now=now, real=real)] * 4)
    assert make.states(messages) == [State.QUEUED] * 40
    assert set(Message.objects.values_list("doubts", flat=True)) == {1}


def test_withdrawing_beside_a_worker_leaves_nothing_between(sink: Sink, now: datetime) -> None:
    messages = make.posted(now, *(make.a_copy(number, about="entry:1") for number in range(1, 61)))
    ended: list[int] = []
    together(
        lambda: delivery.deliver_all(),
        lambda: ended.append(post.withdraw(now=now, about="entry:1", kinds=["notice"])),
    )
    states = make.states(messages)
    assert set(states) <= {State.SENT, State.CANCELLED}
    assert states.count(State.CANCELLED) == ended[0]
    assert len(sink.accepted) == states.count(State.SENT)


def test_a_claim_passes_over_what_another_transaction_holds(now: datetime) -> None:
    first, second = make.posted(now, make.a_copy(1), make.a_copy(2))
    claimed: list[Message] = []
    with transaction.atomic():
        Message.objects.select_for_update().get(pk=first.pk)
        together(lambda: claimed.extend(claim.claim(now=now, real=clock.real(), worker="other", limit=5)))
    assert claimed == [second]


def test_the_switch_goes_off_once_however_many_press_it(now: datetime) -> None:
    pressed: list[bool] = []
    together(*[lambda: pressed.append(switch.stop(by=None, why="refused", now=now))] * 4)
    assert sorted(pressed) == [False, False, False, True]
    assert SendingSwitch.objects.count() == 1


def test_what_is_handed_over_is_committed_before_the_relay_hears_of_it(
    sink: Sink, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = make.posted(now)[0]
    seen: list[str] = []
    with make.worker_for(sink) as worker:
        send = worker.relay.send

        def look_from_outside(*args: object, **options: object) -> object:
            together(lambda: seen.extend(make.states([message])))
            assert not connection.in_atomic_block
            return send(*args, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(worker.relay, "send", look_from_outside)
        worker.round(now, limit=1)
    assert seen == [State.HANDED]
