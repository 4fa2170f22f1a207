"""The doors through which workers enter: each minute, and sooner when somebody wakes them."""

import logging
from collections.abc import Callable
from datetime import datetime

from celery import shared_task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from forum.kit import clock
from meetings import alerts, invitations, reminders, welcomes

log = logging.getLogger(__name__)

ERRANDS: tuple[Callable[[datetime], object], ...] = (
    invitations.reconcile,
    reminders.remind,
    welcomes.welcome,
    alerts.tell_chairs,
    alerts.tell_lists,
)


@shared_task(ignore_result=True)
def reconcile() -> None:
    """Makes every calendar right, reminds, welcomes, and tells chairs and lists what they should know.

    Again: posts nothing new.
    """
    now = clock.now()
    for errand in ERRANDS:
        try:
            errand(now)
        except Exception as fault:  # one that fails holds up none of the others; the next minute tries again
            log.exception("An errand failed: %s", type(fault).__name__)


def wake() -> None:
    """Asks a worker to look now; without a broker the next tick finds everything all the same."""
    try:
        reconcile.apply_async(retry=False)
    except (OperationalError, RedisError, OSError):
        return
