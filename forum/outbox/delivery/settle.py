"""What becomes of a message: each rule is one conditional update, so that it is applied once."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from forum.outbox.delivery.smtp import Outcome
from forum.outbox.letter import Urgency
from forum.outbox.models import Message, MessageQuerySet

DOUBTS_MAX = 2
REJECTIONS_IN_A_ROW = 5
HORIZON = timedelta(hours=48)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)

State = Message.State
Changes = dict[str, Any]

_MOMENT = DateTimeField(null=True)
_NO_WORKER: Changes = {"claimed_by": "", "lease_until": None}


def wait(attempts: int) -> timedelta:
    """Give how long to wait after so many attempts: 1, 2, 4, 8… minutes, at most an hour."""
    doublings = min(max(attempts - 1, 0), 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def sent(message: Message, *, worker: str, real: datetime, code: int | None) -> bool:
    """Settle a message that the relay has accepted; whether it was still this worker's."""
    return bool(
        _handed(message, worker).update(
            state=State.SENT, sent_at=real, smtp_code=code, error="", **_NO_WORKER
        )
    )


def refused_for_now(
    message: Message, *, worker: str, now: datetime, real: datetime, outcome: Outcome
) -> bool:
    """Settle a message that the relay surely did not take, to be tried again within the horizon.

    Shape: what was overtaken or withdrawn meanwhile is not tried again.
    """
    since = message.trying_since or now
    over = now >= since + HORIZON
    otherwise: Combinable = _after_doubt(State.FAILED) if over else Value(State.QUEUED)
    return _refuse(
        message,
        worker,
        state=Case(When(withdrawn=True, then=_after_doubt(State.CANCELLED)), default=otherwise),
        ended_at=Case(
            When(withdrawn=True, then=Value(now)), default=Value(now if over else None), output_field=_MOMENT
        ),
        next_at=now + wait(message.attempts),
        trying_since=since,
        **_said(outcome, real),
    )


def refused_for_good(
    message: Message, *, worker: str, now: datetime, real: datetime, outcome: Outcome
) -> bool:
    """Settle a message that the relay will never take."""
    return _refuse(
        message,
        worker,
        state=Case(
            When(withdrawn=True, then=_after_doubt(State.CANCELLED)), default=_after_doubt(State.FAILED)
        ),
        ended_at=now,
        **_said(outcome, real),
    )


def not_tried(message: Message, *, worker: str, now: datetime) -> bool:
    """Put a handed message back that the relay never judged, as if it had not been handed over."""
    return _refuse(
        message,
        worker,
        state=Case(When(withdrawn=True, then=_after_doubt(State.CANCELLED)), default=Value(State.QUEUED)),
        ended_at=Case(When(withdrawn=True, then=Value(now)), output_field=_MOMENT),
        attempts=F("attempts") - 1,
    )


def unbuildable(message: Message, *, worker: str, now: datetime, text: str) -> bool:
    """Settle a claimed message whose bytes cannot be made."""
    mine = Message.objects.filter(pk=message.pk, state=State.CLAIMED, claimed_by=worker)
    return bool(mine.update(state=_after_doubt(State.FAILED), ended_at=now, error=text, **_NO_WORKER))


def doubt(message: Message, *, worker: str, now: datetime, text: str) -> bool:
    """Settle a message whose answer after the final dot never came."""
    return bool(doubted(_handed(message, worker), now=now, text=text))


def doubted(handed: QuerySet[Message], *, now: datetime, text: str) -> int:
    """Settle handed messages of which nobody knows whether the relay took them; how many.

    Shape: what must arrive is sent again, at most twice; all else stays in doubt, for a person to look at.
    """
    again = Q(urgency=Urgency.MUST_ARRIVE, withdrawn=False, doubts__lt=DOUBTS_MAX)
    return handed.filter(state=State.HANDED).update(
        state=Case(When(again, then=Value(State.QUEUED)), default=Value(State.IN_DOUBT)),
        ended_at=Case(When(again, then=Value(None)), default=Value(now), output_field=_MOMENT),
        doubts=F("doubts") + 1,
        next_at=Case(
            *(When(attempts=n, then=Value(now + wait(n))) for n in range(7)),
            default=Value(now + LONGEST_WAIT),
        ),
        error=text,
        **_NO_WORKER,
    )


