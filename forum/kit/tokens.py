"""Every mailed token in one place: a random key from a row, sealed for one purpose.

The database alone makes no working link, and a link for one purpose opens no other.
"""

import base64
import binascii
import hashlib
import hmac
import uuid

from django.conf import settings

_SEAL_BYTES = 12


def _seal(message: bytes, purpose: str) -> bytes:
    key = hashlib.sha256(b"forum.links\0" + settings.LINKS_KEY.encode()).digest()
    return hmac.new(key, purpose.encode() + b"\0" + message, hashlib.sha256).digest()


def make(key: uuid.UUID, purpose: str) -> str:
    """A token for a row's random key, good for one purpose.

    Shape: 38 characters that need no quoting in an address.
    """
    sealed = key.bytes + _seal(key.bytes, purpose)[:_SEAL_BYTES]
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read(token: str, purpose: str) -> uuid.UUID | None:
    """The row's key if the token was made here for this purpose, else nothing."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(sealed) != 16 + _SEAL_BYTES:
        return None
    if not hmac.compare_digest(_seal(sealed[:16], purpose)[:_SEAL_BYTES], sealed[16:]):
        return None
    return uuid.UUID(bytes=sealed[:16])


def digest(value: str, purpose: str) -> str:
    """A keyed hash that tells equal values apart from others and gives nothing else away.

    Shape: 64 hexadecimal digits.
    """
    return _seal(value.encode(), purpose).hex()


def address_key(address: str) -> str:
    """The hash that stands for an email address, whatever its upper and lower case."""
    return digest(address.strip().lower(), "address")
