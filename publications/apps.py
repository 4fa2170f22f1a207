"""Names the fourth storey as a Django app."""

from django.apps import AppConfig


class PublicationsConfig(AppConfig):
    """Guides."""

    name = "publications"
