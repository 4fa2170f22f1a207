import time
from datetime import datetime, timedelta

import kombu.exceptions
import pytest
import redis.exceptions
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from forum.audit.models import AuditEntry
from forum.celery import app
from forum.kit import tokens
from forum.outbox import post
from forum.outbox.delivery import switch
from forum.outbox.letter import slot
from forum.outbox.models import Mailing, Message, Suppression
from tests.forum.outbox import make

pytestmark = pytest.mark.django_db
State = Message.State


def test_a_letter_becomes_one_mailing_and_a_row_for_each_person(now: datetime) -> None:
    letter = make.an_invitation()
    count = post.post(letter, (make.a_copy(number, about="entry:1") for number in range(1, 4)), now=now)
    assert count == 3
    mailing = Mailing.objects.get()
    assert (mailing.subject, mailing.calendar, mailing.method) == (letter.subject, make.CALENDAR, "REQUEST")
    message = Message.objects.get(key="notice:2")
    assert message.message_id == f"<{tokens.digest('notice:2', 'message-id')[:40]}@forum.example>"
    assert message.address_key == tokens.address_key("Person.2@trust.example")
    assert (message.state, message.dated_at, message.next_at) == (State.QUEUED, now, now)
    assert (message.about, message.person_id, message.slots["sequence"]) == ("entry:1", 2, "0")


def test_posting_twice_posts_once(now: datetime) -> None:
    make.posted(now)
    before = Message.objects.get()
    assert post.post(make.a_letter(subject="Other"), [make.a_copy()], now=now + timedelta(hours=1)) == 0
    assert Mailing.objects.count() == 1
    after = Message.objects.get()
    assert (after.pk, after.dated_at, after.mailing_id) == (before.pk, before.dated_at, before.mailing_id)


def test_only_the_new_ones_are_counted(now: datetime) -> None:
    make.posted(now, make.a_copy(1))
    assert post.post(make.a_letter(), [make.a_copy(1), make.a_copy(2)], now=now) == 1


def test_nothing_is_posted_when_the_callers_transaction_fails(now: datetime) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        make.posted(now)
        raise RuntimeError
    assert not Message.objects.exists()
    assert not Mailing.objects.exists()


def test_a_newer_letter_ends_the_older_ones_of_its_thread(now: datetime) -> None:
    queued, claimed, handed, doubted, other = make.posted(
        now, *(make.a_copy(number, thread=f"t{number}") for number in range(1, 6))
    )
    held = {"claimed_by": "w", "lease_until": now}
    Message.objects.filter(pk=claimed.pk).update(state=State.CLAIMED, **held)
    Message.objects.filter(pk=handed.pk).update(state=State.HANDED, handed_at=now, **held)
    Message.objects.filter(pk=doubted.pk).update(doubts=1, handed_at=now)
    make.posted(
        now, *(make.a_copy(number, key=f"new:{number}", thread=f"t{number}") for number in range(1, 5))
    )
    assert make.states([queued, claimed, handed, doubted, other]) == [
        State.CANCELLED,
        State.CANCELLED,
        State.HANDED,
        State.IN_DOUBT,
        State.QUEUED,
    ]
    handed.refresh_from_db()
    assert handed.withdrawn
    assert set(Message.objects.filter(key__startswith="new:").values_list("state", flat=True)) == {
        State.QUEUED
    }


def test_a_repeated_letter_ends_nothing(now: datetime) -> None:
    old = make.posted(now, make.a_copy(1, thread="t"))[0]
    new = make.posted(now, make.a_copy(2, thread="t"))[0]
    assert post.post(make.a_letter(), [make.a_copy(1, thread="t")], now=now) == 0
    assert make.states([old, new]) == [State.CANCELLED, State.QUEUED]


def test_rows_without_a_thread_end_nothing(now: datetime) -> None:
    rows = make.posted(now, make.a_copy(1), make.a_copy(2))
    assert make.states(rows) == [State.QUEUED, State.QUEUED]


@pytest.mark.parametrize(
    "address", ["jo@@trust.example", "jo\r\nBcc: x@y.example", "", "ŵ@trust.example", "j o@t.example"]
)
def test_what_is_no_address_fails_at_once_and_holds_up_nobody(now: datetime, address: str) -> None:
    bad, good = make.posted(now, make.a_copy(1, address=address), make.a_copy(2))
    assert make.states([bad, good]) == [State.FAILED, State.QUEUED]
    assert bad.error == "This cannot be an email address."


