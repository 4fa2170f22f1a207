"""The chairs' screens about a meeting: who may, what they show, words and link."""

import re

import pytest
from django.urls import reverse

from forum.audit.models import AuditEntry
from forum.kit import clock
from forum.outbox.models import Message
from meetings import actions, invitations
from meetings.models import Answer, CalendarEntry, Invitation, Meeting, Revision
from members.models import Person, Subscription
from tests import make
from tests.conftest import Hand
from tests.meetings.conftest import LINK, url
from tests.pages import NOT_INLINE, hidden, rows_of, text_of, title_of

pytestmark = pytest.mark.django_db

READ = (
    "change",
    "words",
    "link",
    "move",
    "cancel",
    "preview",
    "send",
    "plan",
    "message",
    "message_html",
    "people",
)
ONLY_POST = ("undo", "test", "try_again")
ONLY_READ = ("change", "preview", "message", "message_html", "people")
TABLES = (
    *(Meeting, CalendarEntry, Revision, Invitation, Answer, Message, AuditEntry),
    *(Person, Subscription),
)


def rows() -> dict[str, list[object]]:
    return rows_of(*TABLES)


# --- Who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("screen", [*READ, *ONLY_POST])
def test_the_doors(screen, coming, visitor, priya, grace, tracy, sam, as_person):
    address = url(screen, coming)
    sends = "post" if screen in ONLY_POST else "get"
    stranger = getattr(visitor, sends)(address)
    assert stranger.status_code == 302
    assert stranger["Location"].startswith((reverse("account_login"), reverse("admin:login")))
    for who in (priya, grace):
        assert getattr(as_person(who), sends)(address).status_code == 403
    for who in (tracy, sam):
        assert getattr(as_person(who), sends)(address).status_code in ((302,) if sends == "post" else (200,))


def test_a_former_office_holder_is_refused(coming, tracy, as_person):
    Person.objects.filter(pk=tracy.pk).update(office="")
    assert as_person(tracy).get(url("change", coming)).status_code == 403


@pytest.mark.parametrize("screen", [*READ, *ONLY_POST])
def test_a_meeting_that_is_not_there(screen, chair, forum_list):
    method = chair.post if screen in ONLY_POST else chair.get
    assert method(url(screen, 987)).status_code == 404


@pytest.mark.parametrize("screen", ONLY_POST)
def test_a_press_needs_a_press(screen, chair, coming):
    assert chair.get(url(screen, coming)).status_code == 405


@pytest.mark.parametrize("screen", ONLY_READ)
def test_what_only_shows_takes_no_post(screen, chair, coming):
    assert chair.post(url(screen, coming)).status_code == 405


def test_django_s_own_form_and_deletion_are_shut(chair, coming):
    base = reverse("admin:meetings_meeting_changelist")
    before = rows()
    quoted = f"{base}_3{str(coming.pk)[0]}{str(coming.pk)[1:]}/change/"
    assert chair.get(quoted).status_code == 404
    assert chair.post(quoted, {"theme": "Mine"}).status_code == 404
    assert chair.get(f"{base}add/").status_code == 403
    assert chair.post(f"{base}{coming.pk}/delete/", {"post": "yes"}).status_code == 403
    assert rows() == before


@pytest.mark.parametrize("screen", READ)
def test_reading_changes_no_row(screen, chair, invited, coming):
    before = rows()
    assert chair.get(url(screen, invited)).status_code in (200, 302)
    assert chair.get(url(screen, coming)).status_code == 200
    assert chair.head(url(screen, coming)).status_code == 200
    assert rows() == before


@pytest.mark.parametrize("screen", [name for name in READ if name != "message_html"])
def test_pages_hold_no_inline_script_or_style(screen, chair, invited, coming):
    for meeting in (invited, coming):
        page = chair.get(url(screen, meeting), follow=True).content.decode()
        assert not NOT_INLINE.search(page)


def test_every_form_has_its_token_and_browser_validation_is_off(chair, invited, coming):
    for screen in ("words", "link", "move", "cancel", "send", "plan"):
        page = chair.get(url(screen, coming)).content.decode()
        own = [form for form in re.findall(r"<form[^>]*>", page) if "action=" not in form]
        assert own and all("novalidate" in form for form in own), screen


# --- One meeting's own screen ---------------------------------------------------------------------------------------


def test_the_meeting_s_own_screen_counts(chair, invited):
    page = text_of(chair.get(url("change", invited)))
    assert "Forum meeting, 1 of 1" in page
    assert "1 yes, 0 maybe, 1 no, 2 not yet" in page
    assert "Sent to 4 people" in page


