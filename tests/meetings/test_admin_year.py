"""«Set up a year» as its requests go: nothing is saved before the last press, nobody is invited unasked."""

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from forum.kit import clock
from forum.outbox.models import Message
from meetings import actions, invitations
from meetings.models import Meeting
from members.models import Person
from tests import make
from tests.conftest import Hand
from tests.pages import text_of, title_of

pytestmark = pytest.mark.django_db
LATE = "Thursday 6th November 2025\nTuesday 2nd December\nWednesday 7th January\nThursday 5th February\n"


def press(chair: Client, text: str = LATE, **fields: str) -> HttpResponse:
    sent = {"dates": text, "starts": "10:00am", "ends": "11:30am"} | fields
    return chair.post(reverse("admin:meetings_set_up_year"), sent, follow=True)


def button(page: HttpResponse) -> tuple[str, dict[str, str]]:
    """The main button's words and what it sends."""
    found = re.search(
        r'(?s)<button class="button"\s+type="submit"\s+name="(\w+)"\s+value="([^"]*)">(.*?)</button>',
        page.content.decode(),
    )
    assert found
    return " ".join(found[3].replace("\u00a0", " ").split()), {found[1]: found[2]}


def test_a_passed_invitation_day_is_asked_about(chair: Client, priya: Person):
    page = press(chair)
    assert "6 November: its day (16 October) has passed. When do its invitations go?" in text_of(page)
    assert "Invite 2 people now" in text_of(page)
    words, sent = button(page)
    assert words == "Check again"
    again = press(chair, **sent)
    assert title_of(again).startswith("Error:")
    assert "Row 1: Choose when its invitations go" in text_of(again)
    assert not Meeting.objects.exists()


def test_inviting_now_is_said_in_the_button_and_can_be_undone(
    chair: Client, priya, tracy, portal_clock: Hand
):
    page = press(chair, again="yes", **{"invite-1": "now"})
    words, sent = button(page)
    assert words == "Create 4 meetings and invite 2 people to 6 November"
    done = press(chair, **sent, **{"invite-1": "now"})
    assert "4 meetings created. The invitations for 6 November leave in two minutes" in text_of(done)
    assert "2 messages leave at 9:02am" in text_of(done)
    november = Meeting.objects.get(starts_at=make.london("2025-11-06 10:00"))
    assert invitations.reconcile(clock.now()) == invitations.Tally(settling=1)
    assert actions.undo(november, by=tracy)
    portal_clock.passes(minutes=3)
    assert invitations.reconcile(clock.now()) == invitations.Tally()
    november.refresh_from_db()
    assert november.invite_at is None


def test_a_button_that_promised_something_else_does_nothing(chair: Client, priya: Person):
    _, sent = button(press(chair, again="yes", **{"invite-1": "leave"}))
    page = press(chair, **sent, **{"invite-1": "now"})
    assert not Meeting.objects.exists()
    assert button(page)[0] == "Create 4 meetings and invite 2 people to 6 November"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("banana", "Type one day, with its month"),
        ("Saturday 25 October", "Saturday 25 October is no working day: choose another"),
        ("Friday 17 October", "Choose a day from tomorrow on and before Thursday 6 November"),
        ("Friday 7 November", "Choose a day from tomorrow on and before Thursday 6 November"),
    ],
)
def test_a_day_that_will_not_do_is_said(chair: Client, forum_list: object, typed: str, said: str):
    page = press(chair, again="yes", **{"invite-1": "on", "invite-day-1": typed})
    assert f"Row 1: {said}" in text_of(page)
    assert f'value="{typed}"' in page.content.decode()


def test_another_day_is_kept(chair: Client, priya: Person):
    fields = {"invite-1": "on", "invite-day-1": "Wed 22 Oct"}
    words, sent = button(press(chair, again="yes", **fields))
    assert words == "Create 4 meetings"
    done = press(chair, **sent, **fields)
    assert "No one has been emailed. Invitations start on 22 October 2025." in text_of(done)
    assert not Message.objects.exists()


def test_two_years_that_fit_are_asked_about(chair: Client, forum_list: object):
    page = press(chair, "9 September\n8 October\n")
    text = text_of(page)
    assert "Which school year?" in text and "Choose the school year" in text
    assert title_of(page).startswith("Error:")
    year = re.search(r'name="year" value="(\d+)"', page.content.decode())
    assert year
    assert "2 of 2 dates are good" in text_of(press(chair, "9 September\n8 October\n", year=year[1]))


def test_nonsense_gets_a_sentence_and_is_kept(chair: Client, forum_list: object):
    page = press(chair, "hello\nworld")
    assert "There is no date in this list: paste one on each line" in text_of(page)
    assert "hello" in page.content.decode()


@pytest.mark.parametrize(("starts", "ends"), [("noon-ish", "11:30am"), ("11:30am", "10:00am"), ("", "1pm")])
def test_bad_times_get_a_sentence(chair: Client, forum_list: object, starts: str, ends: str):
    page = press(chair, starts=starts, ends=ends)
    assert title_of(page).startswith("Error:")
    assert not Meeting.objects.exists()


def test_pressing_twice_creates_once(chair: Client, forum_list: object):
    fields = {"invite-1": "leave"}
    _, sent = button(press(chair, again="yes", **fields))
    press(chair, **sent, **fields)
    again = press(chair, **sent, **fields)
    assert "4 of 4 are already set up" in text_of(again)
    assert Meeting.objects.count() == 4


def test_others_stay_outside(as_person, priya: Person, visitor: Client):
    assert as_person(priya).get(reverse("admin:meetings_set_up_year")).status_code in {302, 403}
    assert visitor.get(reverse("admin:meetings_set_up_year")).status_code == 302
