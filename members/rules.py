"""Who may do what about people and trusts."""

from django.contrib.auth.models import AnonymousUser

from members.models import Office, Person, TrustRole


def is_member(person: Person | AnonymousUser) -> bool:
    """Whether this is a signed-in person with an active role at an approved trust, or an office-holder."""
    if not isinstance(person, Person) or not person.is_active:
        return False
    return (
        bool(person.office)
        or TrustRole.objects.filter(
            person=person, ended_at__isnull=True, trust__approved_at__isnull=False
        ).exists()
    )


def may_change_sign_in(by: Person, person: Person) -> bool:
    """Whether someone may change how another signs in, which lets them in as that person.

    Shape: that of an office-holder only they themselves or a chair, who may give offices anyway.
    """
    return not person.office or by.pk == person.pk or by.office == Office.CHAIR


def may_come_back(person: Person) -> bool:
    """Whether someone may put themselves on the Forum's list by a mailed link: not once they have left their trust."""
    return person.is_active and (is_member(person) or not TrustRole.objects.filter(person=person).exists())
