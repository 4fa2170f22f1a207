"""Trusts, with a plain form; places, lists and subscriptions, to read only."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.urls.resolvers import URLResolver
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from forum.kit import wording
from members import actions, queries
from members.models import MailingList, Person, Subscription, Trust, TrustRole


class LeadFilter(admin.SimpleListFilter):
    """Whether trusts have a lead."""

    title = "lead"
    parameter_name = "lead"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """With or without one."""
        return [("none", "No lead"), ("some", "Has a lead")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The trusts asked for; one that has not joined needs no lead."""
        if self.value() == "none":
            return queryset.filter(leads=0, approved_at__isnull=False)
        return queryset.filter(leads__gt=0) if self.value() == "some" else queryset


@admin.register(Trust)
class TrustAdmin(admin.ModelAdmin[Trust]):
    """Trusts: what we know of them, and who works there."""

    list_display = ("name", "region", "people_now", "lead", "joined")
    list_filter = (LeadFilter, "region", "on_register")
    search_fields = ("name", "email_domain")
    search_help_text = "Name, or the domain of its addresses"
    list_per_page = 50
    fields = (
        *("name", "email_domain", "region", "local_authority"),
        *("schools", "pupils", "on_register", "joined", "who"),
    )
    readonly_fields = ("joined", "who")
    change_form_template = "admin/members/trust.html"

    def has_delete_permission(self, request: HttpRequest, obj: Trust | None = None) -> bool:
        """Trusts are never deleted."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trust]:
        """Trusts with what their lines show."""
        return queries.listed_trusts(super().get_queryset(request))

    @admin.display(description="People", ordering="people")
    def people_now(self, trust: Trust) -> str:
        """How many people work there."""
        return wording.count(getattr(trust, "people", 0), "person", "people")

    @admin.display(description="Lead")
    def lead(self, trust: Trust) -> str:
        """Whether somebody leads there."""
        return "Has a lead" if getattr(trust, "leads", 0) else "No lead"

    @admin.display(description="Joined", ordering="approved_at")
    def joined(self, trust: Trust) -> str:
        """When it was let in."""
        return f"Joined {wording.long_day(trust.approved_at)}" if trust.approved_at else "Has not joined"

    @admin.display(description="Who works there")
    def who(self, trust: Trust) -> SafeString | str:
        """The people there now, each a link; add or change a place on the person's screen."""
        rows = [
            (
                reverse("admin:members_person_change", args=[role.person_id]),
                role.person.name,
                role.get_kind_display(),
            )
            for role in queries.places_at(trust)
        ]
        return format_html_join("", '<p><a href="{}">{}</a>, {}</p>', rows) if rows else "Nobody we know"

    def save_model(self, request: HttpRequest, obj: Trust, form: ModelForm[Trust], change: bool) -> None:
        """Saves through the action."""
        actions.keep_trust(obj, by=_by(request))

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        """The button that lets a trust in."""
        own: list[URLPattern | URLResolver] = [
            path(
                "<int:object_id>/approve/",
                self.admin_site.admin_view(self.approve),
                name="members_trust_approve",
            )
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_POST)
    def approve(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Lets a trust in."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        trust = get_object_or_404(Trust, pk=object_id)
        if actions.approve_trust(trust, by=_by(request)):
            messages.success(request, f"{trust.name} has joined. Its people are members now.")
        else:
            messages.info(request, f"{trust.name} had joined already.")
        return redirect("admin:members_trust_change", trust.pk)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django has no generic here
    """Lists and shows; nothing is added, changed or deleted here."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False


@admin.register(TrustRole)
class TrustRoleAdmin(ReadOnlyAdmin):
    """Who works where; changed on the person's screen."""

    list_display = ("person", "trust", "kind", "ended_at")
    list_filter = ("kind",)
    list_select_related = ("person", "trust")
    search_fields = ("person__name", "trust__name")
    fields = ("person", "trust", "kind", "created_at", "ended_at")


@admin.register(MailingList)
class MailingListAdmin(ReadOnlyAdmin):
    """The lists that invite people."""

    list_display = ("label", "on_it", "home")
    fields = ("label", "slug", "home")

    def get_queryset(self, request: HttpRequest) -> QuerySet[MailingList]:
        """Lists with how many are on them."""
        return queries.listed_lists()

    @admin.display(description="People on it")
    def on_it(self, row: MailingList) -> int:
        """How many people are on it now."""
        return int(getattr(row, "on_now", 0))


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Who is on which list and why; changed on the person's screen."""

    list_display = ("person", "list", "basis", "started_at", "ended_at")
    list_filter = ("list", "basis")
    list_select_related = ("person", "list")
    search_fields = ("person__name", "person__email")
    fields = ("person", "list", "basis", "added_by", "started_at", "from_at", "ended_at", "takes_entries_out")


def _by(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user
