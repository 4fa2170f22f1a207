from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from forum.outbox.models import Mailing, Message, SendingSwitch, Suppression
from tests.forum.outbox import make

pytestmark = pytest.mark.django_db
State = Message.State


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("message_state", {"state": "lost"}),
        ("message_urgency", {"urgency": "soon"}),
        ("message_held_with_lease", {"state": State.CLAIMED}),
        ("message_handed_moment", {"state": State.IN_DOUBT}),
        ("message_sent_moment", {"state": State.QUEUED, "sent_at": "now"}),
        ("message_sent_moment", {"state": State.SENT, "handed_at": "now"}),
        ("message_address_line", {"to_address": "a@b.example\nBcc:x"}),
        ("message_address_line", {"to_address": ""}),
        ("message_name_line", {"to_name": "Jo\r\nBcc: x"}),
    ],
)
def test_what_a_message_may_not_be(now: datetime, name: str, changes: dict[str, Any]) -> None:
    message = make.posted(now)[0]
    for field, value in changes.items():
        setattr(message, field, now if value == "now" else value)
    with pytest.raises(ValidationError):
        message.full_clean()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        message.save()


def test_two_messages_of_a_thread_are_never_on_their_way_together(now: datetime) -> None:
    one, two = make.posted(now, make.a_copy(1, thread="t"), make.a_copy(2, thread="u"))
    held = {"state": State.CLAIMED, "claimed_by": "w", "lease_until": now}
    Message.objects.filter(pk=one.pk).update(**held)
    with pytest.raises(IntegrityError, match="message_thread_one_active"), transaction.atomic():
        Message.objects.filter(pk=two.pk).update(thread="t", **held)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("mailing_urgency", {"urgency": "soon"}),
        ("mailing_method_with_calendar", {"method": "REQUEST"}),
        ("mailing_method_with_calendar", {"calendar": "BEGIN:VCALENDAR"}),
        ("mailing_subject_line", {"subject": "a\nb"}),
    ],
)
def test_what_a_mailing_may_not_be(now: datetime, name: str, changes: dict[str, str]) -> None:
    mailing = make.posted(now)[0].mailing
    for field, value in changes.items():
        setattr(mailing, field, value)
    with pytest.raises(ValidationError):
        mailing.full_clean()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        mailing.save()


def test_there_is_one_switch() -> None:
    with pytest.raises(IntegrityError, match="sendingswitch_only_one"), transaction.atomic():
        SendingSwitch.objects.create(pk=2)


def test_an_address_is_suppressed_once(now: datetime) -> None:
    Suppression.objects.create(address_key="k")
    with pytest.raises(IntegrityError), transaction.atomic():
        Suppression.objects.create(address_key="k")


def test_named_reads(now: datetime) -> None:
    first, second, third = make.posted(
        now,
        make.a_copy(1, about="entry:42", thread="t"),
        make.a_copy(2, about="entry:42", next_at=now.replace(year=now.year + 1)),
        make.a_copy(3, about="entry:43"),
    )
    reads: list[tuple[Callable[[], Any], list[Message]]] = [
        (lambda: Message.objects.for_person(3), [third]),
        (lambda: Message.objects.due(now).order_by("id"), [first, third]),
        (lambda: Message.objects.waiting().order_by("id"), [first, second, third]),
        (lambda: Message.objects.handed_over(), []),
        (lambda: Message.objects.unsettled_faults(), []),
        (lambda: Message.objects.overtaken(), []),
    ]
    for read, expected in reads:
        assert list(read()) == expected
    assert Mailing.objects.count() == 1
