"""Loads the demo into an empty database."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from forum.demo import crowd, history, people
from forum.outbox.models import Message
from meetings.models import Meeting, Welcome
from members.models import MailingList, Person, Subscription, Trust


class NotEmptyError(Exception):
    """There are people, trusts or lists besides the Forum's own already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What the database holds afterwards. Units: rows; `letters` are those stored as sent."""

    trusts: int
    people: int
    meetings: int
    letters: int


@transaction.atomic
def load(now: datetime, *, empty: bool = False, volume: int | None = None) -> Loaded:
    """The demo's trusts, people and communities, and unless `empty` its year.

    Shape: `volume` fills up to so many people in all, and mails nobody.
    Errors: NotEmptyError; ValueError when `volume` is smaller than the demo itself.
    """
    others = MailingList.objects.exclude(slug=MailingList.FORUM)
    if Person.objects.exists() or others.exists() or Trust.objects.exists():
        raise NotEmptyError
    forum = people.load(now)
    invited = [] if empty else history.load(now, forum=forum, mails_nobody=volume is not None)
    if volume is not None:
        if volume < Person.objects.count():
            raise ValueError(f"The demo itself has {Person.objects.count()} people.")
        crowd.load(volume, forum=forum, invited=invited, now=now)
    history.answer(now)
    history.remind(now, invited)
    # They came before this demo began: nobody is welcomed twice.
    Welcome.objects.bulk_create(
        [
            Welcome(subscription=row, opened_at=row.started_at, created_at=now)
            for row in Subscription.objects.filter(list=forum)
        ]
    )
    return Loaded(
        trusts=Trust.objects.count(),
        people=Person.objects.count(),
        meetings=Meeting.objects.count(),
        letters=Message.objects.filter(state=Message.State.SENT).count(),
    )
