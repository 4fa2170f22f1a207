"""The doors through which workers enter: each minute, and sooner when somebody wakes them."""

from celery import shared_task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from forum.kit import clock
from meetings import alerts, invitations, reminders, welcomes


@shared_task(ignore_result=True)
def reconcile() -> None:
    """Makes every calendar right, reminds, welcomes, and tells chairs and lists what they should know.

    Again: posts nothing new.
    """
    now = clock.now()
    invitations.reconcile(now)
    reminders.remind(now)
    welcomes.welcome(now)
    alerts.tell_chairs(now)
    alerts.tell_lists(now)


def wake() -> None:
    """Asks a worker to look now; without a broker the next tick finds everything all the same."""
    try:
        reconcile.apply_async(retry=False)
    except (OperationalError, RedisError, OSError):
        return
