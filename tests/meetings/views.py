"""What the tests of the meetings' pages share: addresses, invitations and what a page says."""

from typing import Any

from django.http import HttpResponse

from forum.kit import tokens
from meetings import actions
from meetings.models import Invitation, Meeting
from members.models import Person
from tests import make

LINK = "https://zoom.example/j/84512207731"
SECRETS = (LINK, "84512207731", "845 1220 7731", "306 114")
YEAR = "/meetings/2025-26/"
PAGE = "/meetings/2025-26/6-november/"


def invited(who: Person, to: Meeting, **fields: Any) -> Invitation:
    """An invitation as it stands after its letter was posted."""
    given: dict[str, Any] = {"revision": 1, "letters": 1} | fields
    return Invitation.objects.create(
        entry=make.entry(to), person=who, address=who.email, address_key=who.address_key, **given
    )


def answer_path(invitation: Invitation) -> str:
    """The address of an invitation's answer page."""
    return f"/r/{tokens.make(invitation.key, 'answer')}/"


def text(response: HttpResponse) -> str:
    """What a page says, with ordinary spaces, each only once."""
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def settled(meeting: Meeting) -> None:
    """Ends the two minutes in which the last act could be undone."""
    meeting.entries.update(settles_at=None, before=None, act="")


def moved(meeting: Meeting, to: str, by: Person) -> None:
    """Moves a meeting to another day, at the same time of day."""
    starts_at = make.london(f"{to} 10:00")
    actions.move_meeting(
        meeting, starts_at=starts_at, ends_at=make.london(f"{to} 11:30"), invite_at=None, by=by
    )
