"""Makes every calendar right: compares what people should hold with what was last posted, and posts the difference.

This is the only way a calendar letter comes into being (a chair's test to himself apart). Everything else that happens
to meetings, people and lists only changes what should be held.

Source: RFC 5546 §2.1.4, §2.1.5, §3.2.2, §3.2.5.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from forum.audit import record as audit
from forum.outbox import post
from forum.outbox.letter import Letter, Recipient
from forum.outbox.models import Message
from meetings import letters, queries
from meetings.models import CalendarEntry, Invitation, Revision
from meetings.queries import Content, EntryView, Held

_LOCK = 7_316_402
_STEP = 2_000
REQUEST_KINDS = ("invitation", "change")
_REFUSED = (Message.State.FAILED, Message.State.IN_DOUBT)

_WITH = """
WITH entry AS (
    SELECT e.id, m.list_id, e.revision, e.sequence, m.starts_at, m.ends_at,
           e.ended_at IS NULL AS live,
           e.ended_at IS NULL AND m.invite_at <= %(now)s AS inviting
    FROM meetings_calendarentry e
    JOIN meetings_meeting m ON m.id = e.meeting_id
    WHERE e.id = ANY(%(entries)s)
)
"""

# Held until the letters are committed: whoever would undo or move now waits, and then sees that it is too late.
_HOLD = """
SELECT e.id
FROM meetings_calendarentry e
JOIN meetings_meeting m ON m.id = e.meeting_id
WHERE m.ends_at > %(now)s AND (e.settles_at IS NULL OR e.settles_at <= %(now)s)
  AND (e.ended_at IS NOT NULL OR m.invite_at <= %(now)s
       OR EXISTS (SELECT 1 FROM meetings_invitation i WHERE i.entry_id = e.id))
ORDER BY e.id
FOR SHARE OF e, m SKIP LOCKED
"""

_ASK = (
    _WITH
    + """
SELECT entry.id, p.id, p.email, p.address_key, i.id, i.address_key, i.letters
FROM entry
JOIN members_subscription s ON s.list_id = entry.list_id AND s.ended_at IS NULL
    AND (s.from_at IS NULL OR s.from_at <= %(now)s)
JOIN members_person p ON p.id = s.person_id AND p.is_active AND p.mail_paused_at IS NULL
LEFT JOIN meetings_invitation i ON i.entry_id = entry.id AND i.person_id = p.id
WHERE entry.inviting
  AND NOT EXISTS (SELECT 1 FROM outbox_suppression x WHERE x.address_key = p.address_key)
  AND (i.id IS NULL
       OR i.letters = 0
       OR i.withdrawn_at IS NOT NULL
       OR i.released_at IS NOT NULL
       OR i.address_key <> p.address_key
       OR i.revision <> entry.revision
       OR EXISTS (SELECT 1 FROM outbox_message o
                  WHERE o.state IN ('cancelled', 'suppressed', 'expired')
                    AND o.key = 'request:' || i.id || ':' || i.letters))
ORDER BY entry.id, p.id
LIMIT %(step)s
"""
)

_TAKE_BACK = (
    _WITH
    + """
, reach AS (
    SELECT i.id, i.letters, i.released_at IS NOT NULL AS released,
           p.mail_paused_at IS NOT NULL
           OR (s.ended_at IS NOT NULL AND NOT s.takes_entries_out)
           OR (s.ended_at IS NULL AND s.id IS NOT NULL AND x.id IS NOT NULL) AS in_peace
    FROM entry
    JOIN meetings_invitation i ON i.entry_id = entry.id AND i.withdrawn_at IS NULL AND i.letters > 0
    JOIN members_person p ON p.id = i.person_id
    LEFT JOIN members_subscription s ON s.person_id = i.person_id AND s.list_id = entry.list_id
    LEFT JOIN outbox_suppression x ON x.address_key = p.address_key
    WHERE NOT (entry.live AND s.id IS NOT NULL AND s.ended_at IS NULL AND p.is_active
               AND p.mail_paused_at IS NULL AND x.id IS NULL)
)
SELECT id, letters, in_peace FROM reach WHERE NOT (in_peace AND released) ORDER BY id LIMIT %(step)s
"""
)

_RAISE = """
UPDATE meetings_invitation i
SET letters = i.letters + 1,
    sequence = CASE WHEN i.letters = 0 THEN e.sequence ELSE GREATEST(e.sequence, i.sequence + 1) END,
    time_sequence = CASE
        WHEN NOT %(asks)s OR (r.starts_at, r.ends_at) = (m.starts_at, m.ends_at) THEN i.time_sequence
        WHEN i.letters = 0 THEN e.sequence
        ELSE GREATEST(e.sequence, i.sequence + 1) END,
    revision = CASE WHEN %(asks)s THEN e.revision ELSE i.revision END,
    address = CASE WHEN %(asks)s THEN p.email ELSE i.address END,
    address_key = CASE WHEN %(asks)s THEN p.address_key ELSE i.address_key END,
    withdrawn_at = CASE WHEN %(asks)s OR %(keeps)s THEN NULL ELSE %(now)s::timestamptz END,
    released_at = CASE WHEN %(asks)s THEN NULL ELSE i.released_at END
