"""Names the second storey as a Django app."""

from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    """The year, the invitations and the answers."""

    name = "meetings"
