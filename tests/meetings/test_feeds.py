"""Calendar feeds: everybody's and each person's own, right by UID and SEQUENCE, asked for again for nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar, Event

from forum.audit.models import AuditEntry
from forum.kit import clock, tokens
from forum.outbox.letter import fill_calendar
from forum.outbox.models import Message
from meetings import actions, invitations
from meetings.models import CalendarEntry, Invitation, Meeting
from members import actions as members
from members.models import MailingList, Person
from tests import make
from tests.conftest import Hand
from tests.pages import rows_of, text_of

pytestmark = pytest.mark.django_db

PUBLIC = "/meetings/dates.ics"
LINK = "https://zoom.example/j/9"


@pytest.fixture
def november(forum_list: MailingList, priya: Person, callum: Person) -> Meeting:
    made = make.meeting("2025-11-06 10:00", invite_at=clock.now(), join_url=LINK, theme="Coaching")
    invitations.reconcile(clock.now())
    Message.objects.update(state="sent", handed_at=clock.real(), sent_at=clock.real())
    return made


def path(who: Person) -> str:
    who.refresh_from_db()
    return f"/feed/{tokens.make(who.feed_key, 'feed')}.ics"


def events(body: bytes) -> list[Event]:
    return list(Calendar.from_ical(body).walk("VEVENT"))


def own(who: Person) -> list[Event]:
    return events(Client().get(path(who)).content)


def mailed(who: Person) -> Event:
    row = Message.objects.filter(person_id=who.pk).exclude(mailing__calendar="").latest("id")
    return events(
        fill_calendar(
            row.mailing.calendar, row.slots | {"to_name": row.to_name, "to_address": row.to_address}
        )
    )[0]


def pass_and_post(hand: Hand) -> None:
    hand.passes(minutes=3)
    invitations.reconcile(clock.now())
    Message.objects.filter(state="queued").update(state="sent", handed_at=clock.real(), sent_at=clock.real())


def test_the_own_feed_says_what_the_mail_said(november: Meeting, priya: Person):
    (event,), mail = own(priya), mailed(priya)
    for name in (
        "UID",
        "SEQUENCE",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "LOCATION",
        "ORGANIZER",
        "STATUS",
        "CONFERENCE",
        "URL",
    ):
        assert event.get(name) == mail.get(name), name
    assert "ATTENDEE" not in event and "VALARM" not in {one.name for one in event.subcomponents}
    assert LINK in str(event["LOCATION"])


def test_the_public_feed_has_every_date_and_no_link(november: Meeting):
    make.meeting("2025-12-02 10:00", join_url=LINK)
    body = Client().get(PUBLIC).content
    assert b"zoom" not in body.replace(b"Online (Zoom)", b"").lower() and b"ATTENDEE" not in body
    assert b"METHOD:PUBLISH" in body and b"REFRESH-INTERVAL;VALUE=DURATION:PT6H" in body
    assert [one["DTSTART"].dt.date().isoformat() for one in events(body)] == ["2025-11-06", "2025-12-02"]


def test_whoever_left_and_came_back_has_their_own_sequence(
    november: Meeting, priya: Person, callum: Person, tracy: Person, portal_clock: Hand
):
    members.unsubscribe(callum, lists=[make.forum_list()], takes_entries_out=True, by=tracy)
    pass_and_post(portal_clock)
    members.subscribe(callum, of_list=make.forum_list(), by=callum)
    pass_and_post(portal_clock)
    (event,) = own(callum)
    assert (
        int(event["SEQUENCE"])
        == Invitation.objects.get(person=callum).sequence
        == int(mailed(callum)["SEQUENCE"])
        == 2
    )
    assert int(own(priya)[0]["SEQUENCE"]) == int(events(Client().get(PUBLIC).content)[0]["SEQUENCE"]) == 0


def test_moved_cancelled_and_put_back(november: Meeting, priya: Person, tracy: Person, portal_clock: Hand):
    uid = own(priya)[0]["UID"]
    actions.move_meeting(
        november,
        starts_at=make.london("2025-11-07 13:00"),
        ends_at=make.london("2025-11-07 14:30"),
        invite_at=None,
        by=tracy,
    )
    pass_and_post(portal_clock)
    (event,) = own(priya)
    assert (event["UID"], event["DTSTART"].dt.day, int(event["SEQUENCE"])) == (
        uid,
        7,
        int(mailed(priya)["SEQUENCE"]),
    )
    actions.cancel_meeting(november, reason="Snow", by=tracy)
    pass_and_post(portal_clock)
    for body in (Client().get(PUBLIC).content, Client().get(path(priya)).content):
        (event,) = events(body)
        assert event["STATUS"] == "CANCELLED" and b"zoom.example" not in body
    actions.put_back(november, by=tracy)
    pass_and_post(portal_clock)
    assert [one["STATUS"] for one in own(priya)] == ["CANCELLED", "CONFIRMED"]
    assert len({str(one["UID"]) for one in own(priya)}) == 2
    portal_clock.passes(days=61)
    assert [one["STATUS"] for one in own(priya)] == ["CONFIRMED"]


def test_what_was_taken_out_stays_cancelled_for_a_while(
    november: Meeting, callum: Person, portal_clock: Hand
):
    members.unsubscribe(callum, lists=[make.forum_list()], takes_entries_out=True, by=callum)
    community = make.community("Small trusts")
    make.subscribed(callum, to=community.list)
    Person.objects.get(pk=callum.pk).roles.update(ended_at=clock.now())
    pass_and_post(portal_clock)
    (event,) = own(callum)
    assert (
        event["STATUS"] == "CANCELLED"
        and int(event["SEQUENCE"]) == Invitation.objects.get(person=callum).sequence
    )


def test_a_community_s_sessions_are_in_the_feeds_of_its_members_only(
    november: Meeting, priya: Person, callum: Person
):
    community = make.community("Small trusts")
    make.subscribed(callum, to=community.list)
    make.meeting("2025-11-19 15:45", minutes=60, of_list=community.list)
    assert [len(own(who)) for who in (priya, callum)] == [1, 2]
    assert len(events(Client().get(PUBLIC).content)) == 1


@pytest.mark.parametrize("of", ["public", "own"])
def test_nothing_is_sent_twice_while_nothing_has_changed(
    of: str, november: Meeting, priya: Person, tracy: Person, portal_clock: Hand
):
    where = PUBLIC if of == "public" else path(priya)
    first = Client().get(where)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert first["Cache-Control"].startswith("private, max-age=")
    assert (
        not first.cookies
        and "Cookie" not in first.get("Vary", "")
        and not first.has_header("Content-Disposition")
    )
    portal_clock.passes(hours=5)
    again = Client().get(where, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    # What falls out with time, or is one person's own, has no moment at which it was edited.
    assert not first.has_header("Last-Modified")
    head = Client().head(where)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", first["ETag"])
    actions.edit_words(november, theme="Another theme", agenda="", by=tracy)
    assert Client().get(where, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_new_address_kills_the_old_one(
    november: Meeting, priya: Person, as_person: Callable[[Person], Client]
):
    old = path(priya)
    client = as_person(priya)
    page = client.get("/me/calendar/").content.decode()
    assert old in page and f"webcal://localhost:8000{old}" in page
    client.post("/me/calendar/")
    assert Client().get(old).status_code == 404
    assert Client().get(path(priya)).status_code == 200
    assert path(priya) in client.get("/me/calendar/").content.decode()
    assert AuditEntry.objects.filter(verb="members.feed_renewed", by_id=priya.pk).count() == 1


def test_it_dies_with_membership(november: Meeting, priya: Person, callum: Person, tracy: Person):
    old, other = path(priya), path(callum)
    members.leave_trust(priya, by=tracy)
    Person.objects.filter(pk=callum.pk).update(is_active=False)
    for where in (old, path(priya), other, "/feed/x.ics", f"/feed/{'x' * 3000}.ics", "/feed/%FF%00.ics"):
        assert Client().get(where).status_code in (400, 404), where
    assert Client().get(old.replace(".ics", "/")).status_code == 404


def test_the_token_of_another_purpose_opens_nothing(november: Meeting, priya: Person):
    for key, purpose in ((priya.feed_key, "mail"), (priya.key, "feed"), (priya.key, "mail")):
        assert Client().get(f"/feed/{tokens.make(key, purpose)}.ics").status_code == 404


def test_peace_is_about_mail(november: Meeting, priya: Person):
    members.stop_everything(priya, takes_entries_out=False, by=None)
    assert [one["STATUS"] for one in own(priya)] == ["CONFIRMED"]


def test_how_to_subscribe_needs_no_sign_in_and_changes_nothing(november: Meeting, priya: Person):
    before = rows_of(Person, Invitation, CalendarEntry)
    page = Client().get(path(priya).replace(".ics", "/"))
    words = text_of(page)
    assert "You may see meetings twice" in words and "8 to 24 hours" in words and "Outlook" in words
    assert "Make a new address" not in words and page["Cache-Control"] == "private, no-store"
    assert rows_of(Person, Invitation, CalendarEntry) == before


def test_the_dates_page_tells_both_ways(november: Meeting):
    page = Client().get("/meetings/2025-26/")
    assert "webcal://localhost:8000/meetings/dates.ics" in page.content.decode()
    assert "it does not update" in text_of(page)


def test_a_whole_year_costs_no_more_statements_than_one_meeting(november: Meeting, priya: Person):
    counts = []
    for number in (0, 12):
        for week in range(number):
            make.meeting(f"{clock.london(november.starts_at + timedelta(weeks=week + 1)):%Y-%m-%d} 10:00")
        with CaptureQueriesContext(connection) as seen:
            Client().get(path(priya))
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 12
