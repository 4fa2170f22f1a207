"""Doors for Celery: a wake-up carries nothing, the rows say what is due."""

from celery import shared_task

from forum.kit import clock
from forum.outbox import delivery

DRAIN_SECONDS = 50
# No message is begun after DRAIN_SECONDS, and none is cut off while the relay may still answer.
DRAIN_LIMIT = DRAIN_SECONDS + 540


@shared_task(ignore_result=True, soft_time_limit=DRAIN_LIMIT, time_limit=DRAIN_LIMIT + 60)
def drain() -> None:
    """Send what is due.

    Again: each message goes once, however many drains run.
    """
    delivery.deliver_all(seconds=DRAIN_SECONDS)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Free what dead workers held and end what is no longer worth sending.

    Again: a second run finds nothing.
    """
    delivery.sweep(clock.now())
