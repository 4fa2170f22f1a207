"""The audit's one table."""

from typing import ClassVar, Self

from django.db import models

from forum.kit import clock


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Named reads of the audit."""

    def about(self, thing: str) -> Self:
        """Entries about one thing, newest first."""
        return self.filter(about=thing).order_by("-id")


class AuditEntry(models.Model):
    """One act: who, what, about which thing, with plain facts.

    Shape: `verb` is `<app>.<past participle>`; `about` is `<table>:<id>`; `facts` hold numbers, moments and states,
    never a name or an address.
    """

    at = models.DateTimeField(default=clock.now, editable=False)
    by_id = models.BigIntegerField(null=True, editable=False)
    verb = models.CharField(max_length=60, editable=False)
    about = models.CharField(max_length=80, blank=True, editable=False)
    facts = models.JSONField(default=dict, editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = "act"
        verbose_name_plural = "what was done"
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["about", "-id"], name="audit_about")]

    def __str__(self) -> str:
        return f"{self.verb} {self.about}".strip()
