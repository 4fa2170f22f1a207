"""Welcomes whoever has come on to the Forum's list, with the dates of the year."""

from datetime import datetime

from django.db import transaction

from forum.outbox import post
from meetings import letters, queries
from meetings.models import Welcome


@transaction.atomic
def welcome(now: datetime) -> int:
    """Posts a welcome to everybody on the Forum's list who has not had one since they came on to it; to how many.

    Shape: not to people who came with an earlier list, who know the Forum; in quiet dates too.
    Again: posts nothing new; each time somebody comes on to the list is kept.
    """
    due = queries.not_welcomed(now)
    if not due:
        return 0
    Welcome.objects.bulk_create(
        [Welcome(subscription=row, opened_at=row.started_at, created_at=now) for row in due],
        ignore_conflicts=True,
    )
    trusts = queries.trust_names({row.person_id for row in due})
    coming = queries.forum_to_come(now)
    year = coming[0].year if coming else None
    return post.post(
        letters.welcome([one for one in coming if one.year == year], year=year),
        [letters.welcome_to(row, trusts.get(row.person_id, "")) for row in due],
        now=now,
    )
