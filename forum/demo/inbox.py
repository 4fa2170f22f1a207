"""The demo's inbox: everybody's mail on one page, for whoever sits at this machine."""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.csp import CSP
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from forum.demo import reading
from members.models import Person

MAILS_ON_A_PAGE = 50
_PASSED_ON_BY = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP")
_NOTHING_BUT_LINKS: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
_NEW_WINDOW = '<base target="_blank">'

View = Callable[..., HttpResponse]


def at_this_machine(view: View) -> View:
    """Opens a view only in development, to a browser on this machine; to everybody else there is no such page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        in_demo = settings.ENVIRONMENT == "development" and settings.DEMO_MAILDIR
        passed_on = any(name in request.META for name in _PASSED_ON_BY)
        if not in_demo or passed_on or not _is_loopback(request.META.get("REMOTE_ADDR", "")):
            raise Http404
        return require_safe(view)(request, *args, **kwargs)

    return login_not_required(never_cache(guarded))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _maildir() -> Path:
    return Path(str(settings.DEMO_MAILDIR))


def _mail(name: str) -> reading.Mail:
    mail = reading.read(_maildir(), name)
    if mail is None:
        raise Http404
    return mail


@at_this_machine
def inbox(request: HttpRequest) -> HttpResponse:
    """All mail, newest first, or that to one person."""
    everything = reading.newest_first(_maildir())
    to = request.GET.get("to", "").strip().lower()
    shown = [one for one in everything if to in one.to] if to else everything
    context = {
        "to": to,
        "query": urlencode({"to": to}) + "&" if to else "",
        "page": Paginator(shown, MAILS_ON_A_PAGE).get_page(request.GET.get("page")),
        "recipients": reading.recipients(everything),
        "office_holders": Person.objects.office_holders(),
    }
    return render(request, "demo/inbox.html", context)


@at_this_machine
def message(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: as it looks, its text, and its calendar part read out."""
    return render(request, "demo/message.html", {"mail": _mail(name)})


@at_this_machine
@csp_override(_NOTHING_BUT_LINKS)
@xframe_options_sameorigin
def html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part alone, without rights of its own; its links open in a window of theirs."""
    return HttpResponse(_NEW_WINDOW + _mail(name).html)


@at_this_machine
def source(request: HttpRequest, name: str) -> HttpResponse:
    """The mail as it came over the wire."""
    return HttpResponse(_mail(name).source, content_type="text/plain; charset=utf-8")