FROM unnest(%(ids)s::bigint[], %(counts)s::int[]) AS seen(id, letters),
     meetings_calendarentry e, meetings_meeting m, members_person p, meetings_invitation own
     LEFT JOIN meetings_revision r ON r.entry_id = own.entry_id AND r.number = own.revision
WHERE i.id = seen.id AND i.letters = seen.letters AND own.id = i.id
  AND e.id = i.entry_id AND m.id = e.meeting_id AND p.id = i.person_id
RETURNING i.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one reconcile did.

    Units: letters posted; `withdrawn` also counts entries let go without one; `settling` counts calendar entries
    passed over because their last act can still be undone.
    """

    invited: int = 0
    changed: int = 0
    withdrawn: int = 0
    settling: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            invited=self.invited + other.invited,
            changed=self.changed + other.changed,
            withdrawn=self.withdrawn + other.withdrawn,
            settling=max(self.settling, other.settling),
        )


def reconcile(now: datetime) -> Tally:
    """Posts every calendar letter that is due at this moment and not yet posted.

    Again: posts nothing new; while one run holds the lock another returns at once.
    """
    total = Tally()
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return total
            cursor.execute(_HOLD, {"now": now})
            facts: dict[str, Any] = {
                "now": now,
                "step": _STEP,
                "entries": [pk for (pk,) in cursor.fetchall()],
            }
            cursor.execute(_TAKE_BACK, facts)
            back: list[tuple[int, int, bool]] = cursor.fetchall()
            withdrawn = _take_back(back, now)
            cursor.execute(_ASK, facts)
            asks = cursor.fetchall()
            invited, changed = _ask(asks, now)
            step = Tally(
                invited=invited, changed=changed, withdrawn=withdrawn, settling=queries.settling(now)
            )
        total += step
        if len(back) < _STEP and len(asks) < _STEP:
            return total


def _take_back(rows: list[tuple[int, int, bool]], now: datetime) -> int:
    """Ends what was not yet handed over, lets go in peace, and posts a CANCEL to whoever holds the entry."""
    if not rows:
        return 0
    own = _as_read({pk: number for pk, number, _ in rows})
    _end_unsent(own.values(), now)
    peace = [pk for pk, _, in_peace in rows if in_peace]
    Invitation.objects.filter(pk__in=peace).update(released_at=now)
    rest = [own[pk] for pk, _, in_peace in rows if not in_peace]
    held = queries.last_handed([row.thread for row in rest])
    holders = [row for row in rest if (last := held.get(row.thread)) and last.method == "REQUEST"]
    _cancel(holders, held, now, cause=None)
    without = {row.pk for row in rest} - {row.pk for row in holders}
    Invitation.objects.filter(pk__in=without).update(withdrawn_at=now)
    return len(rows)


def _ask(
    rows: list[tuple[int, int, str, str, int | None, str | None, int | None]], now: datetime
) -> tuple[int, int]:
    """Posts a REQUEST to everyone in the rows; first takes the entry back from an address that was left behind."""
    if not rows:
        return 0, 0
    _record_first_rounds({row[0] for row in rows}, now)
    Invitation.objects.bulk_create(
        [
            Invitation(
                entry_id=entry, person_id=person, address=address, address_key=address_key, created_at=now
            )
            for entry, person, address, address_key, invitation, _, _ in rows
            if invitation is None
        ],
        ignore_conflicts=True,
    )
    left = _leave_old_addresses(
        {row[4]: row[6] for row in rows if row[4] and row[6] and row[5] != row[3]}, now
    )
    read = {(row[0], row[1]): (row[6] or 0) + (row[4] in left) for row in rows}
    wanted = [
        row
        for row in Invitation.objects.filter(
            entry_id__in={entry for entry, _ in read}, person_id__in={person for _, person in read}
        )
        if (row.entry_id, row.person_id) in read
    ]
    for row in wanted:
        row.letters = read[row.entry_id, row.person_id]
    raised = _raise(wanted, now, asks=True)
    invited = changed = 0
    held = queries.last_handed([row.thread for row in raised])
    views = queries.entry_views({row.entry_id for row in raised})
    details = queries.recipients([row.pk for row in raised])
    carries = {pk: _edition_of(view) for pk, view in views.items()}
    groups: dict[tuple[int, int | None, bool], list[Invitation]] = defaultdict(list)
    for row in raised:
        edition = _edition_changed(views[row.entry_id], held.get(row.thread))
        groups[row.entry_id, edition, edition is None and row.letters > 1].append(row)
    for (entry_id, edition, again), group in groups.items():
        view = views[entry_id]
        if edition is None:
            letter = letters.invitation(view, again=now if again else None)
        else:
            letter = letters.change(view, was=view.revisions[edition])
        posted = post.post(
            letter,
            [
                _recipient(row, view, letters.slots(view, row, details[row.pk], edition), carries[entry_id])
                for row in group
            ],
            now=now,
        )
        if edition is None:
            invited += posted
        else:
            changed += posted
    return invited, changed


def _record_first_rounds(entries: set[int], now: datetime) -> None:
    """Keeps that a meeting's invitations begin to go out, and to how many."""
    begun = set(
        Invitation.objects.filter(entry_id__in=entries, letters__gt=0)
        .values_list("entry_id", flat=True)
        .distinct()
    )
    for entry in CalendarEntry.objects.filter(pk__in=entries - begun).select_related("meeting__list"):
        told = queries.letters_due(entry, now)
        audit.record("meetings.invited", by=None, about=f"meeting:{entry.meeting_id}", at=now, told=told)