def test_names_and_values_lose_controls_and_marks(now: datetime) -> None:
    message = make.posted(
        now, make.a_copy(name=f"Jo\r\nBcc: x {slot('date')}", slots={"value": f"a\0b{slot('x')}\r\nc"})
    )[0]
    assert message.to_name == "Jo Bcc: x date"
    assert message.slots == {"value": "abx\nc"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": slot("nobody_fills")}, "without a value"),
        ({"headers": {"Bcc": "x@y.example"}}, "may not bring"),
        ({"calendar": make.CALENDAR, "method": "CANCEL"}, "another method"),
    ],
)
def test_a_letter_that_could_not_be_sent_is_refused(
    now: datetime, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        post.post(make.a_letter(**changes), [make.a_copy()], now=now)
    assert not Mailing.objects.exists()


def test_withdrawing_ends_what_has_not_left_but_never_a_cancel(now: datetime) -> None:
    queued, handed, other_kind, other_person = (
        make.posted(now, make.a_copy(1, about="entry:1"), letter=make.an_invitation())[0],
        make.posted(now, make.a_copy(2, person_id=1, about="entry:2"), letter=make.an_invitation())[0],
        make.posted(now, make.a_copy(3, person_id=1), letter=make.a_letter())[0],
        make.posted(now, make.a_copy(4, about="entry:1"), letter=make.an_invitation())[0],
    )
    cancel = make.posted(now, make.a_copy(5, person_id=1), letter=make.a_cancellation(kind="invitation"))[0]
    Message.objects.filter(pk=handed.pk).update(
        state=State.HANDED, handed_at=now, claimed_by="w", lease_until=now
    )
    assert post.withdraw(now=now, person_id=1, kinds=["invitation"]) == 1
    everybody = [queued, handed, other_kind, other_person, cancel]
    assert make.states(everybody) == [State.CANCELLED, State.HANDED, State.QUEUED, State.QUEUED, State.QUEUED]
    handed.refresh_from_db()
    assert handed.withdrawn
    assert post.withdraw(now=now, about="entry:1", kinds=["invitation"]) == 1
    assert make.states([other_person]) == [State.CANCELLED]


def test_withdrawing_threads_and_whatever_kind(now: datetime) -> None:
    one, two, other = make.posted(now, *(make.a_copy(number, thread=f"t{number}") for number in range(1, 4)))
    assert post.withdraw(now=now, threads=["t1", "t2"]) == 2
    assert post.withdraw(now=now, threads=[]) == 0
    assert make.states([one, two, other]) == [State.CANCELLED, State.CANCELLED, State.QUEUED]
    assert post.withdraw(now=now, person_id=3) == 1


def test_withdrawing_asks_whose_or_about_what(now: datetime) -> None:
    with pytest.raises(ValueError, match="whose"):
        post.withdraw(now=now, kinds=["invitation"])


def test_a_failed_letter_is_queued_again_as_the_same_mail(now: datetime) -> None:
    failed, doubted, sent, withdrawn = make.posted(now, *(make.a_copy(number) for number in range(1, 5)))
    Message.objects.filter(pk=failed.pk).update(state=State.FAILED, attempts=9, smtp_code=550, error="no")
    Message.objects.filter(pk=doubted.pk).update(state=State.IN_DOUBT, handed_at=now, doubts=3)
    Message.objects.filter(pk=sent.pk).update(state=State.SENT, handed_at=now, sent_at=now)
    Message.objects.filter(pk=withdrawn.pk).update(state=State.FAILED, withdrawn=True)
    later = now + timedelta(days=3)
    assert post.requeue("notice:1", now=later)
    assert not post.requeue("notice:3", now=later)
    assert [post.requeue(row.key, now=later) for row in (doubted, sent, withdrawn)] == [True, False, False]
    assert make.states([failed, doubted, sent, withdrawn]) == [
        State.QUEUED,
        State.QUEUED,
        State.SENT,
        State.FAILED,
    ]
    again = Message.objects.get(pk=failed.pk)
    assert (again.message_id, again.dated_at, again.next_at) == (failed.message_id, now, later)
    assert (again.attempts, again.smtp_code, again.error) == (0, None, "")


def test_an_overtaken_letter_is_not_queued_again(now: datetime) -> None:
    old = make.posted(now, make.a_copy(1, thread="t"), letter=make.a_cancellation())[0]
    Message.objects.filter(pk=old.pk).update(state=State.FAILED)
    make.posted(now, make.a_copy(2, thread="t"), letter=make.an_invitation())
    assert not post.requeue("notice:1", now=now)


def test_suppressing_keeps_the_first_reason() -> None:
    post.suppress("k", "unsubscribed")
    post.suppress("k", "bounced")
    assert Suppression.objects.get().why == "unsubscribed"
    post.unsuppress("k")
    assert not Suppression.objects.exists()


def test_stopping_and_starting_is_audited_once(now: datetime) -> None:
    assert post.stop_sending(by=7, why="wrong list", now=now)
    assert not post.stop_sending(by=8, why="again", now=now)
    assert switch.why_off() == "wrong list"
    assert post.resume_sending(by=7)
    assert not post.resume_sending(by=7)
    acts = AuditEntry.objects.order_by("id").values_list("verb", "by_id")
    assert list(acts) == [("outbox.stopped", 7), ("outbox.resumed", 7)]
    assert not any("wrong list" in str(entry.facts) for entry in AuditEntry.objects.all())


def test_posting_wakes_a_worker_on_commit(
    now: datetime,
    quiet_broker: list[bool],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        make.posted(now)
        assert quiet_broker == []
    assert quiet_broker == [True]
    with django_capture_on_commit_callbacks(execute=True):
        make.posted(now)
    assert quiet_broker == [True]


@pytest.mark.parametrize(
    "fault", [kombu.exceptions.OperationalError, redis.exceptions.ConnectionError, ConnectionRefusedError]
)
def test_a_broker_that_fails_fails_nobody(monkeypatch: pytest.MonkeyPatch, fault: type[Exception]) -> None:
    def broken(**_: object) -> None:
        raise fault

    monkeypatch.setattr(post.tasks.drain, "apply_async", broken)
    post.wake()


def test_a_dead_broker_holds_nobody_up(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.undo()
    url = "redis+socket:///nowhere/valkey.sock?virtual_host=0"
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    with app.connection_for_write(url, transport_options=options) as connection:
        monkeypatch.setattr(
            post.tasks.drain,
            "apply_async",
            lambda retry: app.send_task(post.tasks.drain.name, retry=retry, connection=connection),
        )
        started = time.monotonic()
        post.wake()
        assert time.monotonic() - started < 3
