"""What calendar feeds hold: which meetings, at which SEQUENCE, with or without the joining link.

Source: RFC 5545, RFC 5546 3.2.1; what clients do with entries that vanish.
"""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from forum.kit import clock
from meetings import dates, ics, letters
from meetings.models import Invitation, Meeting
from meetings.queries import pages
from members import rules
from members.models import MailingList, Person, Subscription

GONE_STAYS = timedelta(days=60)
"""How long what is cancelled stays in a feed, marked so: calendars that poll seldom keep ghosts of what vanishes."""


def owner(key: uuid.UUID | None) -> Person | None:
    """Whose feed this key opens: a member, or somebody on a list; nobody once they have left.

    Shape: who stopped all mail but is still a member keeps the feed: peace is about mail.
    """
    person = Person.objects.get_queryset().filter(feed_key=key, is_active=True).first() if key else None
    if person is None:
        return None
    on_a_list = Subscription.objects.filter(person=person, ended_at__isnull=True).exists()
    return person if on_a_list or rules.is_member(person) else None


def of_everybody(now: datetime) -> list[ics.Entry]:
    """The Forum's meetings without joining links, from this school year on."""
    forum = MailingList.objects.filter(slug=MailingList.FORUM).values_list("pk", flat=True)
    return [_entry(row) for row in pages.published(_meetings(list(forum), now)) if _stays(row, None, now)]


def of_person(person: Person, now: datetime) -> list[ics.Entry]:
    """The meetings of all lists that somebody is on, as they stand in their calendar by mail.

    Shape: a member sees the Forum's own meetings whatever mail they get; what was taken out of their calendar stays
    a while, cancelled.
    """
    open_lists = Subscription.objects.filter(person=person, ended_at__isnull=True).values_list(
        "list_id", flat=True
    )
    lists = set(open_lists)
    if rules.is_member(person):
        lists |= set(MailingList.objects.filter(slug=MailingList.FORUM).values_list("pk", flat=True))
    held = {row.entry_id: row for row in Invitation.objects.filter(person=person, letters__gt=0)}
    left = [row.entry_id for row in held.values() if row.withdrawn_at and row.withdrawn_at > now - GONE_STAYS]
    rows = pages.published(_meetings(list(lists), now, entries=left))
    return [
        _entry(
            row,
            invitation=held.get(row.entry.pk),
            is_on=row.meeting.list_id in lists,
            with_link=row.meeting.ends_at > now,
        )
        for row in rows
        if _stays(row, held.get(row.entry.pk), now)
    ]


def _meetings(lists: list[int], now: datetime, entries: Iterable[int] = ()) -> list[Meeting]:
    """The lists' meetings from this school year on, and those of these calendar entries."""
    first = datetime(dates.school_year_of(clock.london(now).date()), 9, 1, tzinfo=clock.LONDON).astimezone(
        UTC
    )
    recent = Q(starts_at__gte=min(first, now - GONE_STAYS))
    mine = Q(list__in=lists) & (recent | Q(cancelled_at__gt=now - GONE_STAYS))
    found = Meeting.objects.filter(mine | Q(entries__in=list(entries))).select_related("list")
    return list(found.distinct().order_by("starts_at", "pk"))


def _stays(row: pages.Published, invitation: Invitation | None, now: datetime) -> bool:
    """Whether an entry still has a place: it is on, or went off a short while ago, or its day has not come."""
    off = row.entry.ended_at or (invitation.withdrawn_at if invitation else None)
    return off is None or off > now - GONE_STAYS or row.ends_at > now


def _entry(
    row: pages.Published,
    *,
    invitation: Invitation | None = None,
    is_on: bool = True,
    with_link: bool = False,
) -> ics.Entry:
    sequence = max(row.entry.sequence, invitation.sequence) if invitation else row.entry.sequence
    off = row.entry.ended_at is not None or not is_on
    entry = letters.public_entry(row.entry, row.meeting, sequence=sequence, with_link=with_link and not off)
    return replace(entry, starts_at=row.starts_at, ends_at=row.ends_at, cancelled=off)
