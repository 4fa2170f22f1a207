"""The doors of the first storey: mail choices, the code, the second step of signing in, sessions, the one-time link."""

from members.views.choices import mail
from members.views.code import code
from members.views.sessions import one_time_link, sessions
from members.views.two_step import (
    app,
    confirm,
    new_passkey,
    overview,
    passkey_options,
    passkey_sign_in,
    recovery_codes,
    remove_app,
    remove_passkey,
    second_step,
)

__all__ = [
    "app",
    "code",
    "confirm",
    "mail",
    "new_passkey",
    "one_time_link",
    "overview",
    "passkey_options",
    "passkey_sign_in",
    "recovery_codes",
    "remove_app",
    "remove_passkey",
    "second_step",
    "sessions",
]
