"""Sign-in the Forum's way: a six-figure code by email, no signing up, no password."""

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.core.mail import EmailMessage
from django.http import HttpRequest

from forum.outbox import build
from members.models import Person

LAST_SEEN = "last_seen"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """What allauth asks us to decide."""

    error_messages: ClassVar[dict[str, str]] = DefaultAccountAdapter.error_messages | {
        "incorrect_code": "These are not the six figures of the newest message. Check them, or ask for a new code",
        "too_many_login_attempts": "Too many codes were asked for. Wait a few minutes, then try again",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up here: joining is a journey of its own."""
        return False

    def login(self, request: HttpRequest, user: Person) -> None:
        """Signs in, and keeps in the session when this person had signed in before."""
        before = user.last_login
        super().login(request, user)
        if before:
            request.session[LAST_SEEN] = before.isoformat()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Sends the code, written so that it can be read on a locked phone."""
        code = context.get("code")
        if isinstance(code, str) and len(code) == 6:
            context = {**context, "code_spaced": f"{code[:3]} {code[3:]}"}
        super().send_mail(template_prefix, email, context)

    def render_mail(
        self,
        template_prefix: str,
        email: str,
        context: dict[str, object],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """The mail with the code: nobody answers it by machine, and outside production it goes where all mail goes."""
        told = (headers or {}) | {
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "OOF, AutoReply",
        }
        message: EmailMessage = super().render_mail(template_prefix, email, context, told)
        elsewhere = build.redirected()
        if elsewhere:
            message.to = [elsewhere]
        return message
