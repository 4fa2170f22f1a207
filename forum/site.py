"""The admin site: Django's own, opening with what a chair must do now."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from forum import desk
from forum.audit.models import AuditEntry
from forum.kit import clock
from members.adapter import LAST_SEEN, has_second_step, used_second_step
from members.models import Person

ACTS_ON_A_PAGE = 50
PASSWORDS = frozenset({"password_change", "password_change_done"})
NOT_FOR_YOU = "The admin is for the chair and the deputies. Ask a chair to give you an office."


class ForumAdminSite(admin.AdminSite):
    """The chairs' admin."""

    site_header = "Forum admin"
    site_title = "Forum admin"
    index_title = "What needs you"
    index_template = "admin/desk.html"
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sends a stranger to the Forum's own sign-in; says plainly when a person may not come in."""
        if request.user.is_authenticated and not self.holds_office(request):
            raise PermissionDenied(NOT_FOR_YOU)
        if request.user.is_authenticated:
            return _to_second_step(request)
        return redirect_to_login(
            request.GET.get("next", reverse("admin:index")), login_url=reverse("account_login")
        )

    def logout(  # type: ignore[override]  # Django's own gives its page; ours never does
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sends everybody to the Forum's own sign-out; Django's page is never shown."""
        return redirect("account_logout")

    def holds_office(self, request: HttpRequest) -> bool:
        """Whether somebody holds an office of the Forum, with whatever they signed in."""
        return super().has_permission(request) and bool(getattr(request.user, "office", ""))

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may come in: an office-holder who used an app or a passkey in this session."""
        return self.holds_office(request) and used_second_step(request)

    def admin_view[V: Callable[..., Any]](self, view: V, cacheable: bool = False) -> V:
        """The view for office-holders only; anybody else who is signed in is told so, a stranger is sent to sign in."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                if not self.holds_office(request):
                    raise PermissionDenied(NOT_FOR_YOU)
                return _to_second_step(request)
            response: HttpResponse = guarded(request, *args, **kwargs)
            return response

        return cast(V, opened)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Adds the screens of ours that belong to no one row; each app's admin brings its own.

        Django's pages for changing a password are left out: nobody here has one.
        """
        own: list[URLPattern | URLResolver] = [
            url
            for model_admin in self._registry.values()
            for url in getattr(model_admin, "site_urls", list)()
        ]
        own.append(path("desk/", self.admin_view(self.decide), name="desk"))
        own.append(path("done/", self.admin_view(self.done), name="done"))
        return [*own, *(url for url in super().get_urls() if getattr(url, "name", None) not in PASSWORDS)]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The chairs' desk."""
        gathered = desk.gather(
            clock.now(),
            _person(request),
            with_put_off="put-off" in request.GET,
            last_seen=request.session.get(LAST_SEEN, ""),
        )
        return super().index(request, {"desk": gathered, "title": gathered.title} | (extra_context or {}))

    @method_decorator(require_POST)
    def decide(self, request: HttpRequest) -> HttpResponse:
        """«I will do it», «Not now», «Take it over», «Give it back»."""
        key, act = request.POST.get("key", ""), request.POST.get("act", "")
        if not key or act not in desk.ACTS:
            return HttpResponseBadRequest("Press one of the buttons on the chairs’ desk.")
        if not desk.decide(key, act, by=_person(request)):
            messages.info(request, "That is done already.")
        return redirect("admin:index")

    @method_decorator(require_safe)
    def done(self, request: HttpRequest) -> HttpResponse:
        """All of what was done, in words, newest first."""
        if not request.user.has_perm("audit.view_auditentry"):
            raise PermissionDenied(NOT_FOR_YOU)
        page = Paginator(AuditEntry.objects.order_by("-id"), ACTS_ON_A_PAGE).get_page(request.GET.get("page"))
        lines = desk.what_was_done(page.object_list, clock.now())
        context = {"title": "What was done", "lines": lines, "page_obj": page}
        return TemplateResponse(request, "admin/done.html", self.each_context(request) | context)


def _to_second_step(request: HttpRequest) -> HttpResponse:
    """Leads to using the second step, or to setting one up, and from there back to what was asked for."""
    name = "mfa_reauthenticate" if has_second_step(_person(request)) else "mfa_index"
    wanted = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("admin:index")
    return redirect(f"{reverse(name)}?{urlencode({'next': wanted})}")


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user
