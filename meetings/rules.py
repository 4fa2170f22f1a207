"""Who may see and do what about meetings."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser

from meetings.models import Invitation, Meeting
from meetings.queries import pages
from members import rules as members
from members.models import MailingList, Person


def may_see_link(person: Person | AnonymousUser, meeting: Meeting) -> bool:
    """Whether someone sees the joining link, who comes and their own answer on the meeting's page."""
    return meeting.list.slug == MailingList.FORUM and members.is_member(person)


def may_get_ready(person: Person | AnonymousUser) -> bool:
    """Whether someone prepares meetings in the admin."""
    return isinstance(person, Person) and person.is_active and person.is_staff and bool(person.office)


def may_have_link(invitation: Invitation, now: datetime) -> bool:
    """Whether whoever holds a mailed link still gets the joining link with it: invited, and the meeting not over."""
    entry = invitation.entry
    return (
        entry.ended_at is None
        and entry.meeting.ends_at > now
        and invitation.withdrawn_at is None
        and invitation.person.is_active
        and pages.keeps_entry(invitation)
    )
