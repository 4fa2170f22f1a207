"""Pages of the Forum's publications: guides, standing pages, news."""

from datetime import datetime, time

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape

from forum.kit import clock, links
from forum.kit.doors import public_page
from publications import queries
from publications.models import Guide, NewsItem

ITEMS_ON_A_PAGE = 20
ITEMS_IN_FEED = 30


@public_page
def index(request: HttpRequest) -> HttpResponse:
    """All guides: what each one is about, and when it came out or is expected."""
    context = {"guides": Guide.objects.all(), "today": queries.today(), "section": "guides"}
    return render(request, "publications/index.html", context)


# --- Standing pages ---------------------------------------------------------------------------------------------------


@public_page
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """A page that the chairs write."""
    found = queries.page(slug)
    if found is None:
        raise Http404("This page has not been written")
    return render(request, "publications/page.html", queries.page_context(found))


# --- News -------------------------------------------------------------------------------------------------------------


@public_page
def news(request: HttpRequest, year: int | None = None) -> HttpResponse:
    """The news, newest first: all of it, or that of one year."""
    today = queries.today()
    years = queries.news_years(today)
    if year and year not in years:
        raise Http404("No news of this year")
    pages = Paginator(queries.news(today, year=year), ITEMS_ON_A_PAGE)
    crumbs = [{"url": reverse("publications:news"), "label": "News"}] if year else []
    context = {
        "page": pages.get_page(request.GET.get("page")),
        "year": year,
        "years": years,
        "crumbs": crumbs,
    }
    return render(request, "publications/news.html", context | {"section": "news"})


@public_page
def news_item(request: HttpRequest, slug: str) -> HttpResponse:
    """One piece of news, or a signed article."""
    found = queries.news_item(slug, queries.today())
    if found is None:
        raise Http404("No news of this name")
    return render(request, "publications/news_item.html", queries.news_context(found))


@public_page
def news_feed(request: HttpRequest) -> HttpResponse:
    """The newest news for feed readers.

    Source: RFC 4287. An entry's id is its address, which never changes.
    """
    today = queries.today()
    feed = Atom1Feed(
        title=f"{settings.SITE_NAME}: news",
        link=links.absolute(reverse("publications:news")),
        feed_url=links.absolute(reverse("publications:news-feed")),
        description="What the Forum does, and what its members write",
        language="en-GB",
        author_name=str(settings.SITE_NAME),
    )
    for item in queries.news(today)[:ITEMS_IN_FEED]:
        where = links.absolute(item.get_absolute_url())
        feed.add_item(
            title=item.title,
            link=where,
            description=escape(item.summary),
            unique_id=where,
            author_name=item.author or None,
            pubdate=_morning(item),
            updateddate=max(item.edited_at, _morning(item)),
        )
    response = HttpResponse(content_type=Atom1Feed.content_type)
    feed.write(response, "utf-8")
    return response


def _morning(item: NewsItem) -> datetime:
    """When the day of an item begins in London."""
    assert item.published_on
    return datetime.combine(item.published_on, time(0), clock.LONDON)
