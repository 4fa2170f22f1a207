"""Calendar feeds: the public one, everybody's own with its secret address, and how to subscribe to them."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from forum.kit import clock, links, tokens
from forum.kit.doors import public_page, sealed
from meetings import feeds, ics
from meetings.views import files
from members import actions as members
from members.models import Person

PURPOSE = "feed"


@require_safe
@login_not_required
def dates_feed(request: HttpRequest) -> HttpResponseBase:
    """The Forum's dates for anybody's calendar, without joining links."""
    entries = feeds.of_everybody(clock.now())
    body = ics.publish(entries, name=str(settings.SITE_NAME), public=True)
    return files.answer(request, body, None)


@require_safe
@login_not_required
def feed(request: HttpRequest, token: str) -> HttpResponseBase:
    """One person's own feed: their meetings at their own SEQUENCE, with joining links; dead once it is renewed."""
    now = clock.now()
    person = feeds.owner(tokens.read(token, PURPOSE))
    if person is None:
        return HttpResponse(
            "This calendar address no longer works. Sign in on the Forum’s site to get the new one.\n",
            content_type="text/plain; charset=utf-8",
            status=404,
        )
    entries = feeds.of_person(person, now)
    body = ics.publish(entries, name=str(settings.SITE_NAME), public=False)
    response = files.answer(request, body, None)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@require_safe
@login_not_required
@sealed
def feed_page(request: HttpRequest, token: str) -> HttpResponse:
    """How to subscribe, for whoever holds the address from a message; no sign-in is needed."""
    person = feeds.owner(tokens.read(token, PURPOSE))
    if person is None:
        return render(request, "members/dead_link.html", {"forum_address": settings.MAIL_FROM}, status=404)
    return render(request, "meetings/calendar.html", _addresses(person) | {"may_renew": False})


@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """How to subscribe to one's own feed, and the button that gives it a new secret address."""
    assert isinstance(request.user, Person)
    if request.method == "POST":
        members.renew_feed(request.user, by=request.user)
        messages.success(request, "Your calendar has a new address. The old one no longer works.")
        return redirect("meetings:calendar")
    if feeds.owner(request.user.feed_key) is None:
        return render(request, "meetings/no_calendar.html", {"forum_address": settings.MAIL_FROM})
    return render(request, "meetings/calendar.html", _addresses(request.user) | {"may_renew": True})


@public_page
def for_it(request: HttpRequest) -> HttpResponse:
    """A note for whoever looks after a trust's mail: who writes, from where, and what to allow."""
    context = {
        "sender": settings.MAIL_FROM,
        "sender_name": settings.MAIL_FROM_NAME,
        "domain": settings.MAIL_DOMAIN,
        "site": urlsplit(settings.SITE_URL).hostname,
    }
    return render(request, "meetings/for_it.html", context)


def _addresses(person: Person) -> dict[str, Any]:
    path = reverse("meetings:feed", args=[tokens.make(person.feed_key, PURPOSE)])
    address = links.absolute(path)
    return {"address": address, "webcal": f"webcal:{address.partition(':')[2]}"}
