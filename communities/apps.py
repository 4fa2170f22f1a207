"""Names the third storey as a Django app."""

from django.apps import AppConfig


class CommunitiesConfig(AppConfig):
    """Communities of Practice."""

    name = "communities"
