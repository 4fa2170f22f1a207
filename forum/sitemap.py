"""What search engines are told: which pages there are for everybody, and where they need not look."""

from datetime import date
from xml.etree import ElementTree

from django.conf import settings
from django.urls import reverse

from forum.kit import clock, links
from meetings.models import Meeting
from publications import queries as publications
from publications.models import Page

KEPT_OUT = ("/admin/", "/r/", "/mail/", "/feed/", "/me/", "/sign-in/", "/sign-out/", "/demo/", "/health/")
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def robots() -> str:
    """What robots may not open.

    Source: RFC 9309.
    """
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in KEPT_OUT)]
    return "\n".join([*lines, "", f"Sitemap: {settings.SITE_URL}/sitemap.xml", ""])


def sitemap(today: date) -> bytes:
    """Every page for everybody, with the day it last changed where that is known.

    Source: sitemaps.org/protocol.html.
    """
    root = ElementTree.Element("urlset", xmlns=_SPACE)
    for path, changed in _pages(today):
        one = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(one, "loc").text = links.absolute(path)
        if changed:
            ElementTree.SubElement(one, "lastmod").text = changed.isoformat()
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _pages(today: date) -> list[tuple[str, date | None]]:
    meetings = list(Meeting.objects.of_forum().order_by("-year", "starts_at"))
    years = list(dict.fromkeys(one.year for one in meetings))
    names = ("home", "communities:index", "publications:index", "publications:news")
    return [
        *((reverse(name), None) for name in names),
        *((page.get_absolute_url(), clock.london(page.edited_at).date()) for page in Page.objects.all()),
        *((reverse("meetings:year", args=[year]), None) for year in years),
        *((one.get_absolute_url(), clock.london(one.edited_at).date()) for one in meetings),
        *((one.get_absolute_url(), clock.london(one.edited_at).date()) for one in publications.news(today)),
    ]
