"""Each fault of the relay: what becomes of the message, and of the others."""

from datetime import datetime, timedelta

import pytest

from forum.audit.models import AuditEntry
from forum.kit import clock
from forum.outbox import build, post
from forum.outbox.delivery import Halt, Tally, rounds, settle, switch
from forum.outbox.letter import Urgency
from forum.outbox.models import Message
from tests.fakes.smtp import Sink
from tests.forum.outbox import make

pytestmark = pytest.mark.django_db
State = Message.State
BULK = make.a_letter(urgency=Urgency.BULK)


def test_what_is_due_is_sent_over_one_connection(sink: Sink, now: datetime) -> None:
    messages = make.posted(now, *(make.a_copy(number) for number in range(1, 6)), letter=make.an_invitation())
    assert make.deliver(sink, now) == Tally(sent=5)
    assert make.states(messages) == [State.SENT] * 5
    assert sink.connections == 1
    assert sink.copies == dict.fromkeys([message.message_id for message in messages], 1)
    assert [mail.recipient for mail in sink.accepted] == [message.to_address for message in messages]
    first = Message.objects.get(pk=messages[0].pk)
    assert (first.attempts, first.smtp_code, first.claimed_by, first.lease_until) == (1, 250, "", None)
    assert first.handed_at is not None
    assert first.sent_at is not None
    assert sink.accepted[0].content == build.mail(first).content
    assert sink.accepted[0].sender == build.mail(first).sender
    assert make.deliver(sink, now) == Tally(halt=Halt.NOTHING_DUE)


def test_what_is_not_due_waits(sink: Sink, now: datetime) -> None:
    later = now + timedelta(minutes=2)
    make.posted(now, make.a_copy(next_at=later))
    assert make.deliver(sink, now).sent == 0
    assert make.deliver(sink, later).sent == 1


def test_dots_and_bare_lines_arrive_as_they_were(sink: Sink, now: datetime) -> None:
    text = ".\n..two\n. three\n" + "x" * 2000 + "\nEnd.\n"
    make.posted(now, letter=make.a_letter(text=text))
    make.deliver(sink, now)
    assert sink.accepted[0].content == build.mail(Message.objects.get()).content


def test_an_address_refused_for_now_is_tried_again_ever_later(sink: Sink, now: datetime) -> None:
    message, other = make.posted(now, make.a_copy(1), make.a_copy(2))
    sink.fail("rcpt450", address=message.to_address)
    assert make.deliver(sink, now) == Tally(sent=1, deferred=1)
    waits = []
    at = now
    for _ in range(9):
        message.refresh_from_db()
        assert (message.state, message.handed_at, message.smtp_code) == (State.QUEUED, None, 450)
        waits.append(round((message.next_at - at).total_seconds() / 60))
        at = message.next_at
        assert make.deliver(sink, at - timedelta(seconds=1)).deferred == 0
        assert make.deliver(sink, at).deferred == 1
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    sink.ok()
    message.refresh_from_db()
    assert make.deliver(sink, message.next_at).sent == 1
    assert set(sink.copies.values()) == {1}
    assert make.states([other]) == [State.SENT]


def test_after_two_days_of_trying_a_message_fails(sink: Sink, now: datetime) -> None:
    message = make.posted(now)[0]
    sink.fail("rcpt450")
    make.deliver(sink, now)
    assert make.deliver(sink, now + settle.HORIZON + timedelta(minutes=1)) == Tally(failed=1)
    message.refresh_from_db()
    assert (message.state, message.handed_at) == (State.FAILED, None)


def test_days_without_a_relay_use_up_no_trying(sink: Sink, now: datetime) -> None:
    message = make.posted(now)[0]
    sink.fail("refuse")
    assert make.deliver(sink, now) == Tally(deferred=1, halt=Halt.AWAY)
    assert make.deliver(sink, now + timedelta(days=5)).halt is Halt.AWAY
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.QUEUED, 0)
    sink.ok()
    assert make.deliver(sink, now + timedelta(days=6)).sent == 1


