"""Names the audit as a Django app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """What was done."""

    name = "forum.audit"
    label = "audit"
    verbose_name = "What was done"
