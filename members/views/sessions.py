"""Where somebody is signed in, and the one-time link by which a first chair gets in."""

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from forum.kit.doors import sealed
from members import actions, one_time, queries
from members.models import Person

any_method = require_http_methods(["GET", "HEAD", "POST"])


@any_method
def sessions(request: HttpRequest) -> HttpResponse:
    """The browsers in which this person is signed in; each can be signed out from here."""
    assert isinstance(request.user, Person)
    own = request.session.session_key or ""
    if request.method == "POST":
        wanted = request.POST.get("end", "")
        ended = actions.end_sessions(
            request.user, but=own, only=None if wanted == "others" else wanted, by=request.user
        )
        words = "Signed out there." if ended else "That browser was signed out already."
        messages.success(request, words)
        return redirect("usersessions_list")
    rows = queries.sessions_of(request.user, own=own)
    context = {"sessions": rows, "others": len(rows) > 1}
    return render(request, "members/sessions.html", context)


@any_method
@login_not_required
@sealed
def one_time_link(request: HttpRequest, token: str) -> HttpResponse:
    """Signs in whom a link made on the server names: opening it changes nothing, the button does, once."""
    signs_in = request.method == "POST" and not request.user.is_authenticated
    person = one_time.use(token) if signs_in else one_time.read(token)
    if person is None:
        return render(request, "members/dead_link.html", {"forum_address": settings.MAIL_FROM}, status=404)
    if signs_in:
        record_authentication(request, person, "link")
        response: HttpResponse = perform_login(
            request, Login(user=person, redirect_url=reverse("admin:index"))
        )
        return response
    return render(request, "members/one_time.html", {"person": person})
