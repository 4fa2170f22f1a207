"""Pages for visitors, made once: kept whole for as long as nobody has done anything and the minute lasts.

What anybody may see depends on the rows, which only acts change (each is audited), and on the portal's clock. So a page
is kept under the newest acts and the minute, and is never older than either.
"""

import gzip
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers

from forum.audit import queries as audit
from forum.kit import clock

type Handler = Callable[[HttpRequest], HttpResponseBase]

SECONDS = 90
VARY = ("Accept-Encoding", "Cookie")
_KEY = "_page_key"
# As a whole word, and not refused by a weight of zero. Source: RFC 9110 12.5.3.
_GZIP = re.compile(r"(?i)(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?=,|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as it is sent: plain and compressed once, with the mark by which browsers ask for it again."""

    kind: str
    plain: bytes
    packed: bytes
    etag: str

    @classmethod
    def of(cls, response: HttpResponse) -> Self:
        """The page that a view has made."""
        content = response.content
        return cls(
            kind=response["Content-Type"],
            plain=content,
            packed=gzip.compress(content, compresslevel=9, mtime=0),
            etag=f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',
        )

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The page for one browser; 304 without content if it has it already."""
        packs = bool(_GZIP.search(request.headers.get("Accept-Encoding", "")))
        response = HttpResponse(self.packed if packs else self.plain, content_type=self.kind)
        if packs:
            response["Content-Encoding"] = "gzip"
        response["ETag"] = self.etag
        response["Content-Length"] = str(len(response.content))
        response["Cache-Control"] = "no-cache"
        patch_vary_headers(response, VARY)
        found = get_conditional_response(request, etag=self.etag, response=response)
        assert isinstance(found, HttpResponse)
        return found


class PageCacheMiddleware:
    """Keeps what `forum.kit.doors.public_page` marks, for browsers that bring no session and no message.

    Shape: innermost, so that nothing which other middleware adds for one visitor is ever kept for another.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.kept = caches["pages"]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer; if it is a page for everybody, kept."""
        response = self.get_response(request)
        key = getattr(request, _KEY, None)
        if key is None or not _is_for_everybody(request, response):
            return response
        assert isinstance(response, HttpResponse)
        page = Page.of(response)
        self.kept.set(key, page, SECONDS)
        return page.answer(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """The kept page, if the view's page is for everybody and nothing has changed."""
        if not getattr(view, "is_public_page", False) or not _is_visitor(request):
            return None
        now = clock.now()
        key = f"{request.get_full_path()} {audit.newest()} {int(now.timestamp()) // 60}"
        key = hashlib.sha256(key.encode()).hexdigest()
        page: Page | None = self.kept.get(key)
        if page is not None:
            return page.answer(request)
        setattr(request, _KEY, key)
        return None


def _is_visitor(request: HttpRequest) -> bool:
    brought = request.COOKIES
    return (
        request.method in ("GET", "HEAD")
        and settings.SESSION_COOKIE_NAME not in brought
        and "messages" not in brought
    )


def _is_for_everybody(request: HttpRequest, response: HttpResponseBase) -> bool:
    return (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        and not response.has_header("Cache-Control")
        and not request.META.get("CSRF_COOKIE_NEEDS_UPDATE")
    )
