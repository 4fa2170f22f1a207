"""Named reads of people and lists."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, StringAgg, Subquery, Sum, Value
from django.urls import reverse

from forum.audit.models import AuditEntry
from forum.kit import clock, wording
from forum.kit.needs import Done, Need
from forum.outbox.models import Message, Suppression
from members import browsers
from members.models import MailingList, Person, PersonQuerySet, Subscription, Trust, TrustRole


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


def asked_for_peace(person: Person) -> bool:
    """Whether someone has asked not to be emailed at all."""
    return Suppression.objects.filter(address_key=person.address_key).exists()


def with_second_step(people: Iterable[int]) -> set[int]:
    """Which of these people have set up a second step."""
    return set(Authenticator.objects.filter(user_id__in=people).values_list("user_id", flat=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """One browser in which somebody is signed in. Shape: `pk` names it to the button that signs it out."""

    pk: int
    browser: str
    since: datetime
    is_here: bool


def sessions_of(person: Person, *, own: str) -> list[SignedIn]:
    """The browsers in which someone is signed in, this one first.

    Shape: `own` is the key of the session that asks.
    """
    rows = list(UserSession.objects.filter(user=person).order_by("-created_at"))
    alive = set(
        Session.objects.filter(
            session_key__in=[row.session_key for row in rows], expire_date__gt=clock.real()
        ).values_list("session_key", flat=True)
    )
    shown = [
        SignedIn(
            pk=row.pk,
            browser=browsers.words(row.user_agent),
            since=clock.shown(row.created_at),
            is_here=row.session_key == own,
        )
        for row in rows
        if row.session_key in alive
    ]
    return sorted(shown, key=lambda row: not row.is_here)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the Forum is.

    Units: trusts that have joined; pupils in their schools, as far as known; trusts of which that is not known.
    """

    trusts: int
    pupils: int
    uncounted: int


def size() -> Size:
    """How many trusts have joined, and how many pupils they have."""
    joined = Trust.objects.filter(approved_at__isnull=False)
    counts = joined.aggregate(
        trusts=Count("pk"),
        uncounted=Count("pk", filter=Q(pupils__isnull=True)),
        sum=Sum("pupils"),
    )
    return Size(trusts=counts["trusts"], pupils=counts["sum"] or 0, uncounted=counts["uncounted"])


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
    "members.renamed": "corrected somebody’s name or job title.",
    "members.placed": "gave somebody a place at a trust.",
    "members.office": "gave somebody an office, or took it away.",
    "members.second_step_reset": "took away somebody’s lost second step.",
    "members.trust_added": "added a trust.",
    "members.trust_edited": "corrected what we know of a trust.",
    "members.trust_approved": "let a trust in.",
}


def done(entries: Iterable[AuditEntry]) -> list[Done]:
    """Acts about people in words, without their names; only those of office-holders on others."""
    return [
        Done(at=row.at, by_id=row.by_id, words=_ACTS[row.verb])
        for row in entries
        if row.verb in _ACTS and row.by_id and row.about != f"person:{row.by_id}"
    ]


# --- For the chairs' screens ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How someone stands with the Forum.

    Shape: `subscription` is their place on the Forum's list, also an ended one; `coming` is how many coming meetings
    their mailbox has been sent.
    """

    roles: list[TrustRole]
    subscription: Subscription | None
    asked_for_peace: bool
    coming: int

    @property
    def on_list(self) -> bool:
        """Whether they are on the Forum's list now."""
        return self.subscription is not None and self.subscription.ended_at is None


def standing(person: Person, now: datetime) -> Standing:
    """How someone stands with the Forum now."""
    return Standing(
        roles=list(person.roles.filter(ended_at__isnull=True).select_related("trust").order_by("id")),
        subscription=person.subscriptions.filter(list__slug=MailingList.FORUM)
        .select_related("added_by")
        .first(),
        asked_for_peace=asked_for_peace(person),
        coming=_coming(person, now),
    )


def _coming(person: Person, now: datetime) -> int:
    """Calendar entries to come whose newest letter to this mailbox that was handed over put them there."""
    newest = (
        Message.objects.for_person(person.pk)
        .filter(address_key=person.address_key, about__startswith="entry:", expires_at__gt=now)
        .handed_over()
        .order_by("about", "-id")
        .distinct("about")
        .values_list("mailing__method", flat=True)
    )
    return sum(method == "REQUEST" for method in newest)


def listed(people: PersonQuerySet) -> PersonQuerySet:
    """People with what a list of them shows: `trusts`, `on_list`, `in_peace`."""
    places = TrustRole.objects.filter(person=OuterRef("pk"), ended_at__isnull=True)
    names = (
        places.order_by()
        .values("person")
        .annotate(names=StringAgg("trust__name", Value(", ")))
        .values("names")
    )
    return people.annotate(
        trusts=Subquery(names),
        on_list=Exists(
            Subscription.objects.filter(
                person=OuterRef("pk"), list__slug=MailingList.FORUM, ended_at__isnull=True
            )
        ),
        in_peace=Exists(Suppression.objects.filter(address_key=OuterRef("address_key"))),
    )


def listed_trusts(trusts: QuerySet[Trust]) -> QuerySet[Trust]:
    """Trusts with what a list of them shows: `people`, `leads`."""
    active = Q(roles__ended_at__isnull=True)
    return trusts.annotate(
        people=Count("roles", filter=active),
        leads=Count("roles", filter=active & Q(roles__kind=TrustRole.Kind.LEAD)),
    )


def listed_lists() -> QuerySet[MailingList]:
    """Lists with how many people are on them: `on_now`."""
    return MailingList.objects.annotate(
        on_now=Count("subscriptions", filter=Q(subscriptions__ended_at__isnull=True))
    )


def places_at(trust: Trust) -> QuerySet[TrustRole]:
    """Who works at a trust now, leads first."""
    return (
        trust.roles.filter(ended_at__isnull=True)
        .select_related("person")
        .order_by("-kind", "person__name", "id")
    )
