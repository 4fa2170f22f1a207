"""Who holds a message: claiming, handing over, giving back. No lock is open while SMTP runs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from forum.outbox.delivery import settle
from forum.outbox.models import Message, MessageQuerySet, SendingSwitch, Suppression

COMMAND_TIMEOUT = 30.0
ANSWER_TIMEOUT = 300.0  # after the final dot; longer than a relay on the same host may take
LEASE = timedelta(seconds=4 * COMMAND_TIMEOUT + ANSWER_TIMEOUT + 60)
RATE_PERIOD = timedelta(minutes=1)
STORM_PERIOD = timedelta(hours=1)
STORM_LIMIT = 6
RATE_LOCK = 0x6F757462
STORM_LOCK = 0x73746F72

State = Message.State


class Step(Enum):
    """What became of one try to hand over."""

    HANDED = "ours to send now"
    GONE = "no longer ours"
    ENDED = "ended instead: overtaken, suppressed or expired"
    DEFERRED = "too many to this person within the hour"
    STOPPED = "sending is stopped"


def claim(*, now: datetime, real: datetime, worker: str, limit: int) -> list[Message]:
    """Give at most `limit` due messages, now this worker's: what must arrive first, then by their moment.

    Shape: of a thread only the newest, and none while another of it is on its way; nothing while sending is
    stopped; no more than the rate of the settings leaves.
    """
    try:
        with transaction.atomic(durable=True):
            ids = _due_ids(now, _room(real, limit))
            Message.objects.filter(pk__in=ids).update(
                state=State.CLAIMED, claimed_by=worker, lease_until=real + LEASE
            )
    except IntegrityError:
        # Another worker took an older message of one thread in the same instant; the next round sees it.
        return []
    claimed = Message.objects.filter(pk__in=ids).select_related("mailing")
    return sorted(claimed, key=lambda message: ids.index(message.pk))


def rate_is_used_up(real: datetime) -> bool:
    """Whether the settings' rate per minute leaves no room now, while something may still be due."""
    rate = settings.MAIL_RATE_PER_MINUTE
    return rate is not None and _spent(real) >= rate


def renew(*, real: datetime, worker: str) -> None:
    """Lengthen the lease of what this worker has claimed and not yet handed over."""
    Message.objects.filter(claimed_by=worker, state=State.CLAIMED, lease_until__gt=real).update(
        lease_until=real + LEASE
    )


def give_back(*, worker: str, next_at: datetime | None = None) -> int:
    """Put back what this worker has claimed and not handed over, due at once or later; how many."""
    changes = {} if next_at is None else {"next_at": next_at}
    mine = Message.objects.filter(claimed_by=worker, state=State.CLAIMED)
    return mine.update(state=State.QUEUED, claimed_by="", lease_until=None, **changes)


def hand_over(message: Message, *, now: datetime, real: datetime, worker: str) -> Step:
    """Make a claimed message handed over, committed before SMTP starts, if nothing speaks against it.

    Units: `now` is the portal's moment, `real` the real one.
    """
    with transaction.atomic(durable=True):
        if not message.thread:
            free_at = _storm_over(message, real)
            if free_at is not None:
                deferred = _mine(message, worker).update(
                    state=State.QUEUED, claimed_by="", lease_until=None, next_at=now + (free_at - real)
                )
                return Step.DEFERRED if deferred else Step.GONE
        handed = (
            _mine(message, worker)
            .newest()
            .filter(~Exists(SendingSwitch.objects.off()), lease_until__gt=real)
            .filter(Q(passes_suppression=True) | ~Exists(_suppressions()))
            .filter(Q(expires_at=None) | Q(expires_at__gt=now))
            .update(state=State.HANDED, attempts=F("attempts") + 1, handed_at=real, lease_until=real + LEASE)
        )
    if not handed:
        return _why_not(message, now, worker)
    message.attempts += 1
    return Step.HANDED


def _why_not(message: Message, now: datetime, worker: str) -> Step:
    mine = _mine(message, worker)
    if settle.end(mine.overtaken(), State.CANCELLED, now):
        return Step.ENDED
    if settle.end(mine.filter(Exists(_suppressions()), passes_suppression=False), State.SUPPRESSED, now):
        return Step.ENDED
    if settle.end(mine.filter(expires_at__lte=now), State.EXPIRED, now):
        return Step.ENDED
    return Step.STOPPED if SendingSwitch.objects.off().exists() else Step.GONE


def _due_ids(now: datetime, limit: int) -> Sequence[int]:
    if limit <= 0:
        return []
    active = Message.objects.filter(~Q(thread=""), thread=OuterRef("thread"), state__in=State.active())
    due = (
        Message.objects.due(now)
        .filter(~Exists(SendingSwitch.objects.off()))
        .newest()
        .filter(Q(thread="") | ~Exists(active))
        .order_by("-urgency", "next_at", "id")
        .select_for_update(skip_locked=True)
    )
    return list(due.values_list("pk", flat=True)[:limit])


def _room(real: datetime, limit: int) -> int:
    # Under one lock, so that two workers do not both see the same room; it lasts only as long as the claim.
    rate = settings.MAIL_RATE_PER_MINUTE
    if rate is None:
        return limit
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RATE_LOCK])
    return min(limit, rate - _spent(real))


def _spent(real: datetime) -> int:
    return Message.objects.filter(Q(state=State.CLAIMED) | Q(handed_at__gt=real - RATE_PERIOD)).count()


def _storm_over(message: Message, real: datetime) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [STORM_LOCK, message.address_key])
    lately = (
        Message.objects.filter(address_key=message.address_key, thread="", handed_at__gt=real - STORM_PERIOD)
        .exclude(pk=message.pk)
        .order_by("-handed_at")
        .values_list("handed_at", flat=True)[:STORM_LIMIT]
    )
    moments = list(lately)
    if len(moments) < STORM_LIMIT or moments[-1] is None:
        return None
    return moments[-1] + STORM_PERIOD


def _mine(message: Message, worker: str) -> MessageQuerySet:
    return Message.objects.filter(pk=message.pk, state=State.CLAIMED, claimed_by=worker)


def _suppressions() -> QuerySet[Suppression]:
    return Suppression.objects.filter(address_key=OuterRef("address_key"))
