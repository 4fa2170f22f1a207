"""Names the fourth storey as a Django app."""

from django.apps import AppConfig


class PublicationsConfig(AppConfig):
    """Guides, the pages of the site, news."""

    name = "publications"
