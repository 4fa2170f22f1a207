"""The demo's authenticator app: what the phones of the invented office-holders would show now."""

import base64
import hashlib

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from forum.demo.inbox import at_this_machine
from forum.kit import clock
from members.models import Person


def set_up(person: Person) -> None:
    """Gives an invented office-holder an app whose figures the demo's own page shows."""
    seed = hashlib.sha256(f"demo authenticator of {person.email}".encode()).digest()
    totp.TOTP.activate(person, base64.b32encode(seed[:20]).decode())


def figures(authenticator: Authenticator) -> str:
    """«482 913»: what the app shows now."""
    counter = int(clock.real().timestamp()) // app_settings.TOTP_PERIOD
    shown = totp.format_hotp_value(totp.hotp_value(authenticator.data["secret"], counter))
    return f"{shown[:3]} {shown[3:]}"


@at_this_machine
def page(request: HttpRequest) -> HttpResponse:
    """The figures of every invented office-holder."""
    apps = Authenticator.objects.filter(type=Authenticator.Type.TOTP).select_related("user")
    rows = [
        {"key": f"{app.user.name}, {app.user.email}", "value": figures(app)}
        for app in apps.exclude(user__office="").order_by("user__office", "user__name")
    ]
    left = app_settings.TOTP_PERIOD - int(clock.real().timestamp()) % app_settings.TOTP_PERIOD
    return render(request, "demo/authenticator.html", {"rows": rows, "left": left})
