"""Guides, with a plain form."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from members.models import Person
from publications import actions
from publications.models import Guide


@admin.register(Guide)
class GuideAdmin(admin.ModelAdmin[Guide]):
    """Guides: what they are called and when to expect them."""

    list_display = ("title", "series", "due", "published_on")
    search_fields = ("title", "series")
    fields = ("title", "slug", "series", "summary", "due", "published_on")
    prepopulated_fields = {"slug": ("title",)}  # noqa: RUF012 (Django reads a dictionary here)
    readonly_fields = ("published_on",)

    def has_delete_permission(self, request: HttpRequest, obj: Guide | None = None) -> bool:
        """Guides are withdrawn, never deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: Guide, form: ModelForm[Guide], change: bool) -> None:
        """Saves through the action."""
        assert isinstance(request.user, Person)
        actions.keep_guide(obj, by=request.user)
