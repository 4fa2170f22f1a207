"""What was done, to read only."""

from django.contrib import admin
from django.http import HttpRequest

from forum.audit.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin[AuditEntry]):
    """The audit: nobody adds, changes or deletes an entry."""

    list_display = ("at", "verb", "about", "by_id")
    search_fields = ("verb", "about")
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Acts are written by actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """What was done stays."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """What was done stays."""
        return False
