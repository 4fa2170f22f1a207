"""The second step of signing in: an app or a passkey, and the recovery codes for a bad day.

The ceremonies are allauth's; its pages are not used, because they write to the session when they are only opened.
"""

from base64 import b64encode
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows import reauthentication
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.stagekit import get_pending_stage, stash_login
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import flows as codes
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.totp.internal import flows as totp_flows
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.mfa.webauthn.internal import flows as webauthn_flows
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forum.kit import clock
from members import figures
from members.forms import (
    AppCodeForm,
    ConfirmForm,
    PasskeyConfirmForm,
    PasskeyForm,
    PasskeySignInForm,
    PasskeyStepForm,
    SecondStepForm,
)
from members.models import Person

PASSKEY, APP, CODES = Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES
NOT_THAT_PASSKEY = "That passkey did not open this. Try again, or use another way to sign in."
FEW_CODES = 3
MOST_WRONG = 10

any_method = require_http_methods(["GET", "HEAD", "POST"])


# --- Signing in -------------------------------------------------------------------------------------------------------


@any_method
@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
def second_step(request: HttpRequest) -> HttpResponse:
    """After the code from the mail: the app's figures, a passkey, or a recovery code."""
    stage = request._login_stage  # type: ignore[attr-defined]
    form, passkey = SecondStepForm(user=stage.login.user), None
    if request.method == "POST":
        if "credential" in request.POST:
            passkey = PasskeyStepForm(request.POST, user=stage.login.user)
        else:
            form = SecondStepForm(request.POST, user=stage.login.user)
        if (passkey or form).is_valid():
            post_authentication(request, _used(form, passkey))
            response: HttpResponse = stage.exit()
            return response
        if _is_last_try(stage):
            messages.error(request, get_account_adapter().error_messages["too_many_login_attempts"])
            refused: HttpResponse = stage.abort()
            return refused
        stash_login(request, stage.login)
    return _ask(request, "sign-in", form, passkey, stage.login.user)


def _is_last_try(stage: AuthenticateStage) -> bool:
    """Counts a wrong answer; after ten, from however many networks, signing in begins again with a new code."""
    stage.state["wrong"] = stage.state.get("wrong", 0) + 1
    return bool(stage.state["wrong"] >= MOST_WRONG)


@any_method
def confirm(request: HttpRequest) -> HttpResponse:
    """Once more, before something that matters: then the way goes on where it was."""
    person = _person(request)
    kinds = _kinds(person)
    if not kinds:
        return redirect("mfa_index")
    form, passkey = ConfirmForm(user=person), None
    if request.method == "POST":
        if "credential" in request.POST:
            passkey = PasskeyConfirmForm(request.POST, user=person)
        else:
            form = ConfirmForm(request.POST, user=person)
        if (passkey or form).is_valid():
            post_authentication(request, _used(form, passkey), reauthenticated=True)
            return reauthentication.resume_request(request) or redirect(_next(request))
    return _ask(request, "confirm", form, passkey, person)


def _used(
    form: SecondStepForm | ConfirmForm, passkey: PasskeyStepForm | PasskeyConfirmForm | None
) -> Authenticator:
    found: Authenticator = form.authenticator if passkey is None else passkey.cleaned_data["credential"]
    return found


def _ask(
    request: HttpRequest, purpose: str, form: Form, passkey: Form | None, person: Person
) -> HttpResponse:
    kinds = _kinds(person)
    context = {
        "form": form,
        "purpose": purpose,
        "has_app": APP in kinds,
        "has_passkey": PASSKEY in kinds,
        "errors": [{"message": NOT_THAT_PASSKEY}] if passkey is not None else [],
        "next": get_next_redirect_url(request) or "",
    }
    return render(request, "mfa/ask.html", context)


@require_POST
@login_not_required
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs for one ceremony with a passkey; the challenge is kept in the session.

    Source: W3C Web Authentication, 5.4 and 5.5.
    """
    if not ratelimit.consume(request, action="passkey_options"):
        return JsonResponse(
            {"problem": "Too many tries from here. Wait a minute, then try again."}, status=429
        )
    purpose = request.POST.get("purpose", "")
    if purpose == "sign-in":
        return _options(webauthn.begin_authentication(None))
    if purpose == "second-step":
        stage = get_pending_stage(request)
        if stage is not None and stage.key == AuthenticateStage.key:
            return _options(webauthn.begin_authentication(stage.login.user))
    if isinstance(request.user, Person) and purpose == "confirm":
        return _options(webauthn.begin_authentication(request.user))
    if isinstance(request.user, Person) and purpose == "new":
        if reauthentication.is_reauthentication_required(request, app="allauth.mfa"):
            return JsonResponse({"problem": "Open this page again and confirm that it is you."}, status=403)
        return _options(webauthn.begin_registration(request.user, passwordless=True))
    return JsonResponse({"problem": "Open the sign-in page again."}, status=400)


def _options(options: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(options)
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Signs in with a passkey alone: it is both steps at once."""
    if request.method != "POST" or request.user.is_authenticated:
        return redirect("account_login")
    if not ratelimit._impl.consume(request, app="allauth.mfa", action="webauthn_login"):
        messages.error(request, "Too many tries with a passkey. Wait a minute, or ask for a code by email.")
        return redirect("account_login")
    form = PasskeySignInForm(request.POST)
    if not form.is_valid():
        messages.error(request, NOT_THAT_PASSKEY)
        return redirect("account_login")
    authenticator = form.cleaned_data["credential"]
    login = Login(user=authenticator.user, redirect_url=get_next_redirect_url(request))
    response: HttpResponse = webauthn_flows.perform_passwordless_login(request, authenticator, login)
    return response


