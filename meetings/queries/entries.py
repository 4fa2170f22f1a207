"""Calendar entries and what is in people's hands, for letters and errands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q

from forum.kit import wording
from forum.outbox.models import Message, Method, Suppression
from meetings.models import Answer, CalendarEntry, Invitation, Meeting, Revision
from meetings.queries.lists import reached
from meetings.queries.year import Place, following, place_of
from members.models import Person, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a calendar entry says at one moment: time, place, link and words."""

    starts_at: datetime
    ends_at: datetime
    place: str
    join_url: str
    join_id: str
    passcode: str
    theme: str
    agenda: str

    @property
    def time(self) -> tuple[datetime, datetime]:
        """Start and end."""
        return (self.starts_at, self.ends_at)

    @property
    def link(self) -> tuple[str, str, str]:
        """Joining link, meeting ID and passcode."""
        return (self.join_url, self.join_id, self.passcode)


_FIELDS = ("starts_at", "ends_at", "place", "join_url", "join_id", "passcode", "theme", "agenda")


def content_of(source: Meeting | Revision) -> Content:
    """What a meeting says now, or what one revision said."""
    return Content(**{name: getattr(source, name) for name in _FIELDS})


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """A calendar entry with all that its letters say.

    Shape: `revisions` by number; `content` is what the meeting says now; `following` is the next date after a
    cancelled one.
    """

    entry: CalendarEntry
    meeting: Meeting
    content: Content
    revisions: dict[int, Content]
    place: Place
    following: Meeting | None

    @property
    def ended(self) -> bool:
        """Whether it was cancelled for everyone."""
        return self.entry.ended_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The last letter of a thread that was handed over and not refused since; a CANCEL only when it is sent."""

    method: str
    edition: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientDetails:
    """One person as a letter needs them.

    Shape: `choice` is their counted answer to the present time, `choice_before` the last one to an earlier time.
    """

    person: Person
    subscription: Subscription | None
    trust: str
    choice: str
    choice_before: str


def last_handed(threads: Iterable[str]) -> dict[str, Held]:
    """What may be in people's hands, by thread.

    Shape: a CANCEL counts once it is sent: while nobody knows whether it arrived, they may hold what it takes back.
    """
    arrived = Q(mailing__method=Method.REQUEST) | Q(state=Message.State.SENT)
    rows = (
        Message.objects.filter(arrived, thread__in=list(threads), handed_at__isnull=False)
        .order_by("thread", "-id")
        .distinct("thread")
        .values_list("thread", "mailing__method", "edition")
    )
    return {thread: Held(method=method, edition=edition) for thread, method, edition in rows}


def suppressed(address_keys: set[str]) -> set[str]:
    """Those of the addresses that asked for peace."""
    return set(Suppression.objects.filter(address_key__in=address_keys).values_list("address_key", flat=True))


def entry_views(ids: set[int]) -> dict[int, EntryView]:
    """Calendar entries with meeting, revisions and place in the year, by id."""
    entries = list(
        CalendarEntry.objects.filter(pk__in=ids).select_related("meeting__list").prefetch_related("revisions")
    )
    return {entry.pk: entry_view(entry) for entry in entries}


def entry_view(entry: CalendarEntry) -> EntryView:
    """One calendar entry with meeting, revisions and place in the year."""
    meeting = entry.meeting
    return EntryView(
        entry=entry,
        meeting=meeting,
        content=content_of(meeting),
        revisions={row.number: content_of(row) for row in entry.revisions.all()},
        place=place_of(meeting),
        following=following(meeting) if meeting.cancelled_at else None,
    )


def recipients(ids: list[int]) -> dict[int, RecipientDetails]:
    """What letters say about each invited person, by invitation id, in a fixed number of statements."""
    rows = list(
        Invitation.objects.filter(pk__in=ids)
        .select_related("person", "entry__meeting")
        .prefetch_related("answers")
    )
    people = {row.person_id for row in rows}
    lists = {row.entry.meeting.list_id for row in rows}
    subscriptions = {
        (row.person_id, row.list_id): row
        for row in Subscription.objects.filter(person_id__in=people, list_id__in=lists).select_related(
            "added_by", "list"
        )
    }
    trusts = dict(
        Person.objects.filter(pk__in=people, roles__ended_at__isnull=True).values_list(
            "pk", "roles__trust__name"
        )
    )
    details = {}
    for row in rows:
        now_choice, before = "", ""
        for answer in row.answers.all():
            if answer.counted and counts_now(answer, row.entry):
                now_choice = answer.choice
                break
            if answer.counted and not before:
                before = answer.choice
        details[row.pk] = RecipientDetails(
            person=row.person,
            subscription=subscriptions.get((row.person_id, row.entry.meeting.list_id)),
            trust=trusts.get(row.person_id) or "",
            choice=now_choice,
            choice_before=before,
        )
    return details


def counts_now(answer: Answer, entry: CalendarEntry) -> bool:
    """Whether an answer was given to the time the entry has now."""
    return answer.revision >= entry.time_revision and answer.starts_at == entry.meeting.starts_at


def settling(now: datetime) -> int:
    """How many calendar entries wait for the end of their two minutes."""
    return CalendarEntry.objects.filter(settles_at__gt=now, meeting__ends_at__gt=now).count()


def newest_entry(meeting: Meeting) -> CalendarEntry:
    """The entry that stands for the meeting, or stood for it last."""
    return meeting.entries.latest("id")


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoOffer:
    """What a banner says about the last act on a meeting: what, when it leaves, how to take it back.

    Shape: `mark` names the act, so that a press takes back what was read and nothing newer.
    """

    meeting: Meeting
    title: str
    detail: str
    button: str
    told: int
    open: bool
    mark: str


_ACTS = {
    "move": ("Moved", "Undo the move"),
    "edit": ("Saved", "Undo the edit"),
    "link": ("Link saved", "Undo the new link"),
    "cancel": ("Cancelled", "Undo the cancellation"),
    "put_back": ("Put back on", "Undo putting it back"),
    "send": ("Invitations are on their way", "Undo sending"),
    "plan": ("Invitation day set", "Undo the new day"),
}
SHOWN_AFTER = timedelta(minutes=5)


def undo_offers(now: datetime) -> list[UndoOffer]:
    """Acts that can still be undone, and those that have just been sent."""
    entries = (
        CalendarEntry.objects.filter(settles_at__gt=now - SHOWN_AFTER, before__isnull=False)
        .exclude(act="")
        .select_related("meeting__list")
        .order_by("-settles_at")
    )
    return [_offer(entry, now) for entry in entries]


def content_before(entry: CalendarEntry, now: datetime) -> Content | None:
    """What the entry said before its last act, while that act can still be undone."""
    before = entry.before
    if before is None or entry.settles_at is None or now >= entry.settles_at:
        return None
    starts_at, ends_at = (datetime.fromisoformat(before[name]) for name in ("starts_at", "ends_at"))
    words = {name: str(before[name]) for name in _FIELDS[2:]}
    return Content(starts_at=starts_at, ends_at=ends_at, **words)


def list_knows(entry: CalendarEntry) -> Content | None:
    """What the list believes the meeting to be, while it is still to be told otherwise."""
    kept = entry.told_from
    if kept is None:
        return None
    starts_at, ends_at = (datetime.fromisoformat(kept[name]) for name in ("starts_at", "ends_at"))
    return Content(starts_at=starts_at, ends_at=ends_at, **{name: str(kept[name]) for name in _FIELDS[2:]})


def announced(entry: CalendarEntry) -> Content | None:
    """What those who hold the entry were last told it says; nothing when nobody holds it."""
    holding = entry.invitations.filter(
        letters__gt=0, withdrawn_at__isnull=True, released_at__isnull=True
    ).aggregate(revision=Max("revision"))
    row = entry.revisions.filter(number=holding["revision"]).first()
    return content_of(row) if row else None


def letters_due(entry: CalendarEntry, now: datetime) -> int:
    """How many people will hear of the entry as it stands now: the list, whoever holds it, or whoever should."""
    meeting = entry.meeting
    invited = meeting.invite_at is not None and meeting.invite_at <= now
    if entry.told_from and not invited:
        return reached(meeting.list, now).count()
    holding = entry.invitations.filter(letters__gt=0, withdrawn_at__isnull=True, released_at__isnull=True)
    if entry.ended_at:
        return holding.count()
    if not invited:
        return 0
    up_to_date = holding.filter(revision=entry.revision)
    return reached(meeting.list, now).exclude(person_id__in=up_to_date.values("person_id")).count()


def owed(entry: CalendarEntry) -> int:
    """How many people hold the entry otherwise than it stands now."""
    holding = entry.invitations.filter(letters__gt=0, withdrawn_at__isnull=True, released_at__isnull=True)
    return (holding if entry.ended_at else holding.exclude(revision=entry.revision)).count()


def told_by(entry: CalendarEntry) -> int:
    """How many people the entry's last acts are told to."""
    return int((entry.before or {}).get("told", 0))


