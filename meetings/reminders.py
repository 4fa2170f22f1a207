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

# What was posted is read by the entry, not by each thread: its rows lie together, and no index is asked 20,000 times.
# Subscriptions are held, so that whoever leaves meanwhile waits, and then takes the reminder back; one that is held by
# somebody else is left for the next minute, so that nobody waits for each other.
_DUE = """
WITH told AS (
    SELECT o.thread, count(*) AS number, bool_or(o.state <> 'cancelled') AS stands
    FROM outbox_message o
    WHERE o.about = 'entry:' || %(entry)s AND o.about <> '' AND o.thread LIKE 'reminder:%%' || ':' || %(start)s
    GROUP BY o.thread
), said AS (
    SELECT DISTINCT ON (a.invitation_id) a.invitation_id, a.choice
    FROM meetings_answer a JOIN meetings_invitation own ON own.id = a.invitation_id AND own.entry_id = %(entry)s
    WHERE a.counted AND a.starts_at = %(starts_at)s AND a.revision >= %(time_revision)s
    ORDER BY a.invitation_id, a.id DESC
)
SELECT i.id, COALESCE(told.number, 0)
FROM meetings_invitation i
JOIN members_person p ON p.id = i.person_id AND p.is_active AND p.mail_paused_at IS NULL
    AND p.address_key = i.address_key
JOIN members_subscription s ON s.person_id = i.person_id AND s.list_id = %(list)s AND s.ended_at IS NULL
    AND (s.from_at IS NULL OR s.from_at <= %(now)s)
JOIN outbox_message request ON request.key = 'request:' || i.id || ':' || i.letters
    AND request.dated_at < %(moment)s AND request.state NOT IN ('cancelled', 'suppressed', 'expired', 'failed')
LEFT JOIN told ON told.thread = 'reminder:' || i.id || ':' || %(start)s
LEFT JOIN said ON said.invitation_id = i.id
WHERE i.entry_id = %(entry)s AND i.withdrawn_at IS NULL AND i.released_at IS NULL
  AND i.revision >= %(time_revision)s
  AND told.stands IS NOT TRUE AND said.choice IS DISTINCT FROM 'no'
  AND NOT EXISTS (SELECT 1 FROM outbox_suppression x WHERE x.address_key = p.address_key)
ORDER BY i.id
FOR SHARE OF s SKIP LOCKED
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
    rows = Invitation.objects.select_related("entry__meeting").in_bulk(list(due))
    return post.post(
        letters.reminder(view),
        [
            Recipient(
                key=f"{rows[pk].reminder_thread}:{number}",
                address=rows[pk].address,
                name=details[pk].person.name,
                person_id=rows[pk].person_id,
                slots=letters.slots(view, rows[pk], details[pk], None),
                thread=rows[pk].reminder_thread,
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
