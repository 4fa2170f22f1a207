"""The welcome: once to whoever comes on to the Forum's list, never to a list that was there before."""

import importlib
from collections.abc import Callable

import pytest
from django.apps import apps
from django.test import Client

from forum.kit import clock, links, tokens
from forum.outbox.models import Message
from meetings import actions, invitations, tasks, welcomes
from meetings.models import Meeting, Welcome
from members import actions as members
from members.models import MailingList, Person, Subscription
from tests import make
from tests.conftest import Hand
from tests.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def year(forum_list: MailingList) -> list[Meeting]:
    """Past, invited, cancelled, to come, and next year."""
    made = [
        make.meeting("2025-10-08 10:00", invite_at=make.london("2025-09-17 09:00")),
        make.meeting("2025-11-06 10:00", invite_at=make.london("2025-10-16 09:00"), theme="Coaching"),
        make.meeting("2025-12-02 10:00", invite_at=make.london("2025-11-11 09:00")),
        make.meeting("2026-03-03 10:00"),
        make.meeting("2026-09-08 10:00"),
    ]
    return made


def test_nadia_gets_one_welcome_and_what_is_out_already(
    year: list[Meeting], tracy: Person, fenwright: object, portal_clock: Hand
):
    Welcome.objects.create(
        subscription=Subscription.objects.get(person=tracy),
        opened_at=Subscription.objects.get(person=tracy).started_at,
    )
    actions.cancel_meeting(year[3], reason="Away", by=tracy)
    portal_clock.passes(minutes=3)
    invitations.reconcile(clock.now())
    nadia = members.add_person(
        email="nadia.farouk@fenwright.example",
        name="Nadia Farouk",
        trust=fenwright,
        kind="lead",
        of_list=MailingList.objects.get(slug="forum"),
        by=tracy,
    )
    tasks.reconcile()
    tasks.reconcile()
    got = list(Message.objects.filter(person_id=nadia.pk).order_by("mailing__kind").select_related("mailing"))
    assert [(row.mailing.kind, row.about) for row in got] == [
        ("invitation", f"entry:{year[1].entries.get().pk}"),
        ("welcome", f"person:{nadia.pk}"),
    ]
    text = got[1].mailing.text
    assert "Thursday 6 November 2025" in text and "Tuesday 2 December 2025" in text
    assert not any(day in text for day in ("8 October", "3 March", "September 2026"))
    feed = links.absolute(f"/feed/{tokens.make(nadia.feed_key, 'feed')}/")
    assert got[1].slots["feed_url"] == feed
    assert text.index("feed_url") < text.index("This file does not update")
    assert "We keep your name, address, trust and answers" in text
    assert "I know the sender" in text and "add a colleague" not in text


def test_a_colleague_learns_who_added_them(
    year: list[Meeting], priya: Person, callum: Person, whinfell: object
):
    welcomes.welcome(clock.now())
    row = Message.objects.get(person_id=callum.pk)
    assert (
        row.slots["why"].startswith("You get this because Priya")
        and "Whinfell Learning Trust" in row.slots["why"]
    )


def test_nobody_is_welcomed_who_came_with_an_earlier_list_or_wants_no_mail(
    year: list[Meeting], portal_clock: Hand
):
    make.subscribed(basis=Subscription.Basis.IMPORTED)
    make.subscribed(from_at=make.london("2025-11-11 09:00"))
    make.subscribed(make.person(mail_paused_at=clock.now()))
    make.subscribed(make.person(is_active=False))
    members.stop_everything(make.subscribed(), takes_entries_out=True, by=None)
    assert welcomes.welcome(clock.now()) == 0
    assert Welcome.objects.count() == 0
    portal_clock.set("2025-11-11 09:00")
    assert welcomes.welcome(clock.now()) == 1, "their day has come"


def test_it_goes_in_quiet_dates_too(year: list[Meeting], portal_clock: Hand):
    portal_clock.set("2025-12-24 12:00")
    make.subscribed(started_at=clock.now())
    assert welcomes.welcome(clock.now()) == 1


def test_an_upgrade_welcomes_nobody():
    people = [make.subscribed() for _ in range(3)]
    importlib.import_module("meetings.migrations.0002_welcome").count_as_welcomed(apps, None)
    assert welcomes.welcome(clock.now()) == 0
    who = people[0]
    members.unsubscribe(who, lists=[make.forum_list()], takes_entries_out=True, by=None)
    members.resume_lists(who, lists=[make.forum_list()])
    assert welcomes.welcome(clock.now()) == 0, "an unsubscription that was undone is no new beginning"
    members.unsubscribe(who, lists=[make.forum_list()], takes_entries_out=True, by=None)
    members.subscribe(who, of_list=make.forum_list(), by=who)
    assert welcomes.welcome(clock.now()) == 1


def test_without_dates_it_says_nothing_of_them():
    make.subscribed()
    welcomes.welcome(clock.now())
    text = Message.objects.get().mailing.text
    assert "dates to come" not in text and "file" not in text


def test_the_note_for_it_names_sender_and_domain(visitor: Client, settings: object):
    words = text_of(visitor.get("/meetings/for-it/"))
    assert settings.MAIL_FROM in words and settings.MAIL_DOMAIN in words


def test_the_chairs_screen_says_what_they_will_get(tracy: Person, as_person: Callable[[Person], Client]):
    who = make.person()
    page = as_person(tracy).get(f"/admin/members/person/{who.pk}/list/")
    assert "a welcome with the dates" in text_of(page)
