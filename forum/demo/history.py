"""The demo's year: its meetings, the letters that went out before the demo begins, and the answers to them."""

import random
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from forum.audit.models import AuditEntry
from forum.demo import content
from forum.demo.rows import store
from forum.kit import clock
from forum.outbox.models import Message
from meetings import actions, dates, invitations, reminders
from meetings.actions import settling
from meetings.models import Answer, CalendarEntry, Invitation, Meeting
from members.models import MailingList, Office, Person, Subscription

_SEED = 13
_CHOICES = (Answer.Choice.YES, Answer.Choice.MAYBE, Answer.Choice.NO, None)
_OF_A_HUNDRED = (44, 7, 14, 35)
_WORDS = ("theme", "join_url", "join_id", "passcode")


def load(now: datetime, *, forum: MailingList, mails_nobody: bool) -> list[Meeting]:
    """The year's meetings and what was sent about them before now; gives those whose invitations count as sent.

    Shape: with `mails_nobody` these are also meetings still to come whose invitation day has come; without it they are
    left to the running portal.
    """
    meetings = _meetings(now, forum)
    moments: dict[int, datetime] = {}
    for meeting in meetings:
        day = dates.invitation_day(clock.london(meeting.starts_at).date())
        meeting.invite_at = moments[meeting.pk] = dates.invitation_moment(day)
    invited = [
        meeting
        for meeting in meetings
        if moments[meeting.pk] <= now and (mails_nobody or meeting.ends_at <= now)
    ]
    Meeting.objects.bulk_update(invited, ["invite_at"])
    _live_through([moments[meeting.pk] for meeting in invited], forum, now)
    Meeting.objects.bulk_update(meetings, ["invite_at"])
    return invited


def _meetings(now: datetime, forum: MailingList) -> list[Meeting]:
    """The meetings through the chairs' own action, dated back to the day they were set up."""
    rows = {content.wall_clock(row["date"], row["start"]): row for row in content.read()["meetings"]}
    made = actions.set_up_year(
        [
            actions.PlannedMeeting(starts_at=starts, ends_at=content.wall_clock(row["date"], row["end"]))
            for starts, row in rows.items()
        ],
        of_list=forum,
        by=Person.objects.filter(office=Office.CHAIR).first(),
    )
    for meeting in made:
        _write_words(meeting, rows[meeting.starts_at])
    set_up = content.past(content.read()["days"]["set_up"], now)
    Meeting.objects.update(created_at=set_up, edited_at=set_up)
    CalendarEntry.objects.update(created_at=set_up, revised_at=set_up)
    AuditEntry.objects.update(at=set_up)
    return made


def _write_words(meeting: Meeting, row: dict[str, Any]) -> None:
    for name in _WORDS:
        setattr(meeting, name, row.get(name, ""))
    meeting.agenda = "\n".join(row.get("agenda", []))
    meeting.full_clean()
    meeting.save()
    settling.write_revision(meeting, meeting.entries.get())


def _live_through(invited: list[datetime], forum: MailingList, now: datetime) -> None:
    """Reconciles at each moment at which something happened, and counts every letter as sent then.

    Shape: subscriptions take effect and end at their own moments meanwhile.
    """
    if not invited:
        return
    own = Subscription.objects.filter(list=forum)
    ended = {row.pk: row.ended_at for row in own if row.ended_at}
    own.update(from_at=F("started_at"), ended_at=None)
    happened = Q(started_at__gt=min(invited), started_at__lte=now)
    moments = {*invited, *own.filter(happened).values_list("started_at", flat=True), *ended.values()}
    for moment in sorted(one for one in moments if one <= now):
        for pk, ended_at in ended.items():
            own.filter(pk=pk, started_at__lte=moment).update(
                ended_at=ended_at if ended_at <= moment else None
            )
        invitations.reconcile(moment)
        _count_as_sent()
    own.update(from_at=None)


def _count_as_sent() -> None:
    Message.objects.filter(state=Message.State.QUEUED).update(
        state=Message.State.SENT,
        attempts=1,
        smtp_code=250,
        handed_at=F("dated_at") + timedelta(seconds=20),
        sent_at=F("dated_at") + timedelta(seconds=21),
    )


def remind(now: datetime, invited: list[Meeting]) -> None:
    """Reminders of these meetings whose moment has come, counted as sent then."""
    moments = (reminders.moment(meeting.starts_at) for meeting in invited)
    for moment in sorted(one for one in moments if one <= now):
        reminders.remind(moment)
        _count_as_sent()


def answer(now: datetime) -> None:
    """What part of the invited people said, between their invitation and the meeting."""
    dice = random.Random(_SEED)
    starts = dict(CalendarEntry.objects.values_list("pk", "meeting__starts_at"))
    held = Invitation.objects.filter(withdrawn_at__isnull=True, letters__gt=0).order_by("id")
    made = []
    for pk, entry, revision, invited_at in held.values_list("pk", "entry_id", "revision", "created_at"):
        choice = dice.choices(_CHOICES, weights=_OF_A_HUNDRED)[0]
        span = (min(now, starts[entry]) - invited_at) * dice.random()
        if choice is not None and span > timedelta(0):
            said_at = invited_at + span
            said = Answer(invitation_id=pk, choice=choice.value, starts_at=starts[entry], revision=revision)
            said.created_at = said_at
            made.append((said_at, said))
    store([one for _, one in sorted(made, key=lambda pair: pair[0])])
