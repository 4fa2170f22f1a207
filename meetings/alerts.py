"""What chairs are told by mail without asking: invitations that go out without a joining link."""

from datetime import datetime

from django.db import transaction

from forum.outbox import post
from forum.outbox.letter import Recipient
from meetings import letters, queries
from members.models import Person


@transaction.atomic
def tell_chairs(now: datetime) -> int:
    """Tells every office-holder once about each live entry whose invitations went out without a joining link.

    Again: posts nothing new; the letter's key is the entry and the person.
    """
    entries = queries.invited_without_link(now)
    if not entries:
        return 0
    office_holders = list(Person.objects.office_holders())
    told = 0
    for entry in entries:
        view = queries.entry_view(entry)
        told += post.post(
            letters.link_missing(view),
            [
                Recipient(
                    key=f"link_missing:{entry.pk}:{person.pk}",
                    address=person.email,
                    name=person.name,
                    person_id=person.pk,
                    slots={"first_name": person.first_name},
                    expires_at=view.meeting.starts_at,
                )
                for person in office_holders
            ],
            now=now,
        )
    return told
