"""The pages of the site: written on a screen of their own, looked at as readers will see them, then published."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.urls.resolvers import URLResolver
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from forum.kit import wording
from members.models import Person
from publications import actions, queries
from publications.forms import PageForm
from publications.models import Page

NOTHING_NEW = "Nothing was changed: the page says this already."


@admin.register(Page)
class PageAdmin(admin.ModelAdmin[Page]):
    """The pages that there are; none is added and none goes."""

    list_display = ("title", "address", "last_written")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A page belongs to the site: a new one comes with a new version of it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Page | None = None) -> bool:
        """Pages stay."""
        return False

    @admin.display(description="Address")
    def address(self, page: Page) -> str:
        """Where it stands."""
        return page.get_absolute_url()

    @admin.display(description="Last written", ordering="edited_at")
    def last_written(self, page: Page) -> str:
        """When somebody last changed its words."""
        return wording.long_day(page.edited_at)

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        """The button that puts the words before back."""
        own: list[URLPattern | URLResolver] = [
            path(
                "<int:object_id>/put-back/",
                self.admin_site.admin_view(self.put_back),
                name="publications_page_put_back",
            )
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Write, look, publish. Nothing is kept before *Publish*."""
        page = self._found(request, object_id)
        if request.method != "POST":
            return self._write(request, page, PageForm.of(page))
        form = PageForm(request.POST)
        if not form.is_valid() or request.POST.get("how") not in ("preview", "publish"):
            return self._write(request, page, form)
        if request.POST["how"] == "preview":
            return self._preview(request, page, form)
        try:
            seen = form.cleaned_data["seen"] or page.created_at
            done = actions.edit_page(page, form.words, seen=seen, by=_by(request))
        except ValidationError as error:
            form.add_error(None, error)
            return self._write(request, page, form, stale=True)
        return _done(request, page, "Published. Readers see it now." if done else "")

    @method_decorator(require_POST)
    def put_back(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Puts the words before the present ones back."""
        page = self._found(request, f"{object_id}")
        done = actions.put_words_back(page, by=_by(request))
        return _done(
            request, page, "The words before are back. Press again to change your mind." if done else ""
        )

    def _found(self, request: HttpRequest, object_id: str) -> Page:
        if not self.has_change_permission(request):
            raise PermissionDenied("Only the chair and the deputies write the pages of the site.")
        if not object_id.isdecimal() or len(object_id) > 9:
            raise Http404("There is no such page.")
        return get_object_or_404(Page, pk=int(object_id))

    def _write(
        self, request: HttpRequest, page: Page, form: PageForm, *, stale: bool = False
    ) -> HttpResponse:
        shared = self.admin_site.each_context(request)
        context = {
            "title": f"Write the page ‘{page.title}’",
            "page": page,
            "form": form,
            "stale": stale,
            "before": queries.wording_before(page),
            "opts": Page._meta,
        }
        return render(request, "admin/publications/page.html", shared | context)

    def _preview(self, request: HttpRequest, page: Page, form: PageForm) -> HttpResponse:
        page.title, page.lead, page.body = form.words.title, form.words.lead, form.words.body
        where = reverse("admin:publications_page_change", args=[page.pk])
        context = {"form": form, "where": where, "publish": "Publish"}
        return render(request, "admin/publications/page_preview.html", queries.page_context(page) | context)


def _by(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _done(request: HttpRequest, page: Page, words: str) -> HttpResponse:
    if words:
        messages.success(request, words)
    else:
        messages.info(request, NOTHING_NEW)
    return redirect("admin:publications_page_change", page.pk)
