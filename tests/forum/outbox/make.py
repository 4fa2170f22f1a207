"""Letters, copies and small shortcuts for the outbox's tests."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from forum.outbox.delivery import Tally, rounds
from forum.outbox.delivery.smtp import Address
from forum.outbox.letter import Letter, Recipient, Urgency, slot
from forum.outbox.models import Message
from forum.outbox.post import post
from tests.fakes.smtp import Sink

State = Message.State

CALENDAR = "\n".join(
    [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Test//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:one@forum.example",
        f"SEQUENCE:{slot('sequence', 'plain')}",
        "DTSTAMP:20250901T080000Z",
        "DTSTART:20251106T100000Z",
        "DTEND:20251106T113000Z",
        "ORGANIZER:mailto:invitations@forum.example",
        f'ATTENDEE;PARTSTAT=NEEDS-ACTION;CN="{slot("to_name", "param")}":mailto:{slot("to_address", "plain")}',
        f"SUMMARY:Meeting for {slot('to_name', 'text')}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
)


def a_letter(**changes: Any) -> Letter:
    """Give a plain letter that must arrive."""
    content = {
        "kind": "notice",
        "urgency": Urgency.MUST_ARRIVE,
        "subject": "News of the Forum",
        "text": f"Hello {slot('first_name')},\n\nthis is the news.\n",
    }
    return Letter(**{**content, **changes})


def an_invitation(**changes: Any) -> Letter:
    """Give a letter with HTML and a calendar part."""
    return a_letter(
        **{
            "kind": "invitation",
            "html": f"<p>Hello {slot('first_name')}</p>",
            "calendar": CALENDAR,
            "method": "REQUEST",
            "headers": {"List-Unsubscribe": f"<{slot('unsubscribe_url')}>"},
            **changes,
        }
    )


def a_cancellation(**changes: Any) -> Letter:
    """Give a letter that takes the entry out of a calendar."""
    calendar = CALENDAR.replace("METHOD:REQUEST", "METHOD:CANCEL")
    return an_invitation(**{"kind": "cancellation", "calendar": calendar, "method": "CANCEL", **changes})


def a_copy(number: int = 1, **changes: Any) -> Recipient:
    """Give one person's copy."""
    content = {
        "key": f"notice:{number}",
        "address": f"person.{number}@trust.example",
        "name": f"Person {number}",
        "person_id": number,
        "slots": {"sequence": "0", "unsubscribe_url": f"https://forum.example/mail/t{number}/"},
    }
    return Recipient(**{**content, **changes})


def posted(now: datetime, *copies: Recipient, letter: Letter | None = None) -> list[Message]:
    """Post a letter and give its rows; one copy if none is named."""
    copies = copies or (a_copy(),)
    post(letter or a_letter(), copies, now=now)
    rows = {row.key: row for row in Message.objects.filter(key__in=[copy.key for copy in copies])}
    return [rows[copy.key] for copy in copies]


def worker_for(sink: Sink, **changes: Any) -> rounds.Worker:
    """Give a worker that speaks to the sink and does not wait long."""
    where = {
        "host": sink.host,
        "port": sink.port,
        "name": "forum.example",
        "timeout": 2.0,
        "answer_timeout": 0.3,
    }
    return rounds.Worker(Address(**{**where, **changes}))


def deliver(sink: Sink, now: datetime, *, limit: int = 50) -> Tally:
    """Make one round with the sink."""
    with worker_for(sink) as worker:
        return worker.round(now, limit=limit)


def states(messages: Sequence[Message]) -> list[str]:
    """Give the states that these rows have now."""
    now = dict(Message.objects.filter(pk__in=[message.pk for message in messages]).values_list("pk", "state"))
    return [now[message.pk] for message in messages]
