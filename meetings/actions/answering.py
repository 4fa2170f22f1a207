"""Answers given on the site."""

from django.db import transaction

from forum.kit import clock
from meetings import queries
from meetings.models import Answer, Invitation


@transaction.atomic
def give_answer(invitation: Invitation, *, choice: str, note: str) -> Answer:
    """Keeps what an invited person said; the latest answer counts.

    Effects: an answer to a cancelled, past or withdrawn meeting is kept as not counted. The same answer pressed twice
    is one.
    """
    now = clock.now()
    row = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("entry__meeting")
        .get(pk=invitation.pk)
    )
    meeting = row.entry.meeting
    why_not = ""
    if row.entry.ended_at:
        why_not = "The meeting is cancelled"
    elif meeting.starts_at <= now:
        why_not = "The meeting has begun"
    elif row.withdrawn_at:
        why_not = "The invitation was taken back"
    last = queries.latest_answer(row)
    if last and not why_not and (last.choice, last.note) == (choice, note):
        return last
    answer = Answer(
        invitation=row,
        choice=choice,
        note=note,
        starts_at=meeting.starts_at,
        revision=row.entry.revision,
        counted=not why_not,
        why_not=why_not,
        created_at=now,
    )
    answer.full_clean()
    answer.save()
    return answer
