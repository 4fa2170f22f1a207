"""Who is concerned: whom a list reaches, who holds an entry, who answered what."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import CharField, Count, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat

from forum.outbox.models import Message
from meetings.models import Answer, CalendarEntry, Invitation, Meeting
from meetings.queries.entries import counts_now


def invited_without_link(now: datetime) -> list[CalendarEntry]:
    """Live entries whose invitations went out without a joining link that chairs have not been told of yet."""
    prefix = Concat(Value("link_missing:"), Cast(OuterRef("meeting_id"), CharField()), Value(":"))
    return list(
        CalendarEntry.objects.filter(
            ~Exists(Message.objects.filter(key__startswith=prefix)),
            ended_at__isnull=True,
            meeting__join_url="",
            meeting__invite_at__lte=now,
            meeting__starts_at__gt=now,
            invitations__letters__gt=0,
        )
        .select_related("meeting__list")
        .distinct()
    )


def holders(meeting: Meeting) -> int:
    """How many people have the meeting in their calendars, or are about to."""
    return Invitation.objects.filter(
        entry__meeting=meeting,
        entry__ended_at__isnull=True,
        letters__gt=0,
        withdrawn_at__isnull=True,
        released_at__isnull=True,
    ).count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """How far the reminders of a meeting have come. Units: people; `total` counts those refused as well."""

    sent: int
    waiting: int
    total: int


def reminded(meeting: Meeting) -> Reminded:
    """How many were reminded of the meeting at its present time."""
    entry = meeting.entries.latest("id")
    own = Message.objects.filter(about=f"entry:{entry.pk}", mailing__kind="reminder")
    counts = (
        own.filter(thread__endswith=f":{int(meeting.starts_at.timestamp())}")
        .exclude(state=Message.State.CANCELLED)
        .aggregate(
            sent=Count("pk", filter=Q(state=Message.State.SENT)),
            waiting=Count("pk", filter=Q(state__in=Message.State.waiting())),
            total=Count("pk"),
        )
    )
    return Reminded(**counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Answers to the present time, and those kept from the time before. Units: people."""

    yes: int = 0
    maybe: int = 0
    no: int = 0
    invited: int = 0
    kept: dict[datetime, dict[str, int]] | None = None

    @property
    def waiting(self) -> int:
        """People who have not answered."""
        return max(self.invited - self.yes - self.maybe - self.no, 0)

    @property
    def given(self) -> int:
        """People who have answered."""
        return self.yes + self.maybe + self.no


_LATEST = """
SELECT a.starts_at = m.starts_at AND a.revision >= e.time_revision AS current, a.starts_at, a.choice, count(*)
FROM meetings_meeting m
JOIN meetings_calendarentry e ON e.meeting_id = m.id AND e.ended_at IS NULL
JOIN meetings_invitation i ON i.entry_id = e.id AND i.withdrawn_at IS NULL AND i.released_at IS NULL
JOIN LATERAL (
    SELECT DISTINCT ON (b.starts_at, b.revision >= e.time_revision) b.* FROM meetings_answer b
    WHERE b.invitation_id = i.id AND b.counted
    ORDER BY b.starts_at, b.revision >= e.time_revision, b.id DESC
) a ON true
WHERE m.id = %s
GROUP BY 1, 2, 3
"""


def answers(meeting: Meeting) -> Answers:
    """Who said what, counted; an answer to an earlier time is kept apart."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [meeting.pk])
        rows = cursor.fetchall()
    now_counts: dict[str, int] = {}
    kept: dict[datetime, dict[str, int]] = {}
    for current, starts_at, choice, number in rows:
        bucket = now_counts if current else kept.setdefault(starts_at, {})
        bucket[choice] = bucket.get(choice, 0) + number
    return Answers(
        yes=now_counts.get("yes", 0),
        maybe=now_counts.get("maybe", 0),
        no=now_counts.get("no", 0),
        invited=holders(meeting),
        kept=kept,
    )


def latest_answer(invitation: Invitation) -> Answer | None:
    """The person's answer to the present time."""
    for answer in invitation.answers.filter(counted=True):
        if counts_now(answer, invitation.entry):
            return answer
    return None


