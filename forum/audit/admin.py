"""What was done, to read only."""

from django.contrib import admin
from django.http import HttpRequest

from forum.audit.models import AuditEntry
from forum.kit import clock, wording


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin[AuditEntry]):
    """The audit: nobody adds, changes or deletes an entry."""

    list_display = ("when", "verb", "about", "who")
    search_fields = ("verb", "about")
    list_per_page = 50

    @admin.display(description="When", ordering="at")
    def when(self, entry: AuditEntry) -> str:
        """«Today, 9:04am»."""
        return wording.lately(entry.at, clock.now())

    @admin.display(description="By", ordering="by_id")
    def who(self, entry: AuditEntry) -> str:
        """«Person 12»; names are not known down here."""
        return f"Person {entry.by_id}" if entry.by_id else "By itself"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Acts are written by actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """What was done stays."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """What was done stays."""
        return False
