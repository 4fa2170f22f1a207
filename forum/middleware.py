"""What happens to every request and every answer."""

import logging
import uuid
from collections.abc import Awaitable, Callable
from time import perf_counter

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.contrib.sessions.models import Session
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.defaults import bad_request

type Handler = Callable[[HttpRequest], HttpResponseBase]

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE")
CHARSETS = ("utf-8", "utf8", "us-ascii")  # what browsers send; Python knows stranger ones
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
SIGN_IN = "/sign-in/"
NOT_SIGNED_IN_SECONDS = 3600  # longer than a code is good


PERMISSIONS = ", ".join(
    [
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
        *(
            f"{name}=()"
            for name in (
                "accelerometer",
                "browsing-topics",
                "camera",
                "display-capture",
                "geolocation",
                "gyroscope",
                "magnetometer",
                "microphone",
                "midi",
                "payment",
                "usb",
            )
        ),
    ]
)

log = structlog.get_logger("forum.requests")


class RequestLogMiddleware:
    """One line for each request: what was asked by which route, how it ended, how long it took.

    Units: milliseconds.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, once its line is written."""
        began = perf_counter()
        with structlog.contextvars.bound_contextvars(request=uuid.uuid4().hex[:12]):
            response = self.get_response(request)
            found = request.resolver_match
            user = getattr(request, "_cached_user", None)
            log.log(
                logging.ERROR if response.status_code >= 500 else logging.INFO,
                "request",
                method=request.method if request.method in METHODS else "other",
                route=(found.view_name or found.route) if found else "static or none",
                status=response.status_code,
                ms=round((perf_counter() - began) * 1000),
                person=getattr(user, "pk", None),
            )
        return response


class HeadersMiddleware:
    """Headers of safety on every answer, files and faults too."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer with what other middleware does not set."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class BytesMiddleware:
    """Refuses what no page can read: a form in an alphabet that there is not, an address with a NUL in it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, or 400."""
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in CHARSETS:
            return bad_request(request, SuspiciousOperation())
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return bad_request(request, SuspiciousOperation())
        return self.get_response(request)


class SessionMiddleware(DjangoSessionMiddleware):
    """Sessions that only a pressed button changes: what merely opens a page writes nothing.

    Link scanners and browsers that fetch ahead open pages by themselves.

    Order: the buttons of signing in are answered one after the other in each session, from reading it to writing it,
    so that guesses sent all at once are counted like guesses sent in a row.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """The answer; to a button of signing in once its session is nobody else's."""
        if request.method in SAFE or not request.path_info.startswith(SIGN_IN):
            return super().__call__(request)
        with transaction.atomic():
            _hold(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
            return super().__call__(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Keeps what changed in the session, unless the page was only opened; an hour if nobody is signed in."""
        if request.method in SAFE:
            request.session.modified = False
        elif (
            request.session.modified and not request.session.is_empty() and SESSION_KEY not in request.session
        ):
            request.session.set_expiry(NOT_SIGNED_IN_SECONDS)
        return super().process_response(request, response)


def _hold(session_key: str) -> None:
    """Waits for the row of a session and keeps it until the transaction ends; what is read afterwards is its newest."""
    list(Session.objects.select_for_update().filter(pk=session_key).values_list("pk"))


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
