"""What an office of the Forum allows: the permissions of the group that bears its name, made by migration."""

from collections.abc import Mapping

from django.apps.registry import Apps
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser, Permission
from django.db import models

from members.models import Office, Person

_CACHE = "_office_permissions"
MONTHLY_WORK = (
    "meetings.view_meeting",
    "meetings.change_meeting",
    "members.view_person",
    "members.add_person",
    "members.change_person",
    "members.reset_second_step",
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
    "publications.view_page",
    "publications.change_page",
    "publications.view_newsitem",
    "publications.add_newsitem",
    "publications.change_newsitem",
)
"""What both offices may do."""

OFFICES: Mapping[str, tuple[str, ...]] = {
    Office.CHAIR.value: (*MONTHLY_WORK, "members.give_office"),
    Office.DEPUTY.value: MONTHLY_WORK,
}
"""Only a chair gives offices."""


def write_offices(apps: Apps, offices: Mapping[str, tuple[str, ...]] = OFFICES) -> None:
    """Makes the groups of the offices, and gives them their permissions.

    Shape: the permissions may not be there yet while migrations run: they are made as Django would make them later.
    """
    group, permission = apps.get_model("auth.Group"), apps.get_model("auth.Permission")
    content_type = apps.get_model("contenttypes.ContentType")
    for office, named in offices.items():
        row, _ = group.objects.get_or_create(name=office)
        may = []
        for name in named:
            label, codename = name.split(".")
            model = codename.rpartition("_")[2]
            if codename in ("give_office", "reset_second_step"):
                model = "person"
            kind, _ = content_type.objects.get_or_create(app_label=label, model=model)
            words = f"Can {codename.replace('_', ' ')}"
            one, _ = permission.objects.get_or_create(
                content_type=kind, codename=codename, defaults={"name": words}
            )
            may.append(one)
        row.permissions.set(may)


class OfficeBackend(BaseBackend):
    """Gives the chair and the deputies what their group may do, for as long as they hold the office."""

    def has_perm(self, user_obj: Person | AnonymousUser, perm: str, obj: models.Model | None = None) -> bool:
        """Whether this office-holder may do the named thing."""
        return perm in self._permissions(user_obj)

    def has_module_perms(self, user_obj: Person | AnonymousUser, app_label: str) -> bool:
        """Whether this office-holder sees the app in the admin at all."""
        return any(perm.partition(".")[0] == app_label for perm in self._permissions(user_obj))

    def _permissions(self, person: Person | AnonymousUser) -> frozenset[str]:
        if not (isinstance(person, Person) and person.is_active and person.is_staff and person.office):
            return frozenset()
        if not hasattr(person, _CACHE):
            rows = Permission.objects.filter(group__name=person.office)
            named = rows.values_list("content_type__app_label", "codename")
            setattr(person, _CACHE, frozenset(f"{label}.{codename}" for label, codename in named))
        found: frozenset[str] = getattr(person, _CACHE)
        return found
