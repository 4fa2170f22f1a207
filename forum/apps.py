"""Names the roof as a Django app and gives the admin its own site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class RoofConfig(AppConfig):
    """The roof: its commands and pages show several apps at once."""

    name = "forum"


class ForumAdminConfig(AdminConfig):
    """Django's admin with the chairs' desk in front."""

    default_site = "forum.site.ForumAdminSite"
