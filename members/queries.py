"""Named reads of people and lists."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Sum
from django.urls import reverse

from forum.audit.models import AuditEntry
from forum.kit import wording
from forum.kit.needs import Done, Need
from forum.outbox.models import Suppression
from members.models import MailingList, Person, Subscription, Trust, TrustRole


def by_key(key: uuid.UUID | None) -> Person | None:
    """The person whose mailed links carry this key."""
    return Person.objects.filter(key=key).first() if key else None


def open_lists(person: Person) -> list[MailingList]:
    """The lists someone is on, in a fixed order."""
    return list(
        MailingList.objects.filter(
            subscriptions__person=person, subscriptions__ended_at__isnull=True
        ).order_by("id")
    )


def is_on(person: Person, of_list: MailingList) -> bool:
    """Whether someone is on a list."""
    return Subscription.objects.filter(person=person, list=of_list, ended_at__isnull=True).exists()


def asked_for_peace(person: Person) -> bool:
    """Whether someone has asked not to be emailed at all."""
    return Suppression.objects.filter(address_key=person.address_key).exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the Forum is. Units: trusts that have joined; pupils in their schools, as far as known."""

    trusts: int
    pupils: int


def size() -> Size:
    """How many trusts have joined, and how many pupils they have."""
    joined = Trust.objects.filter(approved_at__isnull=False)
    counts = joined.aggregate(trusts=Count("pk"), pupils=Sum("pupils"))
    return Size(trusts=counts["trusts"], pupils=counts["pupils"] or 0)


def without_lead() -> int:
    """How many approved trusts have no active lead."""
    leads = TrustRole.objects.filter(trust=OuterRef("pk"), kind=TrustRole.Kind.LEAD, ended_at__isnull=True)
    return Trust.objects.filter(~Exists(leads), approved_at__isnull=False).count()


def needs(now: datetime) -> list[Need]:
    """What about people and trusts needs a chair."""
    number = without_lead()
    if not number:
        return []
    return [
        Need(
            key=f"leads:{number}",
            rank=80,
            title=f"{wording.count(number, 'trust needs', 'trusts need')} a lead",
            why="Nobody there can add or correct colleagues until somebody leads.",
            url=reverse("admin:members_trust_changelist") + "?lead=none",
            button="See",
        )
    ]


_ACTS = {
    "members.added": "added a person.",
    "members.readdressed": "corrected somebody’s address.",
    "members.subscribed": "put somebody on a list.",
    "members.unsubscribed": "took somebody off a list.",
    "members.left_trust": "recorded that somebody has left.",
    "members.mail_resumed": "let mail go to an address again.",
}


def done(entries: Iterable[AuditEntry]) -> list[Done]:
    """Acts about people in words, without their names; only those of office-holders on others."""
    return [
        Done(at=row.at, by_id=row.by_id, words=_ACTS[row.verb])
        for row in entries
        if row.verb in _ACTS and row.by_id and row.about != f"person:{row.by_id}"
    ]
