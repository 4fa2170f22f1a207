"""Letters to one person about signing in: they go out whatever mail somebody has stopped."""

from django.conf import settings

from forum.kit import links
from forum.outbox.letter import Letter, Urgency, render, slot

WHAT = {
    "totp_activated": "An authenticator app was set up.",
    "totp_deactivated": "Your authenticator app was taken away.",
    "webauthn_added": "A passkey was added.",
    "webauthn_removed": "A passkey was taken away.",
    "recovery_codes_generated": "New recovery codes were made. The old ones no longer work.",
    "reset": "A chair has taken away your second step, because you asked for it. You set up a new one when you "
    "next sign in.",
    "readdressed": "The Forum writes to you at another address from now on, and you sign in with that one.",
    "office_given": "You have been given an office of the Forum. Its work is done in the admin, which asks for a "
    "second step when you sign in.",
    "office_taken": "Your office of the Forum has ended. You have been signed out everywhere.",
}


def security(what: str) -> Letter:
    """«Your sign-in has changed»: what was done, and what to do if it was not them.

    Errors: KeyError for something that nobody wrote a sentence for.
    """
    context = {
        "what": WHAT[what],
        "sign_in_url": links.absolute("/me/two-step/"),
        "forum_address": settings.MAIL_FROM,
        "first_name": slot("first_name"),
    }
    subject, text, html = render("members/mail/security", context)
    return Letter(kind="security", urgency=Urgency.MUST_ARRIVE, subject=subject, text=text, html=html)
