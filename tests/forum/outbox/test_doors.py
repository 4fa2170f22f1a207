"""The command, the tasks and the admin."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from forum.audit.models import AuditEntry
from forum.kit import clock
from forum.outbox import admin, post, tasks
from forum.outbox.delivery import claim, switch
from forum.outbox.models import Message
from members.models import Person
from tests.fakes.smtp import Sink
from tests.forum.outbox import make
from tests.pages import text_of

State = Message.State


def deliver(**options: bool) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("deliver", stdout=out, stderr=err, **options)
    return out.getvalue().strip(), err.getvalue().strip()


@pytest.mark.django_db
def test_the_command_tells_what_became_of_it(sink: Sink, now: datetime) -> None:
    messages = make.posted(
        now,
        *(make.a_copy(number) for number in range(1, 61)),
        make.a_copy(61, next_at=now + timedelta(days=1)),
    )
    sink.fail("rcpt450", address=messages[0].to_address)
    sink.fail("rcpt550", address=messages[1].to_address)
    assert deliver(until_empty=True) == ("sent 58 deferred 1 failed 1 waiting 2", "")
    assert deliver(until_empty=True) == ("sent 0 deferred 0 failed 0 waiting 2", "")


@pytest.mark.django_db
def test_without_until_empty_it_makes_one_round(sink: Sink, now: datetime) -> None:
    make.posted(now, *(make.a_copy(number) for number in range(1, 61)))
    assert deliver() == ("sent 50 deferred 0 failed 0 waiting 10", "")


@pytest.mark.django_db
def test_the_command_ends_and_says_so_when_sending_is_stopped(sink: Sink, now: datetime) -> None:
    make.posted(now)
    post.stop_sending(by=1, why="wrong list", now=now)
    assert deliver(until_empty=True) == (
        "sent 0 deferred 0 failed 0 waiting 1",
        "Sending is stopped: wrong list",
    )


@pytest.mark.django_db
def test_the_command_ends_and_says_so_when_the_relay_is_away(sink: Sink, now: datetime) -> None:
    make.posted(now, *(make.a_copy(number) for number in range(1, 61)))
    sink.fail("refuse")
    out, err = deliver(until_empty=True)
    assert out == "sent 0 deferred 50 failed 0 waiting 60"
    assert "cannot be reached" in err


@pytest.mark.django_db
def test_the_command_frees_what_a_dead_worker_held(sink: Sink, now: datetime) -> None:
    make.posted(now)
    past = clock.real() - timedelta(seconds=1)
    Message.objects.update(state=State.CLAIMED, claimed_by="dead", lease_until=past)
    assert deliver(until_empty=True)[0].startswith("sent 1 ")


@pytest.mark.django_db
def test_draining_twice_sends_once(sink: Sink, now: datetime) -> None:
    make.posted(now, make.a_copy(1), make.a_copy(2))
    tasks.drain()
    tasks.drain()
    assert len(sink.accepted) == 2


@pytest.mark.django_db
def test_sweeping_twice_moves_once(now: datetime) -> None:
    dead, worthless = make.posted(now, make.a_copy(1), make.a_copy(2, expires_at=now - timedelta(minutes=1)))
    held = {"claimed_by": "dead", "lease_until": clock.real() - timedelta(seconds=1)}
    Message.objects.filter(pk=dead.pk).update(state=State.HANDED, handed_at=now, **held)
    tasks.sweep()
    tasks.sweep()
    assert make.states([dead, worthless]) == [State.QUEUED, State.EXPIRED]
    assert Message.objects.get(pk=dead.pk).doubts == 1


def test_a_drain_is_not_cut_off_while_the_relay_may_still_answer() -> None:
    limit = tasks.drain.soft_time_limit
    assert limit is not None
    assert limit > tasks.DRAIN_SECONDS + claim.LEASE.total_seconds()


@pytest.fixture
def chair(tracy: Person, as_person: Callable[[Person], Client]) -> Client:
    """The chair's browser."""
    return as_person(tracy)


@pytest.mark.parametrize("table", ["message", "mailing"])
def test_the_lists_are_shown_and_cannot_be_changed(chair: Client, now: datetime, table: str) -> None:
    message = make.posted(now, letter=make.an_invitation())[0]
    pk = message.pk if table == "message" else message.mailing_id
    one = reverse(f"admin:outbox_{table}_change", args=[pk])
    assert chair.get(reverse(f"admin:outbox_{table}_changelist")).status_code == 200
    assert chair.get(one).status_code == 200
    assert chair.get(reverse(f"admin:outbox_{table}_add")).status_code == 403
    assert chair.post(one, {"state": "sent", "kind": "x"}).status_code == 403
    assert chair.post(reverse(f"admin:outbox_{table}_delete", args=[pk]), {"post": "yes"}).status_code == 403
    assert make.states([message]) == [State.QUEUED]


def test_the_list_of_messages_speaks_in_words(chair: Client, now: datetime) -> None:
    message = make.posted(now, letter=make.an_invitation())[0]
    page = text_of(chair.get(reverse("admin:outbox_message_changelist")))
    for words in (
        "To About State When Why",
        message.to_address,
        "On its way",
        "By state",
        "By letter",
        "Admin",
    ):
        assert words in page, words
    assert "Today, " in page and "Home" not in page and "\ue000" not in page
    for key, number in (("waiting", 1), ("sent", 0), ("refused", 0), ("rubbish", 1)):
        answer = chair.get(reverse("admin:outbox_message_changelist"), {"how_far": key})
        assert answer.context["cl"].result_count == number, key
    answer = chair.get(reverse("admin:outbox_message_changelist"), {"letter": "invitation"})
    assert answer.context["cl"].result_count == 1


def test_every_state_has_its_words(now: datetime) -> None:
    assert set(admin.STATE_WORDS) == set(State)
    assert {state for _, states in admin.STATES.values() for state in states} == set(State)


def test_a_reason_that_is_too_long_is_said_and_kept(chair: Client) -> None:
    long = "why " * 60
    answer = chair.post(reverse("admin:outbox_sendingswitch_off"), {"why": long})
    assert "Shorten the reason to 200 characters" in answer.text and long.strip() in answer.text
    assert not switch.is_off()


def test_the_switch_is_pressed_by_post_and_says_who(chair: Client, tracy: Person, now: datetime) -> None:
    page, off, on = (reverse(f"admin:outbox_sendingswitch_{name}") for name in ("changelist", "off", "on"))
    assert "Sending is on" in chair.get(page).text
    for address in (off, on):
        assert chair.get(address).status_code == 405
    assert not switch.is_off()
    assert chair.post(off, {"why": " wrong list "}).url == page
    assert switch.why_off() == "wrong list"
    assert "wrong list" in chair.get(page).text
    assert chair.post(on).url == page
    assert not switch.is_off()
    acts = AuditEntry.objects.filter(about="sendingswitch:1").order_by("id").values_list("verb", "by_id")
    assert list(acts) == [("outbox.stopped", tracy.pk), ("outbox.resumed", tracy.pk)]


def test_the_switch_is_not_for_everybody(
    visitor: Client, priya: Person, as_person: Callable[[Person], Client]
) -> None:
    for client in (visitor, as_person(priya)):
        for name in ("changelist", "off", "on"):
            assert client.post(reverse(f"admin:outbox_sendingswitch_{name}")).status_code in (302, 403)
    assert not switch.is_off()
    assert not AuditEntry.objects.filter(about="sendingswitch:1").exists()
