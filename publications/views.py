"""Pages of the Forum's publications."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from forum.kit import clock
from forum.kit.doors import public_page
from publications.models import Guide


@public_page
def index(request: HttpRequest) -> HttpResponse:
    """All guides: what each one is about, and when it came out or is expected."""
    today = clock.london(clock.now()).date()
    return render(request, "publications/index.html", {"guides": Guide.objects.all(), "today": today})