def test_an_address_refused_for_good_fails_alone(sink: Sink, now: datetime) -> None:
    gone, other = make.posted(now, make.a_copy(1), make.a_copy(2))
    sink.fail("rcpt550", address=gone.to_address)
    assert make.deliver(sink, now) == Tally(sent=1, failed=1)
    gone.refresh_from_db()
    assert (gone.state, gone.smtp_code, gone.error) == (State.FAILED, 550, "5.1.1 no such person")
    assert (gone.refused_step, gone.handed_at, gone.ended_at is None) == (Message.Step.RCPT, None, False)
    assert make.states([other]) == [State.SENT]
    assert not switch.is_off()
    assert list(Message.objects.unsettled_faults()) == [gone]


def test_content_refused_for_good_fails_and_five_in_a_row_stop_sending(sink: Sink, now: datetime) -> None:
    messages = make.posted(now, *(make.a_copy(number) for number in range(1, 10)))
    sink.fail("data554")
    assert make.deliver(sink, now) == Tally(failed=5, halt=Halt.OFF)
    assert make.states(messages) == [State.FAILED] * 5 + [State.QUEUED] * 4
    assert "554" in switch.why_off()
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.by_id, entry.facts) == ("outbox.stopped", None, {"code": 554})
    assert make.deliver(sink, now) == Tally(halt=Halt.OFF)


def test_refused_content_between_accepted_mails_stops_nothing(sink: Sink, now: datetime) -> None:
    copies = [make.a_copy(number) for number in range(1, 12)]
    messages = make.posted(now, *copies)
    for message in messages[:4] + messages[5:9]:
        sink.fail("data554", address=message.to_address)
    assert make.deliver(sink, now) == Tally(sent=3, failed=8)
    assert not switch.is_off()


def test_refused_content_to_one_person_stops_nothing(sink: Sink, now: datetime) -> None:
    same = [make.a_copy(number, address="one@trust.example", thread=f"t{number}") for number in range(1, 9)]
    make.posted(now, *same)
    sink.fail("data554")
    assert make.deliver(sink, now) == Tally(failed=8)
    assert not switch.is_off()


@pytest.mark.parametrize("fault", ["connect554", "mail550"])
def test_who_refuses_us_stops_all_sending_and_burns_no_address(sink: Sink, now: datetime, fault: str) -> None:
    messages = make.posted(now, *(make.a_copy(number) for number in range(1, 6)))
    sink.fail(fault)
    assert make.deliver(sink, now).halt is Halt.OFF
    assert make.states(messages) == [State.QUEUED] * 5
    assert set(Message.objects.values_list("attempts", "handed_at", "next_at")) == {(0, None, now)}
    assert sink.connections == 1
    assert sink.recipients == []
    sink.ok()
    post.resume_sending(by=1)
    assert make.deliver(sink, now).sent == 5


