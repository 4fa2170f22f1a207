"""Absolute links for mails and calendars, from the one address that the settings know."""

from django.conf import settings


def absolute(path: str) -> str:
    """The full address of a path of this site; never taken from a request's Host header."""
    return f"{settings.SITE_URL}{path}"
