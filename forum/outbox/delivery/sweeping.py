"""What each minute puts right: leases of dead workers, messages no longer worth sending."""

from datetime import datetime

from forum.kit import clock
from forum.outbox.delivery import settle
from forum.outbox.models import Tick


def reap(now: datetime) -> int:
    """Free what dead workers held, by the doubt rule where it was handed over; how many.

    Again: a second run finds nothing.
    """
    return settle.free_dead(now=now, real=clock.real())


def sweep(now: datetime) -> int:
    """Reap, expire, end what was overtaken; how many messages moved.

    Effects: notes that the clockwork came by.
    Again: a second run finds nothing.
    """
    Tick.objects.update_or_create(pk=1, defaults={"at": clock.real()})
    return reap(now) + settle.expire(now) + settle.end_overtaken(now)
