"""News: written on a screen of its own, looked at as readers will see it, then kept as a draft or published."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from forum.kit import wording
from members.models import Person
from publications import actions, queries
from publications.forms import NewsForm
from publications.models import NewsItem

HOW = ("preview", "draft", "publish")


@admin.register(NewsItem)
class NewsItemAdmin(admin.ModelAdmin[NewsItem]):
    """News items and signed articles, drafts first."""

    list_display = ("title", "day", "who_speaks", "standing", "on_home")
    list_filter = ("state", "kind")
    search_fields = ("title", "summary", "author")
    list_per_page = 50

    def has_delete_permission(self, request: HttpRequest, obj: NewsItem | None = None) -> bool:
        """News is taken off the site, never deleted."""
        return False

    @admin.display(description="Day", ordering="published_on")
    def day(self, item: NewsItem) -> str:
        """From when readers see it."""
        return wording.short_day(item.published_on) if item.published_on else "No day"

    @admin.display(description="Who speaks")
    def who_speaks(self, item: NewsItem) -> str:
        """The Forum, or who signs it."""
        return item.author or "The Forum"

    @admin.display(description="Readers")
    def standing(self, item: NewsItem) -> str:
        """Whether readers see it."""
        return _standing(item)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new item."""
        if not self.has_add_permission(request):
            raise PermissionDenied("Only the chair and the deputies write the news.")
        return self._screen(request, None)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """An item that there is."""
        if not self.has_change_permission(request):
            raise PermissionDenied("Only the chair and the deputies write the news.")
        if not object_id.isdecimal() or len(object_id) > 9:
            raise Http404("There is no such news item.")
        return self._screen(request, get_object_or_404(NewsItem, pk=int(object_id)))

    def _screen(self, request: HttpRequest, item: NewsItem | None) -> HttpResponse:
        """Write, look, keep or publish. Nothing is kept before one of the last two."""
        today = queries.today()
        if request.method != "POST":
            return self._write(
                request, item, NewsForm.of(item, today=today) if item else NewsForm(today=today)
            )
        form = NewsForm(request.POST, today=today)
        how = request.POST.get("how")
        if not form.is_valid() or how not in HOW:
            return self._write(request, item, form)
        if how == "preview":
            return _preview(request, item, form)
        try:
            kept, words = _keep(item, form, how, _by(request))
        except ValidationError as error:
            form.add_error(None, error)
            return self._write(request, item, form, stale=item is not None)
        messages.success(request, words)
        return redirect("admin:publications_newsitem_change", kept.pk)

    def _write(
        self, request: HttpRequest, item: NewsItem | None, form: NewsForm, *, stale: bool = False
    ) -> HttpResponse:
        shared = self.admin_site.each_context(request)
        context = {
            "title": f"Write ‘{item.title}’" if item else "Write news",
            "item": item,
            "form": form,
            "stale": stale,
            "standing": _standing(item) if item else "",
            "opts": NewsItem._meta,
        }
        return render(request, "admin/publications/news.html", shared | context)


def _preview(request: HttpRequest, item: NewsItem | None, form: NewsForm) -> HttpResponse:
    shown = NewsItem(slug=item.slug if item else "preview")
    for name, value in form.cleaned_data.items():
        if name != "seen":
            setattr(shown, name, value)
    where = (
        reverse("admin:publications_newsitem_change", args=[item.pk])
        if item
        else reverse("admin:publications_newsitem_add")
    )
    context = {
        "form": form,
        "where": where,
        "publish": "Publish",
        "draft": "Take it off the site, keep a draft" if item and item.is_published else "Keep as a draft",
    }
    return render(request, "admin/publications/news_preview.html", queries.news_context(shown) | context)


def _keep(item: NewsItem | None, form: NewsForm, how: str, by: Person) -> tuple[NewsItem, str]:
    """Keeps what was written and publishes it, or takes it off; says what was done.

    Errors: ValidationError.
    """
    if item is None:
        item = actions.write_news(form.words, by=by)
    else:
        actions.edit_news(item, form.words, seen=form.cleaned_data["seen"] or item.created_at, by=by)
    if how == "draft":
        gone = actions.withdraw_news(item, by=by)
        return (
            item,
            "It is off the site, and kept as a draft." if gone else "Kept as a draft. Readers do not see it.",
        )
    actions.publish_news(item, by=by)
    if form.words.published_on > queries.today():
        return item, f"Published. Readers see it from {wording.long_day(form.words.published_on)} on."
    return item, "Published. Readers see it now."


def _standing(item: NewsItem) -> str:
    if not item.is_published:
        return "Draft"
    later = item.published_on and item.published_on > queries.today()
    return f"From {wording.short_day(item.published_on)} on" if later and item.published_on else "On the site"


def _by(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user
