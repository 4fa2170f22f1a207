"""Pages that show several apps at once."""

import sys

import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from communities import queries as communities
from forum import health, sitemap
from forum.kit import clock, links, wording
from forum.kit.doors import public_page
from forum.share import Words, picture
from meetings import queries
from meetings.models import Meeting
from members import queries as members
from publications import queries as publications

log = structlog.get_logger("forum.pages")

WHAT_IT_IS = "Leading staff development across many schools, together"
SHARED = {
    "forum": "Trust-wide CPD Leaders’ Forum",
    "meetings": "Meetings",
    "communities": "Communities of Practice",
    "guides": "Guides",
    "news": "News",
}
"""Lists of pages that have a picture, with what stands in it."""


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


# --- For search engines and shared links ------------------------------------------------------------------------------


@public_page
def robots(request: HttpRequest) -> HttpResponse:
    """Where robots need not look."""
    return HttpResponse(sitemap.robots(), content_type="text/plain; charset=utf-8")


@public_page
def site_map(request: HttpRequest) -> HttpResponse:
    """Every page for everybody."""
    today = clock.london(clock.now()).date()
    return HttpResponse(sitemap.sitemap(today), content_type="application/xml; charset=utf-8")


@require_safe
@login_not_required
def share(request: HttpRequest, slug: str) -> HttpResponse:
    """The picture of a standing page, or of a list of pages."""
    page = publications.page(slug)
    title = page.title if page else SHARED.get(slug)
    if title is None:
        raise Http404("No page of this name")
    return _picture(request, Words(title=title, below=WHAT_IT_IS))


@require_safe
@login_not_required
def share_news(request: HttpRequest, slug: str) -> HttpResponse:
    """The picture of a news item."""
    item = publications.news_item(slug, clock.london(clock.now()).date())
    if item is None or item.published_on is None:
        raise Http404("No news of this name")
    kind = "Article" if item.kind == item.Kind.ARTICLE else "News"
    above = f"{kind}, {wording.long_day(item.published_on)}"
    return _picture(
        request, Words(title=item.title, above=above, below=f"By {item.author}" if item.author else "")
    )


@require_safe
@login_not_required
def share_meeting(request: HttpRequest, year: int, slug: str) -> HttpResponse:
    """The picture of a meeting: its date, its theme, or that it is off."""
    found = Meeting.objects.of_forum().filter(year=year, slug=slug).first()
    if found is None:
        raise Http404("No meeting has this address")
    when = f"{wording.time_range(found.starts_at, found.ends_at)}. {found.place}."
    above = "Cancelled" if found.cancelled_at else "Forum meeting"
    title = wording.long_date(found.starts_at)
    if found.theme and not found.cancelled_at:
        title, above = found.theme, f"Forum meeting, {title}"
    return _picture(request, Words(title=title, above=above, below=when))


def _picture(request: HttpRequest, words: Words) -> HttpResponse:
    """The picture with these words, drawn only for whoever does not have it yet."""
    answer = get_conditional_response(request, etag=words.etag)
    if answer is None:
        answer = HttpResponse(picture(words), content_type="image/png")
        answer["ETag"] = words.etag
    assert isinstance(answer, HttpResponse)
    answer["Cache-Control"] = "public, max-age=3600"
    # Other sites show it beside the link: that is what it is for.
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


# --- For machines -----------------------------------------------------------------------------------------------------


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
