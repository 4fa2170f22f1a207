"""What an office of the Forum allows in the admin: named permissions, no superusers in daily work."""

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser
from django.db import models

from members.models import Person

OFFICE_MAY = frozenset(
    {
        "meetings.view_meeting",
        "meetings.change_meeting",
        "members.view_person",
        "members.add_person",
        "members.change_person",
        "members.view_trust",
        "members.add_trust",
        "members.change_trust",
        "members.view_trustrole",
        "members.view_mailinglist",
        "members.view_subscription",
        "outbox.view_message",
        "outbox.view_mailing",
        "outbox.view_sendingswitch",
        "outbox.change_sendingswitch",
        "audit.view_auditentry",
        "communities.view_community",
        "communities.add_community",
        "communities.change_community",
        "publications.view_guide",
        "publications.add_guide",
        "publications.change_guide",
    }
)


class OfficeBackend(BaseBackend):
    """Gives the chair and the deputies what OFFICE_MAY names, for as long as they hold the office."""

    def has_perm(self, user_obj: Person | AnonymousUser, perm: str, obj: models.Model | None = None) -> bool:
        """Whether this office-holder may do the named thing."""
        return (
            isinstance(user_obj, Person)
            and user_obj.is_active
            and bool(user_obj.office)
            and user_obj.is_staff
            and perm in OFFICE_MAY
        )

    def has_module_perms(self, user_obj: Person | AnonymousUser, app_label: str) -> bool:
        """Whether this office-holder sees the app in the admin at all."""
        return any(
            self.has_perm(user_obj, perm) for perm in OFFICE_MAY if perm.partition(".")[0] == app_label
        )
