"""The admin site: Django's own, opening with what a chair must do now."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, reverse

from forum import desk
from forum.kit import clock


class ForumAdminSite(admin.AdminSite):
    """The chairs' admin."""

    site_header = "Forum admin"
    site_title = "Forum admin"
    index_title = "What needs you"
    index_template = "admin/desk.html"
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sends a stranger to the Forum's own sign-in; says plainly when a person may not come in."""
        if request.user.is_authenticated:
            raise PermissionDenied(
                "The admin is for the chair and the deputies. Ask a chair to give you an office."
            )
        return redirect_to_login(
            request.GET.get("next", reverse("admin:index")), login_url=reverse("account_login")
        )

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Adds the screens of ours that belong to no one row; each app's admin brings its own."""
        own = [
            url
            for model_admin in self._registry.values()
            for url in getattr(model_admin, "site_urls", list)()
        ]
        return [*own, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The chairs' desk."""
        context = {"desk": desk.gather(clock.now(), request.user.pk)} | (extra_context or {})
        return super().index(request, context)