# --- Setting it up ----------------------------------------------------------------------------------------------------


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What this person signs in with besides the code: what is there, what can be added or taken away."""
    person = _person(request)
    mine = list(Authenticator.objects.filter(user=person).order_by("id"))
    kept = next((one for one in mine if one.type == CODES), None)
    left = len(kept.wrap().get_unused_codes()) if kept else 0
    app_since = next((one.created_at for one in mine if one.type == APP), None)
    context = {
        "app_since": clock.shown(app_since) if app_since else None,
        "passkeys": [
            {"pk": one.pk, "name": one.wrap().name, "since": clock.shown(one.created_at)}
            for one in mine
            if one.type == PASSKEY
        ],
        "codes_left": left,
        "few_codes": left < FEW_CODES,
        "is_set_up": any(one.type != CODES for one in mine),
        "is_needed": bool(person.office),
        "next": get_next_redirect_url(request) or "",
    }
    return render(request, "mfa/index.html", context)


@any_method
def app(request: HttpRequest) -> HttpResponse:
    """Sets up an authenticator app: *begin* makes a secret, the app's figures prove that it arrived."""
    person = _confirmed(request)
    if Authenticator.objects.filter(user=person, type=APP).exists():
        return redirect("mfa_index")
    if "begin" in request.POST:
        totp.get_totp_secret(regenerate=True)
        return redirect(_with_next(request, "mfa_activate_totp"))
    secret = request.session.get(totp.SECRET_SESSION_KEY)
    if not secret:
        return redirect(_with_next(request, "mfa_index"))
    form = AppCodeForm(request.POST if request.method == "POST" else None, person=person, secret=secret)
    if form.is_valid():
        added, made = totp_flows.activate_totp(request, form)
        figures.use_up(added, form.counter)
        return _set_up(request, added, made)
    url = get_adapter().build_totp_url(person, secret)
    context = {
        "form": form,
        "picture": _picture(get_adapter().build_totp_svg(url)),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "next": get_next_redirect_url(request) or "",
    }
    return render(request, "mfa/app.html", context)


@any_method
def new_passkey(request: HttpRequest) -> HttpResponse:
    """Adds a passkey of this device, a phone or a key on a ring."""
    person = _confirmed(request)
    form = PasskeyForm(request.POST if request.method == "POST" else None, user=person)
    if form.is_valid():
        added, made = webauthn_flows.add_authenticator(
            request, name=form.cleaned_data["name"], credential=form.cleaned_data["credential"]
        )
        return _set_up(request, added, made)
    return render(request, "mfa/passkey.html", {"form": form, "next": get_next_redirect_url(request) or ""})


def _set_up(request: HttpRequest, added: Authenticator, made: Authenticator | None) -> HttpResponse:
    """Setting one up counts as using it in this session; the first one comes with recovery codes, shown once."""
    record_authentication(request, request.user, "mfa", id=added.pk, type=added.type, reauthenticated=True)
    if made is not None:
        return _show_codes(request, made)
    return redirect(_next(request))


@any_method
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Makes new recovery codes; they are shown in the answer to the button and never again."""
    person = _confirmed(request)
    if not codes.can_generate_recovery_codes(person):
        return redirect("mfa_index")
    if request.method == "POST":
        return _show_codes(request, codes.generate_recovery_codes(request))
    return render(request, "mfa/codes_new.html")


def _show_codes(request: HttpRequest, made: Authenticator) -> HttpResponse:
    shown = made.wrap().get_unused_codes()
    context = {"codes": [f"{code[:4]} {code[4:]}" for code in shown], "onward": _next(request)}
    response = render(request, "mfa/codes.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@any_method
def remove_app(request: HttpRequest) -> HttpResponse:
    """Takes the authenticator app away."""
    person = _confirmed(request)
    found = get_object_or_404(Authenticator, user=person, type=APP)
    if request.method == "POST":
        totp_flows.deactivate_totp(request, found)
        return redirect("mfa_index")
    return _ask_to_remove(request, "your authenticator app")


@any_method
def remove_passkey(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes one passkey away."""
    person = _confirmed(request)
    found = get_object_or_404(Authenticator, user=person, type=PASSKEY, pk=pk)
    if request.method == "POST":
        webauthn_flows.remove_authenticator(request, found)
        return redirect("mfa_index")
    return _ask_to_remove(request, f"the passkey ‘{found.wrap().name}’")


def _ask_to_remove(request: HttpRequest, what: str) -> HttpResponse:
    person = _person(request)
    ways = Authenticator.objects.filter(user=person).exclude(type=CODES).count()
    context = {"what": what, "is_last": ways == 1, "is_needed": bool(person.office)}
    return render(request, "mfa/remove.html", context)


# --- What they share --------------------------------------------------------------------------------------------------


def _confirmed(request: HttpRequest) -> Person:
    """Who is signed in and has just shown it, if they have a second step at all.

    Errors: ReauthenticationRequired, which leads to *confirm* and back.
    """
    if reauthentication.is_reauthentication_required(request, app="allauth.mfa"):
        raise ReauthenticationRequired
    return _person(request)


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _kinds(person: Person) -> set[str]:
    return set(Authenticator.objects.filter(user=person).values_list("type", flat=True)) - {CODES}


def _next(request: HttpRequest) -> str:
    return str(get_next_redirect_url(request) or reverse("mfa_index"))


def _with_next(request: HttpRequest, name: str) -> str:
    onward = get_next_redirect_url(request)
    return f"{reverse(name)}?{urlencode({'next': onward})}" if onward else reverse(name)


def _picture(svg: str) -> str:
    """A drawing as the address of an image, which the content policy allows."""
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()
