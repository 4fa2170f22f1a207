"""What works and what does not, for whoever watches the portal; no personal data."""

from datetime import datetime

import redis
from django.conf import settings
from django.db import Error, connection

from forum.kit import clock
from forum.outbox import queries as outbox

TICK_LATE_SECONDS = 300
DUE_LATE_SECONDS = 900
BROKER_WAITS_SECONDS = 1


def facts() -> dict[str, str | int | None]:
    """Whether database and broker answer, how old the oldest message due is, and when the clockwork last ticked.

    Units: seconds; None where nothing waits, or nothing ever ticked.
    """
    broker = "answers" if _broker_answers() else "away"
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        due, ticked = outbox.oldest_due(clock.now()), outbox.last_tick()
    except Error:
        return {"state": "away", "database": "away", "broker": broker}
    waits, tick = _age(due, clock.now()), _age(ticked, clock.real())
    late = (waits or 0) > DUE_LATE_SECONDS or tick is None or tick > TICK_LATE_SECONDS
    return {
        "state": "degraded" if late or broker == "away" else "ready",
        "database": "answers",
        "broker": broker,
        "oldest_due_seconds": waits,
        "last_tick_seconds": tick,
    }


def _age(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, round((now - moment).total_seconds()))


def _broker_answers() -> bool:
    waits = BROKER_WAITS_SECONDS
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=waits, socket_connect_timeout=waits)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()
