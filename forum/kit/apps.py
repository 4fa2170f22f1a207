"""Names the cellar as a Django app."""

from django.apps import AppConfig


class KitConfig(AppConfig):
    """The cellar of the house."""

    name = "forum.kit"
    label = "kit"
