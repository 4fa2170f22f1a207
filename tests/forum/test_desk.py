"""The chairs' desk: what needs a chair, who does it, what was done; and the admin's own doors."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from forum import desk
from forum.audit.models import AuditEntry
from forum.kit import clock
from forum.outbox import post
from forum.outbox.models import Message
from meetings import actions, invitations
from meetings.models import Invitation
from members.models import Person
from tests import make
from tests.conftest import Hand
from tests.pages import NOT_INLINE, text_of, title_of

pytestmark = pytest.mark.django_db

type SignIn = Callable[[Person], Client]


@pytest.fixture
def chair(tracy: Person, as_person: SignIn) -> Client:
    """The chair's browser."""
    return as_person(tracy)


@pytest.fixture
def unready(forum_list: object) -> object:
    """A meeting without a link, whose invitations go in 22 days; all else is in order."""
    return make.meeting(
        "2025-12-02 10:00",
        invite_at=make.london("2025-11-11 09:00"),
        theme="Support staff",
        agenda="10:00am Go",
    )


def press(chair: Client, act: str, key: str) -> str:
    return text_of(chair.post(reverse("admin:desk"), {"act": act, "key": key}, follow=True))


def key_of(what: str) -> str:
    return next(need.key for source in desk.SOURCES for need in source(clock.now()) if what in need.title)


def test_who_may_come_in(visitor, priya, grace, callum, sam, tracy, as_person):
    index = reverse("admin:index")
    stranger = visitor.get(index, follow=True)
    assert stranger.redirect_chain[-1][0].startswith(reverse("account_login"))
    for who in (priya, grace, callum):
        assert as_person(who).get(index).status_code == 403
        assert as_person(who).get(reverse("admin:login")).status_code == 403
    for who in (sam, tracy):
        assert as_person(who).get(index).status_code == 200


def test_nobody_gets_in_without_an_office_or_without_being_let_in(tracy, sam, as_person):
    Person.objects.filter(pk=tracy.pk).update(office="")
    Person.objects.filter(pk=sam.pk).update(is_staff=False)
    for who in (tracy, sam):
        assert as_person(who).get(reverse("admin:index")).status_code == 403


def test_the_title_counts(chair, unready):
    page = chair.get(reverse("admin:index"))
    assert title_of(page) == "1 thing — Forum admin"
    words = text_of(page)
    assert "1 thing needs you Monday 20 October 2025, 9:00am. About 2 minutes in all." in words
    assert "Tuesday 2 December has no joining link" in words
    assert "Invitations go on Tuesday 11 November, in 22 days." in words


def test_one_filled_button_and_at_most_seven_items(chair, forum_list):
    for day in range(3, 13):
        make.meeting(f"2025-11-{day:02d} 10:00", invite_at=clock.now() + timedelta(days=3))
    page = chair.get(reverse("admin:index"))
    assert title_of(page) == "10 things — Forum admin"
    ledger = re.search(r'(?s)<ul class="ledger">.*?</ul>', page.content.decode())
    assert ledger
    assert len(re.findall(r"<li>", ledger[0])) == desk.AT_MOST
    buttons = re.findall(r'<a\s+class="([^"]*)"', ledger[0])
    assert [" ".join(one.split()) for one in buttons] == ["button"] + ["button button-second"] * 6
    assert "3 things more" in text_of(page)


def test_when_nothing_needs_a_chair(chair, tracy, priya):
    meeting = make.meeting(
        invite_at=clock.now() - timedelta(days=4), theme="Early career", join_url="https://zoom.example/j/1"
    )
    meeting.entries.update(settles_at=None, before=None, act="")
    invitations.reconcile(clock.now())
    actions.give_answer(Invitation.objects.get(person=priya), choice="yes", note="")
    page = chair.get(reverse("admin:index"))
    assert title_of(page) == "Forum admin"
    assert "Nothing needs you. Next meeting: Thursday 6 November 2025, 10:00am, 1 coming." in text_of(page)
    assert "1 yes, 0 maybe, 0 no, 1 not yet" in text_of(page)


