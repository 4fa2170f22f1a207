"""Names the first storey as a Django app."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """People, trusts and mailing lists."""

    name = "members"
    verbose_name = "People"
