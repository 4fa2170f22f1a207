"""Whom a mailing list reaches now."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from forum.kit import clock
from forum.outbox.models import Suppression
from meetings.models import Meeting, Welcome
from members.models import MailingList, Subscription, TrustRole


def days_taken(of_list: MailingList) -> Counter[date]:
    """How many meetings a list has on each day of London's calendar."""
    starts = Meeting.objects.filter(list=of_list).values_list("starts_at", flat=True)
    return Counter(clock.london(moment).date() for moment in starts)


def days_moved(of_list: MailingList) -> dict[date, date]:
    """The days that meetings were first set for, and the days they are on now."""
    rows = Meeting.objects.filter(list=of_list, moved_from__isnull=False).values_list(
        "moved_from", "starts_at"
    )
    return {clock.london(was).date(): clock.london(now).date() for was, now in rows if was}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """How many people a list reaches now. Units: people, trusts, addresses that get no mail at present."""

    people: int
    trusts: int
    paused: int


def audience(of_list: MailingList, now: datetime) -> Audience:
    """Who would get an invitation sent now."""
    counts = reached(of_list, now).aggregate(
        people=Count("person", distinct=True),
        trusts=Count("person__roles__trust", distinct=True, filter=Q(person__roles__ended_at__isnull=True)),
    )
    paused = Subscription.objects.filter(list=of_list, ended_at__isnull=True, person__is_active=True).filter(
        Q(person__mail_paused_at__isnull=False)
        | Q(person__address_key__in=Suppression.objects.values("address_key"))
    )
    return Audience(people=counts["people"], trusts=counts["trusts"], paused=paused.count())


def reached(of_list: MailingList, now: datetime) -> QuerySet[Subscription]:
    """The subscriptions that mail to the list reaches now."""
    return (
        Subscription.objects.filter(list=of_list, ended_at__isnull=True, person__is_active=True)
        .filter(Q(from_at__isnull=True) | Q(from_at__lte=now))
        .filter(person__mail_paused_at__isnull=True)
        .exclude(person__address_key__in=Suppression.objects.values("address_key"))
        .select_related("person", "added_by", "list")
    )


def not_welcomed(now: datetime) -> list[Subscription]:
    """Who is on the Forum's list, can be reached, and has had no welcome since they came on to it.

    Effects: held until the transaction ends: whoever leaves meanwhile waits, and then takes the welcome back.
    """
    had = Welcome.objects.filter(subscription=OuterRef("pk"), opened_at=OuterRef("started_at"))
    forum = MailingList.objects.filter(slug=MailingList.FORUM).first()
    if forum is None:
        return []
    rows = reached(forum, now).exclude(basis=Subscription.Basis.IMPORTED).filter(~Exists(had))
    return list(rows.order_by("pk").select_for_update(of=("self",), skip_locked=True, no_key=True))


def trust_names(people: set[int]) -> dict[int, str]:
    """The trust that each of these people works for now, where there is one."""
    rows = TrustRole.objects.filter(person_id__in=people, ended_at__isnull=True).order_by("-pk")
    return dict(rows.values_list("person_id", "trust__name"))


def forum_to_come(now: datetime) -> list[Meeting]:
    """The Forum's meetings to come, soonest first."""
    return list(Meeting.objects.of_forum().to_come(now))
