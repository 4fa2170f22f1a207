"""A chair's browser, and three meetings for the tests, each with a joining link."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from forum.kit import clock
from forum.outbox.models import Message
from meetings import actions, invitations
from meetings.models import Invitation, Meeting
from members.models import Person
from tests import make
from tests.meetings.views import LINK


def url(screen: str, meeting: Meeting | int) -> str:
    """The address of one screen about a meeting in the admin."""
    return reverse(f"admin:meetings_meeting_{screen}", args=[getattr(meeting, "pk", meeting)])


@pytest.fixture
def chair(tracy: Person, as_person: Callable[[Person], Client]) -> Client:
    """The chair's browser."""
    return as_person(tracy)


@pytest.fixture
def coming(forum_list: object) -> Meeting:
    """A meeting whose invitation day is still to come."""
    return make.meeting(
        "2025-12-02 10:00", invite_at=make.london("2025-11-11 09:00"), theme="Support staff", join_url=LINK
    )


@pytest.fixture
def invited(tracy: Person, priya: Person, callum: Person, nadia: Person) -> Meeting:
    """A meeting to which four people hold invitations that were sent."""
    meeting = make.meeting(invite_at=clock.now() - timedelta(days=4), theme="Early career", join_url=LINK)
    meeting.entries.update(settles_at=None, before=None, act="")  # its two minutes are long over
    invitations.reconcile(clock.now())
    Message.objects.update(state="sent", handed_at=clock.real(), sent_at=clock.real())
    answer(meeting, priya, "yes")
    answer(meeting, nadia, "no")
    return meeting


@pytest.fixture
def november(forum_list: object) -> Meeting:
    """A meeting to come that people are invited to."""
    return make.meeting(
        "2025-11-06 10:00",
        invite_at=make.london("2025-10-16 09:00"),
        theme="Early career teachers",
        agenda="10:00am Welcome\n10:10am Three trusts",
        join_url=LINK,
        join_id="845 1220 7731",
        passcode="306 114",
    )


def answer(meeting: Meeting, who: Person, choice: str) -> None:
    invitation = Invitation.objects.get(entry__meeting=meeting, person=who)
    actions.give_answer(invitation, choice=choice, note="")
