"""The year and its meetings: set up, move, edit, cancel, put back, undo."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from forum.audit import record as audit
from forum.kit import clock
from meetings import queries
from meetings.actions import settling
from meetings.models import CalendarEntry, Meeting
from members.models import MailingList, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMeeting:
    """One meeting to set up. Shape: without `invite_at` nobody is invited until a chair says so."""

    starts_at: datetime
    ends_at: datetime
    theme: str = ""
    invite_at: datetime | None = None


@transaction.atomic
def set_up_year(
    planned: Sequence[PlannedMeeting], *, of_list: MailingList, by: Person | None
) -> list[Meeting]:
    """Creates the meetings that are not there yet; nobody is mailed.

    Effects: a meeting on the same day as one of the list's is taken as that one; one more that day as another.
    """
    now = clock.now()
    MailingList.objects.select_for_update().get(pk=of_list.pk)
    there = queries.days_taken(of_list)
    made = []
    for plan in sorted(planned, key=lambda one: one.starts_at):
        day = clock.london(plan.starts_at).date()
        if there[day]:
            there[day] -= 1
            continue
        made.append(_create(plan, of_list, now))
    if made:
        audit.record(
            "meetings.set_up",
            by=by.pk if by else None,
            about=f"year:{made[0].year}",
            number=len(made),
            meetings=[meeting.pk for meeting in made],
        )
    return made


def _create(plan: PlannedMeeting, of_list: MailingList, now: datetime) -> Meeting:
    meeting = Meeting(
        list=of_list,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        theme=plan.theme,
        invite_at=plan.invite_at,
        created_at=now,
        edited_at=now,
    )
    settling.readdress(meeting)
    meeting.full_clean()
    meeting.save()
    entry = _new_entry(meeting, now)
    settling.write_revision(meeting, entry)
    if _invited(meeting, now) and meeting.starts_at > now:
        settling.begin(meeting, entry, "send", now)
        assert entry.before is not None
        entry.before |= {"invite_at": None, "told": queries.letters_due(entry, now)}
        entry.save()
    return meeting


def _new_entry(meeting: Meeting, now: datetime) -> CalendarEntry:
    return CalendarEntry.objects.create(
        meeting=meeting, uid=f"{uuid.uuid4()}@{settings.MAIL_DOMAIN}", revised_at=now, created_at=now
    )


@transaction.atomic
def move_meeting(
    meeting: Meeting,
    *,
    starts_at: datetime,
    ends_at: datetime,
    invite_at: datetime | None,
    tell_list: bool = False,
    by: Person,
) -> bool:
    """Gives a meeting another time; False when it has that time already.

    Effects: whoever holds the entry is told in two minutes; before its invitation day the list is told only on wish.
    Errors: ValidationError for a time before now, a cancelled meeting, an end that is not after the start.
    """
    own, entry = settling.lock(meeting)
    now = clock.now()
    if own.time == (starts_at, ends_at):
        return False
    _refuse_cancelled(own)
    _refuse_past(own.starts_at, now, "This meeting has begun: it can no longer be moved")
    _refuse_past(starts_at, now, "That time has passed: choose one to come")
    was = queries.content_of(own)
    settling.begin(own, entry, "move", now)
    own.moved_from = own.moved_from or own.starts_at
    own.starts_at, own.ends_at = starts_at, ends_at
    if own.moved_from == starts_at:
        own.moved_from = None
    if not _invited(own, now):
        own.invite_at = invite_at
    settling.readdress(own)
    settling.announce(own, entry, now, new_time=True)
    if tell_list and not _invited(own, now):
        settling.tell_list(entry, was)
    told = settling.finish(own, entry, now)
    audit.record(
        "meetings.moved",
        by=by.pk,
        about=f"meeting:{own.pk}",
        was=was.starts_at,
        became=starts_at,
        told=told,
        settles_at=entry.settles_at,
    )
    return True


@transaction.atomic
def edit_words(meeting: Meeting, *, theme: str, agenda: str, announce: bool = False, by: Person) -> bool:
    """Changes theme and agenda; False when they say this already.

    Effects: the site changes at once; people are told only on wish, in two minutes. Answers are kept.
    Errors: ValidationError for a cancelled meeting.
    """
    own, entry = settling.lock(meeting)
    now = clock.now()
    if (own.theme, own.agenda) == (theme, agenda):
        return False
    _refuse_cancelled(own)
    settling.begin(own, entry, "edit", now)
    own.theme, own.agenda = theme, agenda
    held = queries.holders(own)
    if held and announce:
        settling.announce(own, entry, now)
    settling.write_revision(own, entry)
    told = settling.finish(own, entry, now)
    audit.record(
        "meetings.edited", by=by.pk, about=f"meeting:{own.pk}", told=told, settles_at=entry.settles_at
    )
    return True


@transaction.atomic
def change_link(meeting: Meeting, *, join_url: str, join_id: str, passcode: str, by: Person) -> bool:
    """Gives a meeting its joining link, or another one; False when it has this one already.

    Effects: whoever holds the entry is told in two minutes; there is no quiet way.
    """
    own, entry = settling.lock(meeting)
    now = clock.now()
    if (own.join_url, own.join_id, own.passcode) == (join_url, join_id, passcode):
        return False
    _refuse_cancelled(own)
    settling.begin(own, entry, "link", now)
    own.join_url, own.join_id, own.passcode = join_url, join_id, passcode
    settling.announce(own, entry, now)
    told = settling.finish(own, entry, now)
    audit.record(
        "meetings.linked",
        by=by.pk,
        about=f"meeting:{own.pk}",
        told=told,
        settles_at=entry.settles_at,
    )
    return True


@transaction.atomic
def cancel_meeting(meeting: Meeting, *, reason: str, tell_list: bool = False, by: Person) -> bool:
    """Calls a meeting off; False when it is off already.

    Effects: the entry ends for everyone; whoever holds it is told in two minutes. The page stays, marked.
    """
    own, entry = settling.lock(meeting)
    now = clock.now()
    if own.cancelled_at:
        return False
    _refuse_past(own.ends_at, now, "This meeting is over: it can no longer be cancelled")
    was = queries.content_of(own)
    settling.begin(own, entry, "cancel", now)
    own.cancelled_at, own.cancel_reason = now, reason
    entry.ended_at = now
    entry.sequence += 1
    entry.revised_at = now
    if tell_list and not _invited(own, now):
        settling.tell_list(entry, was)
    told = settling.finish(own, entry, now)
    audit.record(
        "meetings.cancelled", by=by.pk, about=f"meeting:{own.pk}", told=told, settles_at=entry.settles_at
    )
    return True


@transaction.atomic
def put_back(meeting: Meeting, *, by: Person) -> bool:
    """Puts a cancelled meeting back on; False when it is on already.

    Effects: within the two minutes of the cancellation that is undone; later a new entry with a UID of its own opens
    and invitations go out in two minutes, if their day has come.
    Errors: ValidationError when its time has passed.
    """
    own, entry = settling.lock(meeting)
    now = clock.now()
    if not own.cancelled_at:
        return False
    if entry.act == "cancel" and settling.can_undo(entry, now):
        return undo(meeting, by=by)
    _refuse_past(own.starts_at, now, "Its time has passed: set up a new date instead")
    fresh = _new_entry(own, now)
    settling.begin(own, fresh, "put_back", now)
    own.cancelled_at, own.cancel_reason = None, ""
    settling.write_revision(own, fresh)
    told = settling.finish(own, fresh, now)
    audit.record(
        "meetings.put_back", by=by.pk, about=f"meeting:{own.pk}", told=told, settles_at=fresh.settles_at
    )
    return True


@transaction.atomic
def undo(meeting: Meeting, *, by: Person) -> bool:
    """Takes back the last act of the past two minutes.

    Errors: ValidationError when the two minutes are over.
    """
    own, entry = settling.lock(meeting)
    now = clock.now()
    act = entry.act
    settling.restore(own, entry, now)
    if act == "put_back":
        entry.ended_at = now
    own.full_clean()
    own.save()
    entry.save()
    audit.record("meetings.undone", by=by.pk, about=f"meeting:{own.pk}", act=act)
    return True


def _invited(meeting: Meeting, now: datetime) -> bool:
    return meeting.invite_at is not None and meeting.invite_at <= now


def _refuse_cancelled(meeting: Meeting) -> None:
    if meeting.cancelled_at:
        raise ValidationError("This meeting is cancelled: put it back on first", code="cancelled")


def _refuse_past(moment: datetime, now: datetime, words: str) -> None:
    if moment <= now:
        raise ValidationError(words, code="past")