# --- Who got it -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far the newest letters of a calendar entry have come. Units: people."""

    total: int = 0
    sent: int = 0
    waiting: int = 0
    refused: int = 0
    other: int = 0


RECEIPT_STATES = (
    ("", "Everyone"),
    ("sent", "Got it"),
    ("waiting", "On its way"),
    ("refused", "Did not get it"),
)
_BUCKETS = {
    "sent": "sent",
    "queued": "waiting",
    "claimed": "waiting",
    "handed": "waiting",
    "failed": "refused",
    "in_doubt": "refused",
}
_RECEIPTS = """
SELECT i.id, p.name, i.address, o.state, o.error, o.smtp_code, o.sent_at, o.dated_at, o.next_at, o.attempts, o.method
FROM meetings_invitation i
JOIN members_person p ON p.id = i.person_id
JOIN LATERAL (
    SELECT m.state, m.error, m.smtp_code, m.sent_at, m.dated_at, m.next_at, m.attempts, g.method
    FROM outbox_message m JOIN outbox_mailing g ON g.id = m.mailing_id
    WHERE m.thread = 'entry:' || i.entry_id || ':person:' || i.person_id || ':' || left(i.address_key, 16)
    ORDER BY m.id DESC LIMIT 1
) o ON true
WHERE i.entry_id = %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One person's newest letter about an entry. Shape: `bucket` is sent, waiting, refused or other."""

    name: str
    address: str
    bucket: str
    words: str
    why: str
    at: datetime | None


def delivery(entry: CalendarEntry) -> Delivery:
    """How many got the newest letter about an entry, how many wait, how many were refused."""
    counts = {"sent": 0, "waiting": 0, "refused": 0, "other": 0}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT state, count(*) FROM ({_RECEIPTS}) r GROUP BY state", [entry.pk])
        for state, number in cursor.fetchall():
            counts[_BUCKETS.get(state, "other")] += number
    return Delivery(total=sum(counts.values()), **counts)


def receipts(entry: CalendarEntry, bucket: str = "") -> list[Receipt]:
    """Everyone's newest letter about an entry, by name; one bucket's, if it is named."""
    states = [state for state, name in _BUCKETS.items() if name == bucket]
    where = " AND o.state = ANY(%s)" if states else ""
    with connection.cursor() as cursor:
        cursor.execute(f"{_RECEIPTS}{where} ORDER BY p.name, p.id", [entry.pk, *([states] if states else [])])
        return [_receipt(*row[1:]) for row in cursor.fetchall()]


_STATE_WORDS = {
    "queued": "On its way",
    "claimed": "On its way",
    "handed": "On its way",
    "sent": "Sent",
    "failed": "Refused",
    "in_doubt": "Nobody knows: the connection broke after it was handed over",
    "suppressed": "Not sent: they asked for no mail",
    "expired": "Not sent: the meeting was over first",
    "cancelled": "Ended before it was sent",
}


def _receipt(
    name: str,
    address: str,
    state: str,
    error: str,
    code: int | None,
    sent_at: datetime | None,
    dated_at: datetime,
    next_at: datetime,
    attempts: int,
    method: str,
) -> Receipt:
    words = _STATE_WORDS[state]
    if state == "queued" and attempts:
        words = "Refused for now: it is tried again by itself"
    if method == "CANCEL":
        words = f"{words} (taking it out of their calendar)"
    why = f"{code or ''} {error}".strip() if state in {"failed", "in_doubt"} or attempts else ""
    return Receipt(
        name=name,
        address=address,
        bucket=_BUCKETS.get(state, "other"),
        words=words,
        why=why if state != "sent" else "",
        at=dated_at if sent_at else None,
    )
