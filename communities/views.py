"""Pages of the Communities of Practice."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from communities.models import Community
from forum.kit.doors import public_page


@public_page
def index(request: HttpRequest) -> HttpResponse:
    """All communities: what each one works on, and whether it is open."""
    return render(request, "communities/index.html", {"communities": Community.objects.all()})
