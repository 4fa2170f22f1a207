"""Plain messages about meetings that are due: to chairs about a missing link, to a list about a changed date."""

from datetime import datetime

from django.db import transaction

from forum.outbox import post
from forum.outbox.letter import Recipient
from meetings import letters, queries
from meetings.models import CalendarEntry
from members.models import Person


@transaction.atomic
def tell_chairs(now: datetime) -> int:
    """Tells every office-holder once about each meeting whose invitations went out without a joining link.

    Again: posts nothing new; the letter's key is the meeting and the person.
    """
    entries = queries.invited_without_link(now)
    if not entries:
        return 0
    office_holders = list(Person.objects.office_holders())
    told = 0
    for entry in entries:
        view = queries.entry_view(entry)
        told += post.post(
            letters.link_missing(view),
            [
                Recipient(
                    key=f"link_missing:{entry.meeting_id}:{person.pk}",
                    address=person.email,
                    name=person.name,
                    person_id=person.pk,
                    slots={"first_name": person.first_name},
                    expires_at=view.meeting.starts_at,
                )
                for person in office_holders
            ],
            now=now,
        )
    return told


@transaction.atomic
def tell_lists(now: datetime) -> int:
    """Tells lists, where a chair wished it, that a date nobody was invited to yet has changed or is off.

    Again: posts nothing new; an entry that has settled is told of once.
    """
    told = 0
    due = CalendarEntry.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        told_from__isnull=False
    )
    for entry in due.exclude(settles_at__gt=now).select_related("meeting__list"):
        was, view = queries.list_knows(entry), queries.entry_view(entry)
        meeting = entry.meeting
        invited = meeting.invite_at is not None and meeting.invite_at <= now
        changed = was is not None and (view.ended or was.time != view.content.time)
        if was and changed and not invited and meeting.ends_at > now:
            about = f"notice:{entry.pk}:{entry.sequence}"
            told += post.post(
                letters.notice(view, was=was),
                [
                    letters.notice_to(subscription, key=f"{about}:{subscription.person_id}", about=about)
                    for subscription in queries.reached(meeting.list, now)
                ],
                now=now,
            )
        CalendarEntry.objects.filter(pk=entry.pk).update(told_from=None)
    return told
