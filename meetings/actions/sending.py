"""When invitations go, a test to oneself, sending now, trying again."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from forum.audit import record as audit
from forum.kit import clock
from forum.outbox import post
from forum.outbox.letter import Recipient
from meetings import invitations, letters, queries, tasks
from meetings.actions import settling
from meetings.models import Meeting
from members import actions as members
from members.models import Person


@transaction.atomic
def send_now(meeting: Meeting, *, by: Person) -> bool:
    """Lets the invitations go in two minutes; False when they have gone or are on their way.

    Errors: ValidationError for a cancelled meeting, or one that has begun.
    """
    own, entry = settling.lock(meeting)
    now = clock.now()
    if own.invite_at and own.invite_at <= now:
        return False
    _refuse_closed(own, now)
    settling.begin(own, entry, "send", now)
    own.invite_at = now
    told = settling.finish(own, entry, now)
    audit.record(
        "meetings.sent",
        by=by.pk,
        about=f"meeting:{own.pk}",
        told=told,
        settles_at=entry.settles_at,
    )
    return True


@transaction.atomic
def plan_invitations(meeting: Meeting, *, invite_at: datetime | None, by: Person) -> bool:
    """Sets the day the invitations go, or that they wait for a chair; False when nothing changes.

    Errors: ValidationError once they have gone, for a moment before now, or after the meeting starts.
    """
    own, entry = settling.lock(meeting)
    now = clock.now()
    if own.invite_at == invite_at:
        return False
    _refuse_closed(own, now)
    if own.invite_at and own.invite_at <= now:
        raise ValidationError("Invitations for this meeting have gone out already", code="gone")
    if invite_at and not now < invite_at < own.starts_at:
        raise ValidationError("Choose a day from tomorrow on and before the meeting", code="day")
    settling.begin(own, entry, "plan", now)
    own.invite_at = invite_at
    settling.finish(own, entry, now)
    audit.record("meetings.planned", by=by.pk, about=f"meeting:{own.pk}", invite_at=invite_at)
    return True


@transaction.atomic
def send_test(meeting: Meeting, *, nonce: str, by: Person) -> bool:
    """Sends the invitation to the one who asks, marked as a test; False when this test was sent already.

    Shape: `nonce` names one press of the button.
    """
    now = clock.now()
    view = queries.entry_view(queries.newest_entry(meeting))
    recipient = Recipient(
        key=f"test:{meeting.pk}:{by.pk}:{nonce}",
        address=by.email,
        name=by.name,
        person_id=by.pk,
        slots=letters.test_slots(by),
        expires_at=view.meeting.ends_at,
    )
    if not post.post(letters.test(view, nonce=nonce), [recipient], now=now):
        return False
    audit.record("meetings.tested", by=by.pk, about=f"meeting:{meeting.pk}")
    return True


@transaction.atomic
def try_again(meeting: Meeting, *, by: Person) -> int:
    """Counts refused letters as not posted, so that they go again; how many will.

    Effects: lifts the pause of the addresses concerned, never an unsubscription.
    """
    own, _ = settling.lock(meeting)
    now = clock.now()
    number, people = invitations.try_again(own.pk, now)
    for person in Person.objects.filter(pk__in=people, mail_paused_at__isnull=False):
        members.resume_mail(person, by=by)
    if number:
        audit.record("meetings.tried_again", by=by.pk, about=f"meeting:{own.pk}", number=number)
        transaction.on_commit(tasks.wake, robust=True)
    return number


def _refuse_closed(meeting: Meeting, now: datetime) -> None:
    if meeting.cancelled_at:
        raise ValidationError("This meeting is cancelled: put it back on first", code="cancelled")
    if meeting.starts_at <= now:
        raise ValidationError("This meeting has begun: nobody can be invited any more", code="past")
