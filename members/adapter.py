"""Sign-in the Forum's way: a six-figure code by email, a second step for office-holders, no password anywhere."""

import logging
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage as Message
from smtplib import SMTPException
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse

from forum.outbox import build, letter
from members import actions
from members.models import Person

LAST_SEEN, KEEP = "last_seen", "keep"
STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

log = logging.getLogger(__name__)
_postman = ThreadPoolExecutor(max_workers=4, thread_name_prefix="codes")


class CodeMail(EmailMessage):
    """A mail whose parts go through any relay: in base64, because not every one takes octets beyond ASCII.

    Source: RFC 6152 (8BITMIME is an extension).
    """

    def __init__(self, made: EmailMessage, *, to: list[str], html: str) -> None:
        super().__init__(made.subject, made.body, made.from_email, to, headers=made.extra_headers)
        self.html = html

    def message(self, **kwargs: Any) -> Message:
        """The mail as it is sent: its text, and the same on the sheet of every letter."""
        built = super().message(**kwargs)
        built.set_content(self.body, cte="base64")
        built.add_alternative(self.html, subtype="html", cte="base64")
        return built


def used_second_step(request: HttpRequest) -> bool:
    """Whether whoever is signed in used an app or a passkey in this session, and still has it.

    Shape: a recovery code does not count: it only lets its owner in to set up another.
    """
    if not isinstance(request.user, Person):
        return False
    used = [
        record.get("id")
        for record in get_authentication_records(request, request.user)
        if record.get("method") == "mfa" and record.get("type") in STRONG
    ]
    return (
        bool(used) and Authenticator.objects.filter(user=request.user, type__in=STRONG, pk__in=used).exists()
    )


def has_second_step(person: Person) -> bool:
    """Whether somebody has set up an app or a passkey."""
    found: bool = Authenticator.objects.filter(user=person, type__in=STRONG).exists()
    return found


def hand_over(message: EmailMessage) -> None:
    """Gives a code to the relay; whether that works shows in the log and never on the page."""
    try:
        message.send()
    except (SMTPException, OSError) as fault:
        log.error("A sign-in code could not be sent: %s", type(fault).__name__)


def send_soon(message: EmailMessage) -> None:
    """Sends a code beside the request: the page takes as long for a stranger, to whom nothing is sent."""
    _postman.submit(hand_over, message)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """What allauth asks us to decide."""

    error_messages: ClassVar[dict[str, str]] = DefaultAccountAdapter.error_messages | {
        "incorrect_code": "These are not the six figures of the newest message. Check them, or ask for a new code",
        "too_many_login_attempts": "There were too many tries from here. Wait a few minutes, then try again",
        "rate_limited": "There were too many tries from here. Wait a few minutes, then try again",
        "too_many_codes": "So many codes were asked for this address within the hour that no new one is sent for now. "
        "A code that you already have still works where you asked for it. Otherwise try again in an hour",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up here: joining is a journey of its own."""
        return False

    def pre_login(self, request: HttpRequest, user: Person, **kwargs: object) -> HttpResponse | None:
        """Keeps the wish to stay signed in until the second step is done too."""
        request.session[KEEP] = bool(request.POST.get("remember"))
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def login(self, request: HttpRequest, user: Person) -> None:
        """Signs in, until the browser closes or for two weeks, and keeps when this person had signed in before."""
        before, keep = user.last_login, request.session.pop(KEEP, False)
        super().login(request, user)
        request.session.set_expiry(settings.SESSION_COOKIE_AGE if keep else 0)
        if before:
            request.session[LAST_SEEN] = before.isoformat()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Sends the code."""
        send_soon(self.render_mail(template_prefix, email, context))

    def render_mail(
        self,
        template_prefix: str,
        email: str,
        context: dict[str, object],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """The mail with the code, written so that it can be read on a locked phone.

        Nobody answers it by machine, and outside production it goes where all mail goes.
        """
        told = (headers or {}) | {
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "OOF, AutoReply",
        }
        code = str(context["code"])
        written = context | {"code_spaced": f"{code[:3]} {code[3:]}"}
        made = super().render_mail(template_prefix, email, written, told)
        elsewhere = build.redirected()
        html = letter.inlined(str(made.alternatives[0].content))
        return CodeMail(made, to=[elsewhere] if elsewhere else made.to, html=html)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Person,
        context: dict[str, object] | None = None,
        email: str | None = None,
    ) -> None:
        """Tells somebody by a letter what was changed about their second step."""
        actions.tell_of_second_step(user, what=template_prefix.rpartition("/")[2])


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """What allauth asks us to decide about the second step."""

    error_messages: ClassVar[dict[str, str]] = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "These are not the figures your app shows now, nor an unused recovery code. "
        "Each works once: wait for the next figures and type those",
        "rate_limited": "There were too many tries. Wait five minutes, then try again",
    }

    def _get_site_name(self) -> str:
        return str(settings.SITE_NAME)

    def generate_authenticator_name(self, user: Person, type: Authenticator.Type) -> str:
        """What a passkey without a name is called."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"Passkey {number}"
