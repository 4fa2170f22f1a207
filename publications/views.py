"""Pages of the Forum's publications."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from forum.kit import clock
from publications.models import Guide


@require_safe
@login_not_required
def index(request: HttpRequest) -> HttpResponse:
    """All guides: what each one is about, and when it came out or is expected."""
    today = clock.london(clock.now()).date()
    return render(request, "publications/index.html", {"guides": Guide.objects.all(), "today": today})