def _offer(entry: CalendarEntry, now: datetime) -> UndoOffer:
    what, button = _ACTS[entry.act]
    mark = (
        f"{entry.pk}.{entry.act}.{entry.sequence}.{entry.settles_at.timestamp():.0f}"
        if entry.settles_at
        else ""
    )
    told = told_by(entry)
    is_open = entry.settles_at is not None and now < entry.settles_at
    day = wording.day_month(entry.meeting.starts_at)
    if is_open and told and entry.settles_at:
        leave = wording.count(told, "message leaves", "messages leave")
        title = f"{what}. {leave} at {wording.clock_time(entry.settles_at)}."
        detail = f"{day}. Until then nobody has been told. A second change made now goes in the same message."
    elif is_open:
        title, detail = f"{what}. Nobody is mailed.", f"{day}. You can undo this for two minutes."
    else:
        title, detail = _after(entry, what, told, now), f"{day}. The two minutes to undo it are over."
    return UndoOffer(
        meeting=entry.meeting, title=title, detail=detail, button=button, told=told, open=is_open, mark=mark
    )


def _after(entry: CalendarEntry, what: str, told: int, now: datetime) -> str:
    """What became of the letters of an act that has settled."""
    if not told:
        return f"{what}."
    abouts = [f"entry:{entry.pk}", f"notice:{entry.pk}:{entry.sequence}"]
    if (
        entry.told_from
        or letters_due(entry, now)
        or Message.objects.filter(about__in=abouts).waiting().exists()
    ):
        return f"Sending to {wording.count(told, 'person', 'people')}."
    return f"Sent to {wording.count(told, 'person', 'people')}."


def time_in_hand(invitation: Invitation) -> datetime | None:
    """When the meeting starts by the last letter to this person, if it starts at another time now."""
    if invitation.revision == invitation.entry.revision:
        return None
    held = invitation.entry.revisions.filter(number=invitation.revision).first()
    if held is None or (held.starts_at, held.ends_at) == invitation.entry.meeting.time:
        return None
    return held.starts_at