def test_the_list_says_how_meetings_stand(chair, invited, coming):
    page = text_of(chair.get(reverse("admin:meetings_meeting_changelist")))
    assert "Invited" in page and "Ready" in page
    assert "Set up a year" in page


def test_a_held_meeting_offers_no_change(chair, invited, portal_clock: Hand):
    portal_clock.set("2025-11-07 09:00")
    page = text_of(chair.get(url("change", invited)))
    assert "Held" in page
    assert "Move this meeting" not in page and "Cancel this meeting" not in page
    for screen in ("move", "cancel", "link", "send", "plan"):
        assert chair.get(url(screen, invited)).status_code == 302


# --- Words ----------------------------------------------------------------------------------------------------------


def test_words_are_saved_quietly(chair, invited, tracy, portal_clock: Hand):
    page = chair.get(url("words", invited))
    assert "Save and tell 4 people" in text_of(page)
    sent = {
        **hidden(page),
        "theme": "Early  career teachers",
        "agenda": "10:00am Welcome\r\n",
        "how": "quiet",
    }
    assert chair.post(url("words", invited), sent)["Location"] == url("change", invited)
    invited.refresh_from_db()
    assert (invited.theme, invited.agenda) == ("Early career teachers", "10:00am Welcome")
    portal_clock.passes(minutes=3)
    assert invitations.reconcile(clock.now()).changed == 0
    entry = AuditEntry.objects.get(verb="meetings.edited")
    assert (entry.by_id, entry.facts["told"]) == (tracy.pk, 0)


def test_words_are_told_on_wish(chair, invited, portal_clock: Hand):
    page = chair.get(url("words", invited))
    chair.post(url("words", invited), {**hidden(page), "theme": "New", "agenda": "", "how": "tell"})
    assert "4 messages leave at 9:02am" in text_of(chair.get(url("change", invited)))
    portal_clock.passes(minutes=3)
    assert invitations.reconcile(clock.now()).changed == 4


def test_words_typed_too_long_are_kept(chair, coming):
    page = chair.post(url("words", coming), {"theme": "x" * 201, "agenda": "10:00am Welcome"})
    assert title_of(page) == "Error: Theme and agenda — Forum admin"
    assert "There is a problem Shorten the theme to 200 characters" in text_of(page)
    assert "x" * 201 in page.content.decode() and "10:00am Welcome" in page.content.decode()


def test_words_changed_meanwhile_are_not_overwritten(chair, coming, sam):
    page = chair.get(url("words", coming))
    actions.edit_words(coming, theme="Sam’s theme", agenda="", by=sam)
    answered = chair.post(
        url("words", coming), {**hidden(page), "theme": "Mine", "agenda": "", "how": "quiet"}
    )
    assert "Somebody changed this meeting while you were looking" in text_of(answered)
    assert "Sam’s theme" in text_of(answered) and 'value="Mine"' in answered.content.decode()
    coming.refresh_from_db()
    assert coming.theme == "Sam’s theme"


# --- Link -----------------------------------------------------------------------------------------------------------


def test_a_first_link_before_the_invitations_tells_nobody(chair, forum_list, priya):
    meeting = make.meeting("2025-12-02 10:00", invite_at=make.london("2025-11-11 09:00"))
    page = chair.get(url("link", meeting))
    assert "Save the link" in text_of(page)
    data = {**hidden(page), "join_url": LINK, "join_id": "845", "passcode": "1"}
    assert chair.post(url("link", meeting), data)["Location"] == url("change", meeting)
    meeting.refresh_from_db()
    assert (meeting.join_url, meeting.join_id, meeting.passcode) == (LINK, "845", "1")
    assert not Message.objects.exists()


def test_another_link_is_told_after_a_screen_with_the_number(chair, invited, portal_clock: Hand):
    page = chair.get(url("link", invited))
    data = {**hidden(page), "join_url": "https://zoom.example/j/2", "join_id": "", "passcode": ""}
    confirm = chair.post(url("link", invited), data)
    assert title_of(confirm).startswith("4 people have this in their calendars. Send them the change?")
    assert "quietly" not in text_of(confirm)
    invited.refresh_from_db()
    assert invited.join_url == LINK
    assert hidden(confirm)["join_url"] == "https://zoom.example/j/2"
    chair.post(url("link", invited), hidden(confirm))
    invited.refresh_from_db()
    assert invited.join_url == "https://zoom.example/j/2"
    portal_clock.passes(minutes=3)
    assert invitations.reconcile(clock.now()).changed == 4


@pytest.mark.parametrize("typed", ["", "zoom", "http://zoom.example/j/1", "javascript:alert(1)"])
def test_a_link_is_a_whole_https_address(typed, chair, coming):
    page = chair.post(url("link", coming), {"join_url": typed})
    assert title_of(page) == "Error: Joining link — Forum admin"