def test_invitations_that_can_still_be_called_back_go_without_the_link(chair, unready, tracy, portal_clock):
    actions.send_now(unready, by=tracy)
    assert "Invitations are on their way without the link." in text_of(chair.get(reverse("admin:index")))
    portal_clock.passes(minutes=3)
    page = text_of(chair.get(reverse("admin:index")))
    assert "People are invited and wait for the link." in page


def test_banners_fold_and_the_present_meeting_s_comes_first(chair, unready, tracy, portal_clock):
    other = make.meeting("2026-01-13 10:00", invite_at=make.london("2025-12-09 09:00"))
    actions.edit_words(unready, theme="One", agenda="", announce=False, by=tracy)
    portal_clock.passes(seconds=10)
    actions.edit_words(other, theme="Two", agenda="", announce=False, by=tracy)

    def banners(address: str) -> list[str]:
        return re.findall(r"(?:Tuesday (?:2|13).{1,20}You can undo this)|1 more can be undone", address)

    def seen(address: str) -> list[str]:
        return [words[:11] for words in banners(text_of(chair.get(address)))]

    assert seen(reverse("admin:index")) == ["Tuesday 13 ", "1 more can ", "Tuesday 2 D"]
    there = reverse("admin:meetings_meeting_change", args=[unready.pk])
    assert seen(there) == ["Tuesday 2 D", "1 more can ", "Tuesday 13 "]
    portal_clock.passes(minutes=3)
    assert "Saved." not in text_of(chair.get(there))


def test_an_empty_portal(chair):
    page = text_of(chair.get(reverse("admin:index")))
    assert "Set up 2025 to 2026" in page and "Paste dates" in page
    assert "No meetings yet" in page


def test_the_sign_in_before_this_one_goes_by_the_portal_s_clock(visitor, tracy):
    app = make.second_step(tracy)

    def sign_in(ahead: int = 0) -> str:
        visitor.post("/sign-in/", {"email": tracy.email})
        code = re.search(r"\d{3} \d{3}", mail.outbox[-1].subject)
        assert code
        visitor.post("/sign-in/code/", {"code": code[0], "next": "/admin/"})
        visitor.post("/sign-in/second-step/", {"code": make.figures(app, ahead=ahead)})
        return text_of(visitor.get(reverse("admin:index")))

    assert "You last signed in" not in sign_in()
    visitor.logout()
    Person.objects.filter(pk=tracy.pk).update(last_login=clock.real() - timedelta(days=3))
    assert "You last signed in on Friday 17 October, " in sign_in(ahead=1)


def test_django_s_own_sign_out_page_is_never_shown(chair):
    assert 'action="/sign-out/"' in chair.get(reverse("admin:index")).content.decode()
    assert chair.post(reverse("admin:logout"))["Location"] == reverse("account_logout")
    assert chair.get(reverse("admin:index")).status_code == 200
    assert chair.post(reverse("account_logout"))["Location"] == "/"
    assert chair.get(reverse("admin:index")).status_code == 302


def test_taking_giving_back_and_taking_over(chair, tracy, sam, unready, as_person):
    key = key_of("no joining link")
    assert "You are on it" in press(as_person(sam), "taken", key)
    seen_by_tracy = text_of(chair.get(reverse("admin:index")))
    assert "Sam is on it Take it over" in seen_by_tracy
    assert "I will do it" not in seen_by_tracy
    assert "You are on it Give it back" in press(chair, "taken", key)
    assert "Tracy is on it" in text_of(as_person(sam).get(reverse("admin:index")))
    assert "I will do it" in press(chair, "given_back", key)
    verbs = AuditEntry.objects.filter(about=f"need:{key}").order_by("id").values_list("verb", "by_id")
    assert list(verbs) == [("desk.taken", sam.pk), ("desk.taken", tracy.pk), ("desk.given_back", tracy.pk)]


def test_not_now_lasts_until_tomorrow_and_for_oneself(chair, sam, unready, as_person, portal_clock: Hand):
    key = key_of("no joining link")
    page = press(chair, "put_off", key)
    assert "Nothing needs you" in page and "You put 1 thing off until tomorrow. Show it" in page
    assert "has no joining link" in text_of(chair.get(reverse("admin:index") + "?put-off"))
    assert "has no joining link" in text_of(as_person(sam).get(reverse("admin:index")))
    press(as_person(sam), "taken", key)
    assert "Nothing needs you" in text_of(chair.get(reverse("admin:index")))
    portal_clock.passes(days=1)
    assert "has no joining link" in text_of(chair.get(reverse("admin:index")))


