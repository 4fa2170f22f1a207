"""The list of people and one person's own screen; each change has a screen that leads to an action."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.urls.resolvers import URLResolver

from members import queries
from members.admin import screens
from members.models import Person


class OnListFilter(admin.SimpleListFilter):
    """Whether people are on the Forum's list."""

    title = "the Forum’s list"
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """On it or not."""
        return [("on", "On it"), ("off", "Not on it")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The people asked for."""
        if self.value() not in ("on", "off"):
            return queryset
        return queryset.filter(on_list=self.value() == "on")


class MailFilter(admin.SimpleListFilter):
    """Whether mail goes to people."""

    title = "mail"
    parameter_name = "mail"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The ways in which no mail goes."""
        return [
            ("none", "No mail goes there"),
            ("paused", "Mail came back"),
            ("peace", "Asked for no mail"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The people asked for."""
        paused, peace = queryset.filter(mail_paused_at__isnull=False), queryset.filter(in_peace=True)
        wanted = {"none": paused | peace, "paused": paused, "peace": peace}
        return wanted.get(self.value() or "", queryset)


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin[Person]):
    """People: found here, added and changed on screens of their own; offices are given elsewhere."""

    list_display = ("name", "email", "trust", "forum_list", "mail")
    list_filter = (OnListFilter, MailFilter, "office")
    search_fields = ("name", "email")
    search_help_text = "Name or address"
    list_per_page = 50
    show_full_result_count = False
    ordering = ("name", "id")

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        """People leave; they are never deleted here."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        """People with what their lines show."""
        return queries.listed(Person.objects.get_queryset())

    @admin.display(description="Trust")
    def trust(self, person: Person) -> str:
        """Where they work now."""
        return getattr(person, "trusts", None) or "No trust"

    @admin.display(description="Forum’s list")
    def forum_list(self, person: Person) -> str:
        """Whether they are on the Forum's list."""
        return "On the list" if getattr(person, "on_list", False) else "Not on the list"

    @admin.display(description="Mail")
    def mail(self, person: Person) -> str:
        """Whether mail goes to them."""
        if getattr(person, "in_peace", False):
            return "Asked for no mail"
        return "Paused: mail came back" if person.mail_paused_at else "Mail goes"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A screen of our own that leads to an action."""
        return screens.add(request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One person's own screen."""
        if not object_id.isdecimal():
            raise Http404("Nobody has this number.")
        return screens.door(screens.overview, "GET", "HEAD")(request, int(object_id))

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        """The screens of one person, before Django's own addresses."""
        own: list[URLPattern | URLResolver] = [
            path(
                f"<int:object_id>/{tail}/",
                self.admin_site.admin_view(screens.door(screen, *methods)),
                name=f"members_person_{tail}",
            )
            for tail, screen, methods in (
                ("details", screens.details, ("GET", "HEAD", "POST")),
                ("address", screens.address, ("GET", "HEAD", "POST")),
                ("place", screens.place, ("GET", "HEAD", "POST")),
                ("list", screens.forum_list, ("GET", "HEAD", "POST")),
                ("left", screens.left, ("GET", "HEAD", "POST")),
                ("resume", screens.resume, ("POST",)),
                ("office", screens.office, ("GET", "HEAD", "POST")),
                ("second-step", screens.second_step, ("GET", "HEAD", "POST")),
            )
        ]
        return [*own, *super().get_urls()]
