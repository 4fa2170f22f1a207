"""Communities, with a plain form."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from communities import actions
from communities.models import Community
from members.models import Person


@admin.register(Community)
class CommunityAdmin(admin.ModelAdmin[Community]):
    """Communities: their words; the list that invites their members is made with them."""

    list_display = ("name", "question", "state")
    list_filter = ("state",)
    search_fields = ("name", "question")
    fields = ("name", "slug", "question", "domain", "state", "colour", "who_facilitates")
    prepopulated_fields = {"slug": ("name",)}  # noqa: RUF012 (Django reads a dictionary here)
    readonly_fields = ("who_facilitates",)

    def has_delete_permission(self, request: HttpRequest, obj: Community | None = None) -> bool:
        """Communities are concluded, never deleted."""
        return False

    @admin.display(description="Facilitators")
    def who_facilitates(self, community: Community) -> str:
        """The names of those who facilitate it."""
        if community.pk is None:
            return "Nobody yet"
        return ", ".join(str(person) for person in community.facilitators.all()) or "Nobody yet"

    def save_model(
        self, request: HttpRequest, obj: Community, form: ModelForm[Community], change: bool
    ) -> None:
        """Saves through the action."""
        assert isinstance(request.user, Person)
        actions.keep_community(obj, by=request.user)
