"""Pages that show several apps at once."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from forum.kit import clock
from meetings import queries
from members import queries as members


@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """The front door: what the Forum is, the next date, the year."""
    now = clock.now()
    shelf = queries.year_line(queries.meetings_of(queries.present_year(now)), now)
    coming = next((mark for mark in shelf.marks if mark.state == "next"), None) if shelf else None
    context = {"shelf": shelf, "next": coming, "size": members.size(), "now": now}
    return render(request, "forum/home.html", context)


@require_safe
@login_not_required
def live(request: HttpRequest) -> HttpResponse:
    """Says that the web process answers."""
    return HttpResponse("live\n", content_type="text/plain")


@require_safe
@login_not_required
def ready(request: HttpRequest) -> HttpResponse:
    """Says that the database answers too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ready\n", content_type="text/plain")
