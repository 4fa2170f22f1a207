"""The one-time link for a chair who cannot sign in by mail yet: sealed, good for a day and for one sign-in."""

from django.core import signing

from forum.kit import clock, links
from members.models import Person

_SALT = "members.one_time"
_GOOD_FOR_SECONDS = 86_400


def make(person: Person) -> str:
    """The whole address of a link that signs this person in once."""
    token = signing.dumps([person.pk, _stamp(person)], salt=_SALT)
    return links.absolute(f"/sign-in/link/{token}/")


def read(token: str) -> Person | None:
    """Whom the link signs in; nobody once it was used, the person has signed in otherwise, or a day has passed."""
    try:
        pk, stamp = signing.loads(token, salt=_SALT, max_age=_GOOD_FOR_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    person = Person.objects.get_queryset().filter(pk=pk, is_active=True).first()
    return person if person is not None and _stamp(person) == stamp else None


def use(token: str) -> Person | None:
    """Uses the link up; whom it signs in, which it tells once, however often it is pressed at the same time."""
    person = read(token)
    if person is None:
        return None
    unused = Person.objects.get_queryset().filter(pk=person.pk, is_active=True, last_login=person.last_login)
    return person if unused.update(last_login=clock.real()) else None


def _stamp(person: Person) -> str:
    return person.last_login.isoformat() if person.last_login else ""
