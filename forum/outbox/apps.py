"""Names the outbox as a Django app."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Every mail out."""

    name = "forum.outbox"
    label = "outbox"
    verbose_name = "Outgoing mail"