def _edition_of(view: EntryView) -> int:
    """The number of the revision that says what is sent now; a quiet edit since opens one of its own."""
    said = [number for number, content in view.revisions.items() if content == view.content]
    if view.entry.revision in said:
        return view.entry.revision
    return max(said) if said else keep_revision(view.entry, view.content)


def keep_revision(entry: CalendarEntry, content: Content) -> int:
    """Keeps one more content of an entry, under a number that was never used; gives the number."""
    newest = entry.revisions.aggregate(number=Max("number"))["number"] or 0
    Revision.objects.create(entry=entry, number=newest + 1, **asdict(content))
    return newest + 1


def _edition_changed(view: EntryView, last: Held | None) -> int | None:
    """The revision in the person's hands, if it differs in time, place, link or words from the entry's."""
    if last is None or last.method != "REQUEST" or last.edition is None:
        return None
    return last.edition if view.revisions[last.edition] != view.content else None


def _as_read(numbers: dict[int, int]) -> dict[int, Invitation]:
    """The invitations, with the number of letters that the comparison saw: what was posted since stands against it."""
    own = Invitation.objects.select_related("entry__meeting").in_bulk(list(numbers))
    for pk, row in own.items():
        row.letters = numbers[pk]
    return own


def _leave_old_addresses(numbers: dict[int, int], now: datetime) -> set[int]:
    """Takes the entry back from addresses that people no longer have; the invitations that a CANCEL was posted for."""
    left = [row for row in _as_read(numbers).values() if row.withdrawn_at is None]
    _end_unsent(left, now)
    post.withdraw(now=now, threads=[row.reminder_thread for row in left], kinds=("reminder",))
    held = queries.last_handed([row.thread for row in left])
    suppressed = queries.suppressed({row.address_key for row in left})
    return _cancel(
        [
            row
            for row in left
            if (last := held.get(row.thread))
            and last.method == "REQUEST"
            and row.address_key not in suppressed
        ],
        held,
        now,
        cause="address",
    )


