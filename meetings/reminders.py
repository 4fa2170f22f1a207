"""Reminds people of a meeting two working days before: what is due and not yet posted, never "is it exactly now".

Source: delivery rules of the house: a reminder goes late if the sender was down, and never after the start.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction

from forum.kit import clock
from forum.outbox import post
from forum.outbox.letter import Recipient
from meetings import dates, letters, queries
from meetings.models import CalendarEntry, Invitation

LOOK_AHEAD = timedelta(days=75)
"""Longer than the longest quiet period with the working days before it."""

_DUE = """
SELECT i.id, (SELECT count(*) FROM outbox_message o WHERE o.thread = 'reminder:' || i.id || ':' || %(start)s)
FROM meetings_invitation i
JOIN members_person p ON p.id = i.person_id AND p.is_active AND p.mail_paused_at IS NULL
    AND p.address_key = i.address_key
JOIN members_subscription s ON s.person_id = i.person_id AND s.list_id = %(list)s AND s.ended_at IS NULL
    AND (s.from_at IS NULL OR s.from_at <= %(now)s)
JOIN outbox_message request ON request.key = 'request:' || i.id || ':' || i.letters
    AND request.dated_at < %(moment)s AND request.state NOT IN ('cancelled', 'suppressed', 'expired', 'failed')
WHERE i.entry_id = %(entry)s AND i.withdrawn_at IS NULL AND i.released_at IS NULL
  AND i.revision >= %(time_revision)s
  AND NOT EXISTS (SELECT 1 FROM outbox_suppression x WHERE x.address_key = p.address_key)
  AND NOT EXISTS (SELECT 1 FROM outbox_message o
                  WHERE o.thread = 'reminder:' || i.id || ':' || %(start)s AND o.state <> 'cancelled')
  AND COALESCE((SELECT a.choice FROM meetings_answer a
                WHERE a.invitation_id = i.id AND a.counted AND a.starts_at = %(starts_at)s
                  AND a.revision >= %(time_revision)s
                ORDER BY a.id DESC LIMIT 1), '') <> 'no'
ORDER BY i.id
"""


@transaction.atomic
def remind(now: datetime) -> int:
    """Posts the reminders that are due; how many.

    Shape: to whoever holds the entry at its present time, was told of it before the reminder's moment, and has not
    said no to it.
    Again: posts nothing new; a reminder ended by an act that was undone is posted once more.
    """
    soon = CalendarEntry.objects.filter(
        ended_at__isnull=True,
        meeting__cancelled_at__isnull=True,
        meeting__starts_at__gt=now,
        meeting__starts_at__lte=now + LOOK_AHEAD,
        meeting__invite_at__lte=now,
    ).exclude(settles_at__gt=now)
    # Held until the reminders are committed: whoever would move or cancel now waits, and then ends them.
    held = soon.select_for_update(skip_locked=True, of=("self", "meeting")).select_related("meeting__list")
    return sum(_remind(entry, now) for entry in held.order_by("pk") if moment(entry.meeting.starts_at) <= now)


def moment(starts_at: datetime) -> datetime:
    """When the reminder of a meeting goes: 9:00am in London on its reminder day."""
    return dates.invitation_moment(dates.reminder_day(clock.london(starts_at).date()))


def _remind(entry: CalendarEntry, now: datetime) -> int:
    due = _due(entry, now)
    if not due:
        return 0
    view, details = queries.entry_view(entry), queries.recipients(list(due))
    rows = Invitation.objects.in_bulk(list(due))
    return post.post(
        letters.reminder(view),
        [
            Recipient(
                key=f"{_thread(pk, entry)}:{number}",
                address=rows[pk].address,
                name=details[pk].person.name,
                person_id=rows[pk].person_id,
                slots=letters.slots(view, rows[pk], details[pk], None),
                thread=_thread(pk, entry),
                about=f"entry:{entry.pk}",
                expires_at=entry.meeting.starts_at,
            )
            for pk, number in due.items()
        ],
        now=now,
    )


def _due(entry: CalendarEntry, now: datetime) -> dict[int, int]:
    """Invitations whose reminder is due, with how many of it were ended before they left."""
    starts_at = entry.meeting.starts_at
    values: dict[str, int | str | datetime] = {
        "entry": entry.pk,
        "list": entry.meeting.list_id,
        "time_revision": entry.time_revision,
        "starts_at": starts_at,
        "start": str(int(starts_at.timestamp())),
        "moment": moment(starts_at),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DUE, values)
        return dict(cursor.fetchall())


def _thread(invitation: int, entry: CalendarEntry) -> str:
    return f"reminder:{invitation}:{int(entry.meeting.starts_at.timestamp())}"
