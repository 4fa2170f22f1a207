"""Doors for Celery: what has run out of signing in is put away, so that its tables stay small."""

from allauth.usersessions.models import UserSession
from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Exists, OuterRef

from forum.kit import clock


@shared_task(ignore_result=True)
def tidy() -> None:
    """Puts away limits and sessions that have run out.

    Again: a second run finds nothing.
    """
    _forget_limits()
    _forget_sessions()


def _forget_limits() -> None:
    """Django's cache by itself throws rows away only once there are too many, and then those that still count too."""
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [clock.real()])


def _forget_sessions() -> None:
    """With each session goes what its owner was shown about it."""
    Session.objects.filter(expire_date__lt=clock.real()).delete()
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.exclude(Exists(alive)).delete()