def end(messages: QuerySet[Message], state: Message.State, now: datetime) -> int:
    """End messages that nobody is handing over; how many. After a doubt they end in doubt."""
    return messages.filter(state__in=[State.QUEUED, State.CLAIMED]).update(
        state=_after_doubt(state), ended_at=now, **_NO_WORKER
    )


def end_or_mark(messages: QuerySet[Message], now: datetime) -> int:
    """Cancel messages, and mark those just being handed over, so that a refusal ends them; how many ended.

    Shape: rows are locked in their order, so that two callers cannot hold each other up for ever.
    """
    with transaction.atomic():
        rows = messages.filter(state__in=State.waiting()).order_by("pk").select_for_update(of=("self",))
        ids = list(rows.values_list("pk", flat=True))
        ended = end(Message.objects.filter(pk__in=ids), State.CANCELLED, now)
        Message.objects.filter(pk__in=ids, state=State.HANDED).update(withdrawn=True)
    return ended


def free_dead(*, now: datetime, real: datetime) -> int:
    """Settle what a dead or stopped worker held when its lease ended; how many.

    Again: a second run finds nothing; rows that another run holds are passed over.
    """
    with transaction.atomic():
        over = Message.objects.filter(state__in=State.active(), lease_until__lte=real)
        ids = list(over.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True))
        held = Message.objects.filter(pk__in=ids)
        doubts = doubted(held, now=now, text="The worker stopped before the relay's answer was kept.")
        freed = held.filter(state=State.CLAIMED).update(state=State.QUEUED, **_NO_WORKER)
    return doubts + freed


def expire(now: datetime) -> int:
    """End queued messages that are no longer worth sending; how many.

    Again: a second run finds nothing.
    """
    return end(Message.objects.filter(state=State.QUEUED, expires_at__lte=now), State.EXPIRED, now)


def end_overtaken(now: datetime) -> int:
    """End queued messages that a newer one of their thread overtook without either seeing the other; how many.

    Again: a second run finds nothing.
    """
    return end(Message.objects.filter(state=State.QUEUED).overtaken(), State.CANCELLED, now)


def rejected_in_a_row() -> int:
    """Give how many different addresses had their mail's content refused since the relay last took one."""
    rejected = Message.objects.filter(
        refused_step=Message.Step.DATA, smtp_code__gte=500, refused_at__isnull=False
    )
    last = (
        Message.objects.filter(state=State.SENT)
        .order_by("-sent_at")
        .values_list("sent_at", flat=True)
        .first()
    )
    if last is not None:
        rejected = rejected.filter(refused_at__gt=last)
    return rejected.values("address_key").distinct().count()


def _handed(message: Message, worker: str) -> MessageQuerySet:
    return Message.objects.filter(pk=message.pk, state=State.HANDED, claimed_by=worker)


def _said(outcome: Outcome, real: datetime) -> Changes:
    return {
        "refused_at": real,
        "refused_step": outcome.step,
        "smtp_code": outcome.code,
        "error": outcome.text,
    }


def _after_doubt(state: Message.State) -> Case:
    return Case(When(doubts__gt=0, then=Value(State.IN_DOUBT)), default=Value(state))


def _refuse(message: Message, worker: str, **changes: Any) -> bool:
    # Whoever was never in doubt was surely not reached; after a doubt the first copy may have arrived.
    handed_at = Case(When(doubts=0, then=Value(None)), default=F("handed_at"), output_field=_MOMENT)
    return bool(_handed(message, worker).update(handed_at=handed_at, **_NO_WORKER, **changes))