def _cancel(rows: list[Invitation], held: dict[str, Held], now: datetime, *, cause: str | None) -> set[int]:
    """Posts a CANCEL for each, naming the time of the last letter that was handed over; for whom it was.

    Shape: `cause` is "address" when only the address changed, else it is read from the entry.
    """
    raised = _raise(rows, now, asks=False, keeps=cause == "address")
    views = queries.entry_views({row.entry_id for row in raised})
    details = queries.recipients([row.pk for row in raised])
    groups: dict[tuple[int, int], list[Invitation]] = defaultdict(list)
    for row in raised:
        groups[row.entry_id, held[row.thread].edition or 1].append(row)
    for (entry_id, edition), group in groups.items():
        view = views[entry_id]
        letter = _goodbye(view, edition, cause, now)
        post.post(
            letter,
            [
                _recipient(row, view, letters.slots(view, row, details[row.pk], edition), None)
                for row in group
            ],
            now=now,
        )
    return {row.pk for row in raised}


def _goodbye(view: EntryView, edition: int, cause: str | None, now: datetime) -> Letter:
    was = view.revisions[edition]
    if cause == "address":
        return letters.withdrawal(view, was=was, at=now, to_other_address=True)
    if view.ended:
        return letters.cancellation(view, was=was)
    return letters.withdrawal(view, was=was, at=now)


def _raise(rows: Iterable[Invitation], now: datetime, *, asks: bool, keeps: bool = False) -> list[Invitation]:
    """Numbers the next letter of each invitation; the WHERE repeats what was read, so that a letter has one number."""
    seen = list(rows)
    if not seen:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _RAISE,
            {
                "ids": [row.pk for row in seen],
                "counts": [row.letters for row in seen],
                "asks": asks,
                "keeps": keeps,
                "now": now,
            },
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    return list(Invitation.objects.filter(pk__in=ids).order_by("entry_id", "person_id"))


def _end_unsent(rows: Iterable[Invitation], now: datetime) -> None:
    threads = [row.thread for row in rows]
    if threads:
        post.withdraw(now=now, threads=threads, kinds=REQUEST_KINDS)


def _recipient(row: Invitation, view: EntryView, slots: dict[str, str], edition: int | None) -> Recipient:
    """One person's copy. Shape: `edition` is the revision that a REQUEST carries; a CANCEL carries none."""
    verb = "cancel" if edition is None else "request"
    return Recipient(
        key=f"{verb}:{row.pk}:{row.letters}",
        address=row.address,
        name=slots["to_name"],
        person_id=row.person_id,
        slots=slots,
        thread=row.thread,
        about=f"entry:{row.entry_id}",
        edition=edition,
        passes_suppression=edition is None,
        expires_at=view.meeting.ends_at,
    )


def try_again(meeting_id: int, now: datetime) -> tuple[int, list[int]]:
    """Counts failed letters about a meeting as not posted, and queues a failed CANCEL again under its own key.

    Shape: how many letters will go, and the people concerned.
    Again: a letter that is no longer failed is left alone.
    """
    abouts = {
        f"entry:{pk}": pk
        for pk in CalendarEntry.objects.filter(meeting_id=meeting_id).values_list("pk", flat=True)
    }
    failed = Message.objects.filter(about__in=abouts, state__in=_REFUSED)
    keys = set(failed.filter(mailing__kind__in=REQUEST_KINDS).values_list("key", flat=True))
    rows = [
        row
        for row in Invitation.objects.filter(entry__in=abouts.values(), withdrawn_at__isnull=True)
        if f"request:{row.pk}:{row.letters}" in keys
    ]
    Invitation.objects.filter(pk__in=[row.pk for row in rows]).update(released_at=now)
    cancels = failed.filter(mailing__method="CANCEL").values_list("key", flat=True)
    again = [key for key in cancels if post.requeue(key, now=now)]
    return len(rows) + len(again), sorted({row.person_id for row in rows})