@pytest.mark.parametrize("fault", ["refuse", "connect421", "hang_greet", "rcpt421"])
def test_a_relay_that_is_away_is_asked_once_a_round(sink: Sink, now: datetime, fault: str) -> None:
    messages = make.posted(now, *(make.a_copy(number) for number in range(1, 6)))
    sink.fail(fault)
    with make.worker_for(sink, timeout=0.2) as worker:
        tally = worker.round(now, limit=50)
    assert tally == Tally(deferred=5, halt=Halt.AWAY)
    assert make.states(messages) == [State.QUEUED] * 5
    assert sink.connections <= 1
    assert Message.objects.due(now).count() == 0
    sink.ok()
    assert make.deliver(sink, now + timedelta(minutes=2)).sent == 5
    assert set(sink.copies.values()) == {1}


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers look before the final dot for as long as a busy machine may need to close a connection."""
    for urgency in Urgency:
        monkeypatch.setitem(rounds.LOOK, urgency, 1.0)


@pytest.mark.parametrize("fault", ["mail450", "data450"])
@pytest.mark.parametrize("urgency", Urgency)
def test_what_was_surely_not_taken_is_tried_again(
    sink: Sink, now: datetime, fault: str, urgency: Urgency
) -> None:
    messages = make.posted(now, make.a_copy(1), make.a_copy(2), letter=make.a_letter(urgency=urgency))
    sink.fail(fault, times=1)
    assert make.deliver(sink, now) == Tally(sent=1, deferred=1)
    messages[0].refresh_from_db()
    assert (messages[0].state, messages[0].doubts, messages[0].handed_at) == (State.QUEUED, 0, None)
    assert make.deliver(sink, now + timedelta(minutes=2)).sent == 1
    assert set(sink.copies.values()) == {1}


@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.usefixtures("patient")
def test_a_connection_cut_before_the_final_dot_is_no_doubt(
    sink: Sink, now: datetime, urgency: Urgency
) -> None:
    message = make.posted(now, letter=make.a_letter(urgency=urgency))[0]
    sink.fail("cut_mid_data")
    assert make.deliver(sink, now) == Tally(deferred=1)
    message.refresh_from_db()
    assert (message.state, message.doubts, message.handed_at) == (State.QUEUED, 0, None)
    assert sink.accepted == []


@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.usefixtures("patient")
def test_an_answer_before_the_final_dot_counts_as_any_other(
    sink: Sink, now: datetime, urgency: Urgency
) -> None:
    message = make.posted(now, letter=make.a_letter(urgency=urgency))[0]
    sink.fail("early_data552", times=1)
    assert make.deliver(sink, now) == Tally(failed=1)
    message.refresh_from_db()
    assert (message.state, message.doubts, message.smtp_code) == (State.FAILED, 0, 552)


@pytest.mark.parametrize("fault", ["accept_cut", "accept_hang"])
def test_an_answer_that_never_came_is_a_doubt_and_what_must_arrive_goes_again(
    sink: Sink, now: datetime, fault: str
) -> None:
    messages = make.posted(now, *(make.a_copy(number) for number in range(1, 4)))
    sink.fail(fault, times=1)
    assert make.deliver(sink, now) == Tally(sent=2, deferred=1)
    messages[0].refresh_from_db()
    assert (messages[0].state, messages[0].doubts) == (State.QUEUED, 1)
    assert messages[0].handed_at is not None
    assert make.deliver(sink, now + timedelta(minutes=2)).sent == 1
    assert sink.copies[messages[0].message_id] == 2
    copies = [mail.content for mail in sink.accepted if mail.message_id == messages[0].message_id]
    assert copies[0] == copies[1]


def test_after_three_doubts_nobody_sends_again(sink: Sink, now: datetime) -> None:
    message = make.posted(now)[0]
    sink.fail("accept_cut")
    for hour in range(5):
        make.deliver(sink, now + timedelta(hours=hour))
    message.refresh_from_db()
    assert (message.state, message.doubts, message.attempts) == (State.IN_DOUBT, 3, 3)
    assert sink.copies[message.message_id] == 3


@pytest.mark.parametrize("fault", ["accept_cut", "accept_hang"])
def test_bulk_in_doubt_is_never_sent_again(sink: Sink, now: datetime, fault: str) -> None:
    message = make.posted(now, letter=BULK)[0]
    sink.fail(fault)
    assert make.deliver(sink, now) == Tally(failed=1)
    assert make.states([message]) == [State.IN_DOUBT]
    sink.ok()
    assert make.deliver(sink, now + timedelta(days=1)).sent == 0
    assert sink.copies[message.message_id] == 1


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("fault", "after_doubt", "state"),
    [
        ("rcpt450", 0, State.CANCELLED),
        ("rcpt550", 0, State.CANCELLED),
        ("cut_mid_data", 0, State.CANCELLED),
        ("mail550", 0, State.CANCELLED),
        ("rcpt450", 1, State.IN_DOUBT),
        ("rcpt550", 1, State.IN_DOUBT),
        ("accept_cut", 0, State.IN_DOUBT),
    ],
)
def test_what_is_withdrawn_while_it_is_handed_over_is_never_queued_again(
    sink: Sink, now: datetime, monkeypatch: pytest.MonkeyPatch, fault: str, after_doubt: int, state: str
) -> None:
    message = make.posted(now, make.a_copy(about="entry:1"))[0]
    if after_doubt:
        Message.objects.update(doubts=after_doubt, handed_at=now)
    sink.fail(fault)
    with make.worker_for(sink) as worker:
        send = worker.relay.send

        def withdraw_first(*args: object, **options: object) -> object:
            post.withdraw(now=now, about="entry:1", kinds=["notice"])
            return send(*args, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(worker.relay, "send", withdraw_first)
        worker.round(now, limit=5)
    assert make.states([message]) == [state]


@pytest.mark.parametrize("how", ["expired", "withdrawn", "suppressed", "failed"])
def test_whatever_ends_after_a_doubt_ends_in_doubt(sink: Sink, now: datetime, how: str) -> None:
    message = make.posted(now, make.a_copy(expires_at=now + timedelta(hours=1)))[0]
    sink.fail("accept_cut", times=1)
    make.deliver(sink, now)
    later = now + timedelta(minutes=5)
    match how:
        case "expired":
            later = now + timedelta(hours=2)
        case "withdrawn":
            post.withdraw(now=now, person_id=1, kinds=["notice"])
        case "suppressed":
            post.suppress(message.address_key, "unsubscribed")
        case "failed":
            sink.fail("rcpt550")
    make.deliver(sink, later)
    message.refresh_from_db()
    assert message.state == State.IN_DOUBT
    # The first copy may have arrived, so it still counts as handed over.
    assert message.handed_at is not None


def test_a_kept_connection_that_died_is_opened_again(sink: Sink, now: datetime) -> None:
    first, second = make.posted(now, make.a_copy(1), make.a_copy(2, next_at=now + timedelta(minutes=1)))
    with make.worker_for(sink) as worker:
        worker.round(now, limit=5)
        sink.drop_connections()
        assert worker.round(now + timedelta(minutes=1), limit=5).sent == 1
    assert make.states([first, second]) == [State.SENT, State.SENT]
    assert sink.connections == 2
    assert Message.objects.get(pk=second.pk).attempts == 1


def test_a_relay_that_ends_a_connection_after_some_mails_is_asked_again(sink: Sink, now: datetime) -> None:
    messages = make.posted(now, *(make.a_copy(number) for number in range(1, 5)))
    sink.fail("rcpt421", address=messages[1].to_address, times=1)
    assert make.deliver(sink, now) == Tally(sent=3, deferred=1)
    assert sink.connections == 2


def test_a_mail_that_cannot_be_made_fails_alone(sink: Sink, now: datetime) -> None:
    bad = make.posted(now, make.a_copy(1), make.a_copy(2))[0]
    other = make.a_letter(text="\ue000missing\ue001")
    mailing = bad.mailing
    mailing.pk, mailing.text = None, other.text
    mailing.save()
    Message.objects.filter(pk=bad.pk).update(mailing=mailing)
    assert make.deliver(sink, now) == Tally(sent=1, failed=1)
    bad.refresh_from_db()
    assert (bad.state, bad.attempts) == (State.FAILED, 0)
    assert "missing" in bad.error


def test_a_worker_that_dies_leaves_its_messages_to_the_reaper(
    sink: Sink, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    must, bulk, claimed = (
        make.posted(now, make.a_copy(1))[0],
        make.posted(now, make.a_copy(2), letter=BULK)[0],
        make.posted(now, make.a_copy(3))[0],
    )
    real = clock.real()
    held = {"claimed_by": "dead", "lease_until": real + timedelta(minutes=8)}
    Message.objects.filter(pk__in=[must.pk, bulk.pk]).update(
        state=State.HANDED, handed_at=real, attempts=1, **held
    )
    Message.objects.filter(pk=claimed.pk).update(state=State.CLAIMED, **held)
    assert settle.free_dead(now=now, real=real + timedelta(minutes=7)) == 0
    assert settle.free_dead(now=now, real=real + timedelta(minutes=9)) == 3
    assert settle.free_dead(now=now, real=real + timedelta(minutes=9)) == 0
    assert make.states([must, bulk, claimed]) == [State.QUEUED, State.IN_DOUBT, State.QUEUED]
    doubts = dict(Message.objects.values_list("key", "doubts"))
    assert [doubts[message.key] for message in (must, bulk, claimed)] == [1, 1, 0]
    assert make.deliver(sink, now + timedelta(minutes=1)).sent == 2


def test_a_fault_of_our_own_gives_back_what_was_only_claimed(
    sink: Sink, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = make.posted(now, *(make.a_copy(number) for number in range(1, 4)))
    with make.worker_for(sink) as worker:
        monkeypatch.setattr(worker.relay, "send", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            worker.round(now, limit=5)
    assert make.states(messages) == [State.HANDED, State.QUEUED, State.QUEUED]
