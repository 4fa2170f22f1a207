"""Doors for Celery: what has run out of signing in is put away, so that its tables stay small."""

from celery import shared_task
from django.conf import settings
from django.db import connection

from forum.kit import clock


@shared_task(ignore_result=True)
def tidy() -> None:
    """Puts away limits that have run out.

    Again: a second run finds nothing.
    """
    _forget_limits()


def _forget_limits() -> None:
    """Django's cache by itself throws rows away only once there are too many, and then those that still count too."""
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [clock.real()])
