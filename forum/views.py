"""Pages that show several apps at once."""

import sys

import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from communities import queries as communities
from forum import health
from forum.kit import clock, links
from forum.kit.doors import public_page
from meetings import queries
from members import queries as members
from publications import queries as publications

log = structlog.get_logger("forum.pages")


@public_page
def home(request: HttpRequest) -> HttpResponse:
    """The front door: what the Forum is, the next date, the year, the communities, guide and news."""
    now = clock.now()
    shelf = queries.year_line(queries.meetings_of(queries.present_year(now)), now)
    coming = next((mark for mark in shelf.marks if mark.state == "next"), None) if shelf else None
    today = clock.london(now).date()
    feed = links.absolute(reverse("meetings:dates-feed"))
    guides = publications.guides_for_home()
    context = {
        "shelf": shelf,
        "next": coming,
        "size": members.size(),
        "now": now,
        "webcal": f"webcal:{feed.partition(':')[2]}",
        "communities": communities.for_home(),
        "guide": guides[0] if guides else None,
        "is_first_guide": len(guides) == 1,
        "guide_is_out": bool(guides) and publications.is_out(guides[0], today),
        "news": publications.news_for_home(today),
    }
    return render(request, "forum/home.html", context)


@require_safe
@login_not_required
def live(request: HttpRequest) -> HttpResponse:
    """Says that the web process answers."""
    return HttpResponse("live\n", content_type="text/plain")


@require_safe
@login_not_required
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Says what the portal can do now: without its database nothing, without the broker everything a little later.

    Shape: `state` is ready, degraded or away; only *away* is no success, because a page is better than none.
    Units: ages in seconds.
    """
    facts = health.facts()
    return JsonResponse(facts, status=503 if facts["state"] == "away" else 200)


def server_error(request: HttpRequest) -> HttpResponse:
    """What somebody sees when a page fails: 503 while the database is away, 400 for bytes no text can hold, else 500.

    Shape: made without database, session or context processors, all of which may be what failed.
    """
    fault = sys.exc_info()[1]
    if isinstance(fault, OperationalError | InterfaceError):
        log.error("database away", exc_info=fault)
        response = HttpResponse(get_template("503.html").render(), status=503)
        response["Retry-After"] = "30"
    elif isinstance(fault, ValueError | DataError) and "NUL" in str(fault):
        response = HttpResponse(get_template("400.html").render(), status=400)
    else:
        log.error("page failed", exc_info=fault)
        response = HttpResponse(get_template("500.html").render(), status=500)
    response["Cache-Control"] = "no-store"
    return response
