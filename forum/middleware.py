"""What happens to every request and every answer."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

type Handler = Callable[[HttpRequest], HttpResponseBase]

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


class SessionMiddleware(DjangoSessionMiddleware):
    """Sessions that only a pressed button changes: what merely opens a page writes nothing.

    Link scanners and browsers that fetch ahead open pages by themselves.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Keeps what changed in the session, unless the page was only opened."""
        if request.method in SAFE:
            request.session.modified = False
        return super().process_response(request, response)


class PrivateMiddleware:
    """No browser and no proxy keeps what a signed-in person saw: after signing out, Back shows nothing private."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, kept by nobody if its reader is signed in."""
        response = self.get_response(request)
        # Asked only of who brings a cookie: a feed must not depend on one.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            response["Cache-Control"] = "private, no-store"
        return response
