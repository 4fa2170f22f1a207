"""What the meetings ask of a chair, and what chairs did about them, in sentences."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Count
from django.urls import reverse

from forum.audit.models import AuditEntry
from forum.kit import clock, wording
from forum.kit.needs import Done, Need
from forum.outbox.models import Message
from meetings import dates
from meetings.models import CalendarEntry, Meeting
from meetings.queries.entries import newest_entry

LOOK_AHEAD = timedelta(days=28)
NEXT_YEAR_FROM = (6, 1)


def needs(now: datetime) -> list[Need]:
    """What about meetings needs a chair."""
    return [*_unready(now), *_refused(now), *_undated(now)]


def _unready(now: datetime) -> Iterable[Need]:
    coming = Meeting.objects.to_come(now).filter(starts_at__gt=now).select_related("list")
    for meeting in coming[:12]:
        lacks = missing(meeting)
        invited = meeting.invite_at is not None and meeting.invite_at <= now
        if invited and "joining link" not in lacks:
            continue
        soon = meeting.invite_at is None or meeting.invite_at <= now + LOOK_AHEAD
        if not soon or (not lacks and meeting.invite_at):
            continue
        if meeting.invite_at is None and meeting.starts_at > now + 2 * LOOK_AHEAD:
            continue
        day = wording.day_month(meeting.starts_at)
        what = f"has no {' and no '.join(lacks)}" if lacks else "waits: nobody is invited yet"
        url = reverse("admin:meetings_meeting_change", args=[meeting.pk])
        yield Need(
            key=f"meeting:{meeting.pk}:{'+'.join(lacks) or 'uninvited'}",
            rank=30,
            title=f"{day} {what}",
            why=_when(meeting, now, invited),
            url=url,
            button="Get it ready",
            minutes=2,
        )


def missing(meeting: Meeting) -> list[str]:
    """What a meeting lacks before people can be invited well."""
    return [
        name for name, value in (("joining link", meeting.join_url), ("theme", meeting.theme)) if not value
    ]


def _when(meeting: Meeting, now: datetime, invited: bool) -> str:
    if invited:
        entry = newest_entry(meeting)
        if entry.act in ("send", "put_back") and entry.settles_at and now < entry.settles_at:
            return "Invitations are on their way without the link."
        return "People are invited and wait for the link. It reaches them as soon as you save it."
    if meeting.invite_at is None:
        return "No day is set for its invitations."
    days = (clock.london(meeting.invite_at).date() - clock.london(now).date()).days
    when = {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")
    return f"Invitations go on {wording.day_month(meeting.invite_at)}, {when}."


def _refused(now: datetime) -> Iterable[Need]:
    failed = (
        Message.objects.filter(state=Message.State.FAILED, about__startswith="entry:", expires_at__gt=now)
        .exclude(mailing__kind="reminder")  # they hold the entry that it reminds of, and it is not sent again
        .values("about")
        .annotate(people=Count("person_id", distinct=True))
        .order_by("about")
    )
    people = {row["about"].removeprefix("entry:"): row["people"] for row in failed}
    entries = CalendarEntry.objects.filter(pk__in=people, meeting__ends_at__gt=now).select_related("meeting")
    for entry in entries:
        number, meeting = people[str(entry.pk)], entry.meeting
        yield Need(
            key=f"refused:{entry.pk}:{number}",
            rank=42,
            title=f"{wording.count(number, 'person', 'people')} did not get {wording.day_month(meeting.starts_at)}",
            why="Their mail systems refused it. See why, and try again.",
            url=reverse("admin:meetings_meeting_people", args=[entry.meeting_id]) + "?state=refused",
            button="What to do",
        )


def _undated(now: datetime) -> Iterable[Need]:
    today = clock.london(now).date()
    year = dates.school_year_of(today)
    wanted = year + 1 if today >= date(year + 1, *NEXT_YEAR_FROM) else year
    if not Meeting.objects.of_forum().filter(year=wanted).exists():
        yield Need(
            key=f"year:{wanted}",
            rank=90,
            title=f"Set up {wording.school_year(wanted)}",
            why="It has no dates yet. Paste the list as it stands.",
            url=reverse("admin:meetings_set_up_year"),
            button="Paste dates",
        )


# --- What was done ----------------------------------------------------------------------------------------------------


def done(entries: Iterable[AuditEntry]) -> list[Done]:
    """Acts about meetings in words; acts of other apps are passed over."""
    rows = [entry for entry in entries if entry.verb.startswith("meetings.")]
    ids = {int(row.about.partition(":")[2]) for row in rows if row.about.startswith("meeting:")}
    meetings = {meeting.pk: meeting for meeting in Meeting.objects.filter(pk__in=ids)}
    told = []
    for row in rows:
        kind, _, pk = row.about.partition(":")
        meeting = meetings.get(int(pk)) if kind == "meeting" else None
        words = _words(row, meeting)
        if words:
            url = reverse("admin:meetings_meeting_change", args=[meeting.pk]) if meeting else ""
            told.append(Done(at=row.at, by_id=row.by_id, words=words, url=url))
    return told


def _words(row: AuditEntry, meeting: Meeting | None) -> str:
    day = wording.day_number_month(meeting.starts_at) if meeting else ""
    facts = row.facts
    number = facts.get("told") or facts.get("number") or 0
    people = wording.count(number, "person", "people")
    if row.verb == "meetings.moved":
        was, became = (datetime.fromisoformat(facts[name]) for name in ("was", "became"))
        return f"moved the meeting from {_moment(was)}, to {_moment(became)}. {_told(number)}"
    return {
        "meetings.set_up": f"set up {wording.count(facts.get('number', 0), 'meeting')}. Nobody was mailed.",
        "meetings.edited": f"corrected theme or agenda of {day}, "
        + (f"and told {people}." if number else "quietly."),
        "meetings.linked": f"set the joining link of {day}. {_told(number)}",
        "meetings.cancelled": f"cancelled {day}. {_told(number)}",
        "meetings.put_back": f"put {day} back on. {_told(number)}",
        "meetings.undone": f"undid the last change to {day}.",
        "meetings.sent": f"sent the invitations for {day} to {people}.",
        "meetings.planned": f"set the invitation day of {day}.",
        "meetings.tested": f"sent a test of the invitation for {day}.",
        "meetings.tried_again": f"sent {wording.count(number, 'refused letter')} for {day} again.",
        "meetings.invited": f"Invitations for {day} went out to {people}.",
    }.get(row.verb, "")


def _moment(value: datetime) -> str:
    return f"{wording.day_month(value)}, {wording.clock_time(value)}"


def _told(number: int) -> str:
    return (
        f"{wording.count(number, 'person is', 'people are')} told." if number else "Nobody had been invited."
    )
