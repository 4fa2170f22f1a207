"""What is claimed and handed over, and what is not: order, threads, switch, rate, storms, leases."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from forum.kit import clock
from forum.outbox import delivery, post
from forum.outbox.delivery import Halt, Tally, claim, settle
from forum.outbox.delivery.claim import Step
from forum.outbox.letter import Urgency
from forum.outbox.models import Message
from tests.fakes.smtp import Sink
from tests.forum.outbox import make

pytestmark = pytest.mark.django_db
State = Message.State


def claimed(now: datetime, *, limit: int = 50, worker: str = "w") -> list[Message]:
    return claim.claim(now=now, real=clock.real(), worker=worker, limit=limit)


def handed(message: Message, now: datetime, *, worker: str = "w") -> Step:
    return claim.hand_over(message, now=now, real=clock.real(), worker=worker)


def test_what_must_arrive_goes_first_then_the_oldest(now: datetime) -> None:
    earlier = now - timedelta(hours=1)
    news = make.posted(now, make.a_copy(1, next_at=earlier), letter=make.a_letter(urgency=Urgency.BULK))[0]
    second, first, third = make.posted(
        now, make.a_copy(2), make.a_copy(3, next_at=earlier), make.a_copy(4, next_at=now)
    )
    assert claimed(now) == [first, second, third, news]


def test_a_claim_is_limited_and_nobody_elses(now: datetime) -> None:
    make.posted(now, *(make.a_copy(number) for number in range(1, 6)))
    mine, theirs = claimed(now, limit=3), claimed(now, worker="other")
    assert (len(mine), len(theirs)) == (3, 2)
    assert claimed(now) == []
    assert handed(theirs[0], now) is Step.GONE


def test_no_message_is_claimed_while_another_of_its_thread_is_on_its_way(now: datetime) -> None:
    old = make.posted(now, make.a_copy(1, thread="t"), letter=make.an_invitation())[0]
    assert handed(claimed(now)[0], now) is Step.HANDED
    new = make.posted(now, make.a_copy(2, thread="t"), letter=make.a_cancellation())[0]
    assert claimed(now) == []
    assert settle.sent(old, worker="w", real=clock.real(), code=250)
    assert claimed(now) == [new]


def test_a_claimed_letter_that_is_overtaken_is_not_handed_over(now: datetime) -> None:
    make.posted(now, make.a_copy(1, thread="t"))
    old = claimed(now)[0]
    make.posted(now, make.a_copy(2, thread="t"))
    assert handed(old, now) is Step.GONE
    assert make.states([old]) == [State.CANCELLED]


def test_two_queued_rows_of_a_thread_end_as_one(now: datetime) -> None:
    # Two posts that did not see each other.
    old, new = make.posted(now, make.a_copy(1, thread="t"), make.a_copy(2))
    Message.objects.filter(pk=new.pk).update(thread="t")
    assert claimed(now) == [new]
    assert delivery.sweep(now) == 1
    assert make.states([old, new]) == [State.CANCELLED, State.CLAIMED]


def test_a_cancellation_overtakes_the_invitation_that_is_still_queued(sink: Sink, now: datetime) -> None:
    make.posted(now, make.a_copy(1, thread="t"), letter=make.an_invitation())
    make.posted(now, make.a_copy(2, thread="t"), letter=make.a_cancellation())
    assert make.deliver(sink, now).sent == 1
    assert b"METHOD=CANCEL" in sink.accepted[0].content.upper()


def test_a_late_invitation_is_not_tried_again_once_the_cancellation_stands(sink: Sink, now: datetime) -> None:
    invitation = make.posted(now, make.a_copy(1, thread="t"), letter=make.an_invitation())[0]
    with make.worker_for(sink) as worker:
        batch = claim.claim(now=now, real=clock.real(), worker=worker.name, limit=1)
        claim.hand_over(batch[0], now=now, real=clock.real(), worker=worker.name)
        cancellation = make.posted(now, make.a_copy(2, thread="t"), letter=make.a_cancellation())[0]
        assert worker.round(now, limit=5).sent == 0
        settle.doubt(batch[0], worker=worker.name, now=now, text="cut")
        assert worker.round(now, limit=5).sent == 1
    assert make.states([invitation, cancellation]) == [State.IN_DOUBT, State.SENT]


def test_nothing_is_claimed_while_sending_is_stopped(sink: Sink, now: datetime) -> None:
    message = make.posted(now)[0]
    post.stop_sending(by=1, why="", now=now)
    assert claimed(now) == []
    assert make.deliver(sink, now) == Tally(halt=Halt.OFF)
    post.resume_sending(by=1)
    assert make.deliver(sink, now).sent == 1
    assert make.states([message]) == [State.SENT]


def test_a_switch_pressed_in_the_middle_stops_before_the_next_message(
    sink: Sink, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = make.posted(now, *(make.a_copy(number) for number in range(1, 4)))
    with make.worker_for(sink) as worker:
        send = worker.relay.send

        def press(*args: object, **options: object) -> object:
            post.stop_sending(by=1, why="", now=now)
            return send(*args, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(worker.relay, "send", press)
        assert worker.round(now, limit=5) == Tally(sent=1, halt=Halt.OFF)
    assert make.states(messages) == [State.SENT, State.QUEUED, State.QUEUED]


def test_suppression_is_looked_at_in_the_last_moment(now: datetime) -> None:
    make.posted(
        now, make.a_copy(1), make.a_copy(2, address="PERSON.1@trust.example", passes_suppression=True)
    )
    news, withdrawal = claimed(now)
    post.suppress(news.address_key, "unsubscribed")
    assert handed(news, now) is Step.ENDED
    assert handed(withdrawal, now) is Step.HANDED
    assert make.states([news]) == [State.SUPPRESSED]


def test_what_is_worthless_is_expired_not_sent_late(now: datetime) -> None:
    queued, held = make.posted(
        now,
        make.a_copy(1, expires_at=now + timedelta(minutes=5)),
        make.a_copy(2, expires_at=now + timedelta(minutes=5)),
    )
    batch = claimed(now, limit=1)
    assert batch == [queued]
    late = now + timedelta(minutes=5)
    assert handed(batch[0], late) is Step.ENDED
    assert delivery.expire(late) == 1
    assert make.states([queued, held]) == [State.EXPIRED, State.EXPIRED]
    assert delivery.expire(late) == 0


def test_no_hand_over_after_the_lease(now: datetime) -> None:
    make.posted(now)
    message = claimed(now)[0]
    late = clock.real() + claim.LEASE + timedelta(seconds=1)
    assert claim.hand_over(message, now=now, real=late, worker="w") is Step.GONE
    assert settle.free_dead(now=now, real=late) == 1
    assert make.states([message]) == [State.QUEUED]
    assert not settle.sent(message, worker="w", real=late, code=250)


def test_a_renewed_lease_holds(now: datetime) -> None:
    make.posted(now)
    message = claimed(now)[0]
    soon = clock.real() + claim.LEASE / 2
    claim.renew(real=soon, worker="w")
    assert settle.free_dead(now=now, real=clock.real() + claim.LEASE + timedelta(seconds=1)) == 0
    later = soon + claim.LEASE / 2 + timedelta(seconds=5)
    assert claim.hand_over(message, now=now, real=later, worker="w") is Step.HANDED


def test_the_lease_outlasts_every_wait_for_the_relay() -> None:
    slowest = 4 * claim.COMMAND_TIMEOUT + claim.ANSWER_TIMEOUT
    assert claim.LEASE.total_seconds() >= slowest + 60


def test_the_rate_counts_what_left_within_the_minute(sink: Sink, now: datetime, settings: Settings) -> None:
    settings.MAIL_RATE_PER_MINUTE = 4
    make.posted(now, *(make.a_copy(number) for number in range(1, 8)))
    assert make.deliver(sink, now) == Tally(sent=4)
    assert make.deliver(sink, now) == Tally(halt=Halt.RATE)
    Message.objects.filter(state=State.SENT).update(handed_at=clock.real() - timedelta(seconds=61))
    assert make.deliver(sink, now) == Tally(sent=3)


def test_the_seventh_mail_to_one_person_within_the_hour_waits_and_is_not_dropped(
    sink: Sink, now: datetime
) -> None:
    same = [make.a_copy(number, address="one@trust.example") for number in range(1, 9)]
    messages = make.posted(now, *same)
    other = make.posted(now, make.a_copy(9))[0]
    in_thread = make.posted(now, make.a_copy(10, address="one@trust.example", thread="t"))[0]
    assert make.deliver(sink, now) == Tally(sent=8, deferred=2)
    assert make.states(messages) == [State.SENT] * 6 + [State.QUEUED] * 2
    assert make.states([other, in_thread]) == [State.SENT, State.SENT]
    seventh = Message.objects.get(pk=messages[6].pk)
    assert (seventh.attempts, seventh.handed_at) == (0, None)
    assert timedelta(minutes=59) < seventh.next_at - now < timedelta(minutes=61)
    Message.objects.filter(state=State.SENT).update(handed_at=clock.real() - timedelta(minutes=61))
    assert make.deliver(sink, now + timedelta(hours=2)).sent == 2


def test_outside_production_the_relay_sees_one_address(sink: Sink, now: datetime, settings: Settings) -> None:
    settings.MAIL_HOST, settings.PRODUCTION, settings.MAIL_ALL_TO = (
        "relay.example",
        False,
        "all@forum.example",
    )
    make.posted(now, make.a_copy(1), make.a_copy(2))
    assert make.deliver(sink, now).sent == 2
    assert set(sink.recipients) == {"all@forum.example"}
    assert b"X-Original-To: person.1@trust.example" in sink.accepted[0].content


def test_without_that_address_nothing_leaves_and_nothing_is_claimed(
    sink: Sink, now: datetime, settings: Settings
) -> None:
    settings.MAIL_HOST, settings.PRODUCTION, settings.MAIL_ALL_TO = "relay.example", False, ""
    message = make.posted(now)[0]
    with pytest.raises(ImproperlyConfigured):
        make.deliver(sink, now)
    assert make.states([message]) == [State.QUEUED]
    assert sink.accepted == []


def test_delivering_some_and_all(sink: Sink, now: datetime) -> None:
    make.posted(clock.now(), *(make.a_copy(number) for number in range(1, 121)))
    assert delivery.deliver_some(clock.now(), limit=10) == Tally(sent=10)
    assert delivery.deliver_all() == Tally(sent=110, halt=Halt.NOTHING_DUE)
    assert delivery.deliver_all(seconds=0) == Tally()
    assert len(sink.copies) == 120
    assert set(sink.copies.values()) == {1}