def test_what_is_done_already_is_said(chair, unready, tracy):
    key = key_of("no joining link")
    actions.change_link(unready, join_url="https://zoom.example/j/1", join_id="", passcode="", by=tracy)
    assert "That is done already." in press(chair, "taken", key)
    assert not AuditEntry.objects.filter(verb="desk.taken").exists()


@pytest.mark.parametrize(
    "data", [{}, {"act": "taken"}, {"act": "taken", "key": ""}, {"act": "x", "key": "a"}]
)
def test_a_press_without_sense_is_refused(data, chair, unready):
    assert chair.post(reverse("admin:desk"), data).status_code == 400
    assert not AuditEntry.objects.filter(verb__startswith="desk.").exists()


def test_the_desk_s_door(visitor, priya, tracy, as_person):
    assert visitor.post(reverse("admin:desk")).status_code == 302
    assert as_person(priya).post(reverse("admin:desk")).status_code == 403
    assert as_person(tracy).get(reverse("admin:desk")).status_code == 405


def test_opening_the_desk_changes_nothing(chair, unready):
    before = AuditEntry.objects.count(), Message.objects.count()
    chair.get(reverse("admin:index"))
    assert (AuditEntry.objects.count(), Message.objects.count()) == before


def test_what_was_done(chair, tracy, unready):
    actions.change_link(unready, join_url="https://zoom.example/j/1", join_id="", passcode="", by=tracy)
    page = text_of(chair.get(reverse("admin:index")))
    assert "Today, 9:00am Tracy Goodyear set the joining link of 2 December. Nobody had been invited." in page
    assert "All of what was done" in page


def test_everything_else_leads_somewhere(chair, unready, whinfell, priya):
    page = chair.get(reverse("admin:index"))
    section = re.search(r'(?s)id="everything-else".*', page.content.decode())
    assert section
    links = re.findall(r'<a\s+href="([^"]+)"', section[0])
    assert len(links) >= 10
    for address in links:
        assert chair.get(address).status_code == 200, address
    assert "Trusts 1 Add" in text_of(page) and "People 2 Add" in text_of(page)


def test_sending_that_stands_still_is_listed(chair, tracy):
    post.stop_sending(by=tracy.pk, why="A fault in the letters", now=clock.now())
    page = text_of(chair.get(reverse("admin:index")))
    assert "Sending is switched off A fault in the letters." in page


def test_as_many_queries_for_many_as_for_one(chair, unready, priya, django_assert_max_num_queries):
    press(chair, "taken", key_of("no joining link"))
    make.trust()
    with django_assert_max_num_queries(45) as few:
        chair.get(reverse("admin:index"))
    for day in range(3, 13):
        make.meeting(f"2025-12-{day:02d} 10:00", invite_at=clock.now() + timedelta(days=3))
        make.subscribed()
        make.trust()
    with django_assert_max_num_queries(len(few.captured_queries)):
        chair.get(reverse("admin:index"))


def test_no_inline_script_or_style(chair, unready):
    page = chair.get(reverse("admin:index")).content.decode()
    assert not NOT_INLINE.search(page)


def test_all_of_what_was_done(chair, visitor, priya, tracy, unready, as_person):
    address = reverse("admin:done")
    assert visitor.get(address).status_code == 302
    assert as_person(priya).get(address).status_code == 403
    assert chair.post(address).status_code == 405
    post.stop_sending(by=tracy.pk, why="", now=clock.now())
    post.resume_sending(by=tracy.pk)
    actions.cancel_meeting(unready, reason="No room", by=tracy)
    page = text_of(chair.get(address))
    assert "Tracy Goodyear cancelled 2 December. Nobody had been invited." in page
    assert "Tracy Goodyear stopped all mail." in page and "Tracy Goodyear let mail go again." in page
