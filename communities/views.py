"""Pages of the Communities of Practice."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communities.models import Community


@require_safe
@login_not_required
def index(request: HttpRequest) -> HttpResponse:
    """All communities: what each one works on, and whether it is open."""
    return render(request, "communities/index.html", {"communities": Community.objects.all()})
