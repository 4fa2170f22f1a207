"""Posting: a letter becomes rows in the transaction of the change that caused it."""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import batched

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from forum.kit import clock, tokens
from forum.outbox import build, letter, tasks
from forum.outbox.delivery import settle, switch
from forum.outbox.letter import Letter, Recipient
from forum.outbox.models import Mailing, Message, MessageQuerySet, Method, Suppression

CHUNK = 1000
NAME_LENGTH = 200

log = logging.getLogger(__name__)
State = Message.State


def post(letter_: Letter, recipients: Iterable[Recipient], *, now: datetime) -> int:
    """Put one letter to many people into the outbox; how many were not there already.

    Units: `now` is the portal's moment; it becomes the mails' Date.
    Errors: ValueError for a letter that no worker could send: a slot that a recipient does not fill, a header
    of ours, a method that the calendar does not have.
    Effects: rows in the caller's transaction, one for each new key; a new row ends the older ones of its
    thread; a worker is woken on commit. An address that cannot be one fails at once, visibly, and holds up
    nobody else.
    """
    needed = _checked(letter_)
    with transaction.atomic():
        mailing = Mailing.objects.create(
            kind=letter_.kind,
            urgency=letter_.urgency,
            subject=letter.one_line(letter_.subject),
            text=letter_.text,
            html=letter_.html,
            calendar=letter_.calendar,
            method=letter_.method,
            headers=dict(letter_.headers),
            cause=letter_.cause,
            created_at=now,
        )
        posted = 0
        for chunk in batched(recipients, CHUNK):
            rows = [_message(mailing, recipient, needed, now) for recipient in chunk]
            Message.objects.bulk_create(rows, ignore_conflicts=True)
            posted += _overtake(mailing, [row.key for row in rows], now)
        if not posted:
            mailing.delete()
            return 0
        transaction.on_commit(wake, robust=True)
    return posted


def withdraw(
    *,
    now: datetime,
    person_id: int | None = None,
    about: str | None = None,
    threads: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
) -> int:
    """Take back letters to one person, about one thing, or of these threads; how many ended unsent.

    Shape: what is named narrows together; `kinds` are those of the letters, all if none are named.
    Errors: ValueError if nothing says whose letters, or about what.
    Effects: queued and claimed ones end; those just being handed over are marked, so that a refusal ends them.
    A CANCEL is never taken back: only a newer letter of its thread ends it.
    """
    if person_id is None and about is None and threads is None:
        raise ValueError("Say whose letters, or about what")
    mine = Message.objects.exclude(mailing__method=Method.CANCEL)
    if person_id is not None:
        mine = mine.filter(person_id=person_id)
    if about is not None:
        mine = mine.filter(about=about)
    if threads is not None:
        mine = mine.filter(thread__in=threads)
    if kinds is not None:
        mine = mine.filter(mailing__kind__in=kinds)
    return settle.end_or_mark(mine, now)


def requeue(key: str, *, now: datetime) -> bool:
    """Queue a message again that failed or was left in doubt, under its own key; whether it was.

    Effects: the same Message-ID and Date, so the same mail; not if it is withdrawn, expired, or overtaken.
    """
    return bool(_requeue(Message.objects.filter(key=key), now))


def suppress(address_key: str, why: str, *, since: datetime | None = None) -> None:
    """Send nothing more to an address, but letters that pass suppression.

    Effects: an address that is suppressed already keeps its moment and reason.
    """
    Suppression.objects.bulk_create(
        [Suppression(address_key=address_key, why=why[:200], since=since or clock.now())],
        ignore_conflicts=True,
    )


def unsuppress(address_key: str) -> None:
    """Send to an address again."""
    Suppression.objects.filter(address_key=address_key).delete()


def stop_sending(*, by: int | None, why: str, now: datetime) -> bool:
    """Stop all mail out; whether it was on.

    Effects: audited; a mail just being handed over still goes.
    """
    return switch.stop(by=by, why=why, now=now)


def resume_sending(*, by: int | None) -> bool:
    """Start sending again; whether it was stopped.

    Effects: audited; a worker is woken on commit.
    """
    transaction.on_commit(wake, robust=True)
    return switch.resume(by=by)


def wake() -> None:
    """Wake a worker if the broker is there; if not, the minute's tick finds what is due."""
    try:
        tasks.drain.apply_async(retry=False)
    except (KombuError, RedisError, OSError) as fault:
        log.warning("No worker was woken: %s", type(fault).__name__)


def _overtake(mailing: Mailing, keys: list[str], now: datetime) -> int:
    # By lists of values, not by one join: inside this transaction the planner knows nothing of the new rows.
    new = Message.objects.filter(mailing=mailing, key__in=keys).order_by("id").values_list("thread", "id")
    inserted = list(new)
    newest = {thread: pk for thread, pk in inserted if thread}
    others = Message.objects.filter(~Q(thread=""), thread__in=newest, state__in=State.waiting())
    older = [pk for thread, pk in others.values_list("thread", "id") if pk < newest[thread]]
    if older:
        settle.end_or_mark(Message.objects.filter(pk__in=older), now)
    return len(inserted)


def _requeue(messages: MessageQuerySet, now: datetime) -> int:
    with transaction.atomic():
        again = messages.unsettled_faults().newest().filter(withdrawn=False)
        count = again.filter(Q(expires_at=None) | Q(expires_at__gt=now)).update(
            state=State.QUEUED,
            next_at=now,
            attempts=0,
            trying_since=None,
            ended_at=None,
            refused_at=None,
            refused_step="",
            smtp_code=None,
            error="",
        )
        transaction.on_commit(wake, robust=True)
    return count


def _checked(letter_: Letter) -> frozenset[str]:
    for name in letter_.headers:
        if not build.is_extra_header(name):
            raise ValueError(f"A letter may not bring the header {name!r}")
    if letter_.calendar and f"METHOD:{letter_.method}" not in letter_.calendar.split("\n"):
        raise ValueError("The calendar part has another method than the letter")
    contents = [letter_.subject, letter_.text, letter_.html, letter_.calendar, *letter_.headers.values()]
    return letter.names("\n".join(contents)) - build.STANDARD_SLOTS


def _message(mailing: Mailing, recipient: Recipient, needed: frozenset[str], now: datetime) -> Message:
    missing = needed - recipient.slots.keys()
    if missing:
        raise ValueError(f"Slots without a value: {', '.join(sorted(missing))}")
    address = "".join(letter.clean(recipient.address).split())
    usable = address == recipient.address and build.is_address(address)
    token = tokens.digest(recipient.key, "message-id")[:40]
    return Message(
        mailing=mailing,
        urgency=mailing.urgency,
        key=recipient.key,
        message_id=f"<{token}@{settings.MAIL_DOMAIN}>",
        thread=recipient.thread,
        about=recipient.about,
        edition=recipient.edition,
        person_id=recipient.person_id,
        to_address=address[:254] or "-",
        to_name=letter.one_line(letter.clean(recipient.name))[:NAME_LENGTH],
        address_key=tokens.address_key(recipient.address),
        slots={name: letter.clean(value) for name, value in recipient.slots.items()},
        passes_suppression=recipient.passes_suppression,
        dated_at=now,
        state=State.QUEUED if usable else State.FAILED,
        error="" if usable else "This cannot be an email address.",
        ended_at=None if usable else now,
        next_at=recipient.next_at or now,
        expires_at=recipient.expires_at,
        created_at=now,
    )
