"""The chairs see, test, plan and send invitations, and look who got them."""

import re
from datetime import timedelta

import pytest

from forum.audit.models import AuditEntry
from forum.kit import clock
from forum.outbox.models import Message
from meetings import actions, invitations
from members.models import Person
from tests import make
from tests.conftest import Hand
from tests.meetings.conftest import url
from tests.pages import hidden, text_of, title_of

pytestmark = pytest.mark.django_db

# --- Preview, test, send --------------------------------------------------------------------------------------------


def test_the_preview_counts_and_locks_the_message_in(chair, coming, priya, callum):
    Person.objects.filter(pk=callum.pk).update(mail_paused_at=clock.now())
    page = chair.get(url("preview", coming))
    words = text_of(page)
    assert "2 people in 1 trust; 1 address paused" in words
    assert "Tuesday 11 November 2025, 9:00am, by itself" in words
    assert "Send me a test" in words and "Send now" in words
    frame = re.search(r"(?s)<iframe.*?>", page.content.decode())
    assert frame and "sandbox" in frame[0] and url("message_html", coming) in frame[0]
    html = chair.get(url("message_html", coming))
    assert html["X-Frame-Options"] == "SAMEORIGIN"
    assert "default-src 'none'" in html["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in html["Content-Security-Policy"]


def test_a_test_goes_to_the_chair_alone_and_once(chair, coming, tracy, priya):
    data = hidden(chair.get(url("preview", coming)))
    done = chair.post(url("test", coming), data, follow=True)
    assert f"A test is on its way to {tracy.email}" in text_of(done)
    message = Message.objects.get()
    assert (message.person_id, message.mailing.kind) == (tracy.pk, "test")
    assert message.mailing.subject.startswith("[Test] ")
    again = chair.post(url("test", coming), data, follow=True)
    assert "This test was sent already" in text_of(again)
    chair.post(url("test", coming), {})
    assert Message.objects.count() == 1


def test_sending_now_asks_with_the_number_and_sends_once(chair, coming, priya, sam, portal_clock: Hand):
    page = chair.get(url("send", coming))
    assert title_of(page) == "Send to 3 people? — Forum admin"
    assert "One message each, ‘Forum meeting: Tuesday 2 December 2025, 10:00am’" in text_of(page)
    done = chair.post(url("send", coming), hidden(page), follow=True)
    assert "Invitations are on their way. 3 messages leave at 9:02am." in text_of(done)
    again = chair.post(url("send", coming), hidden(page), follow=True)
    assert "These invitations have gone out already. Nothing is sent twice." in text_of(again)
    assert AuditEntry.objects.filter(verb="meetings.sent").count() == 1
    portal_clock.passes(minutes=3)
    assert invitations.reconcile(clock.now()).invited == 3
    page = text_of(chair.get(url("change", coming)))
    assert "Sending: 0 of 3" in page and "0 of 3 messages sent, 3 on the way" in page


def test_sending_now_after_somebody_else_s_move_is_refused_kindly(chair, coming, sam):
    page = chair.get(url("send", coming))
    starts_at = make.london("2025-12-03 10:00")
    actions.move_meeting(
        coming,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        invite_at=coming.invite_at,
        by=sam,
    )
    answered = chair.post(url("send", coming), hidden(page))
    assert "Somebody changed this meeting while you were looking" in text_of(answered)
    coming.refresh_from_db()
    assert coming.invite_at == make.london("2025-11-11 09:00")


def test_another_invitation_day(chair, coming, priya):
    page = chair.get(url("plan", coming))
    done = chair.post(
        url("plan", coming), {**hidden(page), "when": "on", "day": "Wednesday 12 November"}, follow=True
    )
    assert "Invitation day set. Nobody is mailed." in text_of(done)
    coming.refresh_from_db()
    assert coming.invite_at == make.london("2025-11-12 09:00")
    page = chair.get(url("plan", coming))
    chair.post(url("plan", coming), {**hidden(page), "when": "leave"})
    coming.refresh_from_db()
    assert coming.invite_at is None
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({}, "Choose when its invitations go"),
        ({"when": "now"}, "Choose when its invitations go"),
        ({"when": "on"}, "Enter the day, like Friday 24 October"),
        (
            {"when": "on", "day": "Wednesday 8 October"},
            "Choose a day from tomorrow on and before the meeting",
        ),
        ({"when": "on", "day": "2 December"}, "Choose a day from tomorrow on and before the meeting"),
    ],
)
def test_an_invitation_day_that_cannot_be(typed, error, chair, coming):
    page = chair.post(url("plan", coming), typed)
    assert title_of(page).startswith("Error:")
    assert f"There is a problem {error}" in text_of(page)


# --- Who got it -----------------------------------------------------------------------------------------------------


def test_who_got_it_and_who_did_not(chair, invited, priya, tracy):
    Message.objects.filter(person_id=priya.pk).update(
        state="failed", sent_at=None, handed_at=None, smtp_code=550, error="No such user"
    )
    page = chair.get(url("people", invited))
    words = text_of(page)
    assert "Everyone (4)" in words and "Got it (3)" in words and "Did not get it (1)" in words
    refused = text_of(chair.get(url("people", invited), {"state": "refused"}))
    assert "Priya Raman priya.raman@whinfell.example Refused 550 No such user" in refused
    assert "Callum" not in refused
    done = chair.post(url("try_again", invited), follow=True)
    assert "1 letter goes again within a minute" in text_of(done)
    assert AuditEntry.objects.get(verb="meetings.tried_again").by_id == tracy.pk
    assert invitations.reconcile(clock.now()).invited == 1
    again = chair.post(url("try_again", invited), follow=True)
    assert "Nothing was refused that could go again" in text_of(again)


def test_the_list_of_people_is_paged_and_needs_as_many_queries_for_many(
    chair, invited, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(20) as few:
        chair.get(url("people", invited))
    for _ in range(60):
        make.subscribed()
    invitations.reconcile(clock.now())
    with django_assert_num_queries(len(few.captured_queries)):
        page = chair.get(url("people", invited))
    assert "1 to 50 of 64" in text_of(page)
    assert "51 to 64 of 64" in text_of(chair.get(url("people", invited), {"page": 2, "state": "nonsense"}))


def test_nobody_was_sent_anything_yet(chair, coming):
    assert "Nobody has been sent anything yet" in text_of(chair.get(url("people", coming)))
