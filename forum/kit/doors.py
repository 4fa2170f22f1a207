"""What pages have in common: those for everybody, and those behind a mailed link."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


def sealed[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """The same view, kept by no cache and listed by no search engine."""

    @wraps(view)
    def with_headers(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return with_headers


def public_page[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """The same view, open to everybody by GET and HEAD; what a visitor sees of it is kept whole for other visitors.

    Shape: it may depend on rows that audited acts change, on the portal's clock by the minute, on the address with its
    query, and on whether somebody is signed in; on nothing else.
    """
    opened = login_not_required(require_safe(view))
    opened.is_public_page = True  # type: ignore[attr-defined]
    return opened
