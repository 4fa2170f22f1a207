"""The figures of an authenticator app: each is good once, however long it shows."""

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.db.models import Q

_LAST = "last_counter"


def counter_of(secret: str, typed: str) -> int | None:
    """Which half minute these figures belong to, of those that may be typed now; None if they are of none.

    Source: RFC 6238 4.2; the one before and the one after are taken too (5.2).
    """
    for counter in totp.yield_hotp_counters_from_time():
        if compare_user_code(actual=typed, expected=totp.format_hotp_value(totp.hotp_value(secret, counter))):
            return int(counter)
    return None


def use(app: Authenticator, typed: str) -> bool:
    """Whether these figures are right and none so late were used before; they are used now."""
    counter = counter_of(decrypt(app.data["secret"]), typed)
    return counter is not None and use_up(app, counter)


def use_up(app: Authenticator, counter: int) -> bool:
    """Keeps the half minute of which figures were used; False if it was over already, for this press or another."""
    unused = Q(**{f"data__{_LAST}__isnull": True}) | Q(**{f"data__{_LAST}__lt": counter})
    found = Authenticator.objects.filter(unused, pk=app.pk)
    return bool(found.update(data=app.data | {_LAST: counter}))
