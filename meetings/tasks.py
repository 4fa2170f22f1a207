"""The doors through which workers enter: each minute, and sooner when somebody wakes them."""

from celery import shared_task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from forum.kit import clock
from meetings import alerts, invitations


@shared_task(ignore_result=True)
def reconcile() -> None:
    """Makes every calendar right.

    Again: posts nothing new.
    """
    now = clock.now()
    invitations.reconcile(now)
    alerts.tell_chairs(now)
    alerts.tell_lists(now)


def wake() -> None:
    """Asks a worker to look now; without a broker the next tick finds everything all the same."""
    try:
        reconcile.apply_async(retry=False)
    except (OperationalError, RedisError, OSError):
        return
