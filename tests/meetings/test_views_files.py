"""Calendar files: a year's dates, one meeting, and an invited person's own."""

from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest
from django.http import HttpResponse
from django.test import Client

from forum.kit import clock
from meetings import actions
from meetings.models import Invitation, Meeting
from members.models import Person, Subscription
from tests import make
from tests.conftest import Hand
from tests.meetings.views import LINK, PAGE, SECRETS, YEAR, answer_path, invited, moved, settled

pytestmark = pytest.mark.django_db


def events(response: HttpResponse) -> list[dict[str, Any]]:
    """The events of a calendar file, property by property."""
    calendar = icalendar.Calendar.from_ical(response.content)
    return [
        {
            name: _plain(value)
            for name, value in event.property_items(recursive=False)
            if name not in {"BEGIN", "END"}
        }
        for event in calendar.walk("VEVENT")
    ]


def _plain(value: Any) -> Any:
    return value.dt if hasattr(value, "dt") else (int(value) if isinstance(value, int) else str(value))


def test_the_years_file_says_what_the_mails_say(visitor: Client, november: Meeting) -> None:
    make.meeting("2026-04-15 10:00")
    response = visitor.get(f"{YEAR}dates.ics")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Content-Disposition"] == 'inline; filename="forum-meetings-2025-26.ics"'
    assert response["Cache-Control"] == "private, max-age=300"
    assert not response.cookies
    calendar = icalendar.Calendar.from_ical(response.content)
    assert calendar["METHOD"] == "PUBLISH"
    assert b"\r\nNAME:Trust-wide CPD Leaders\xe2\x80\x99 Forum\\, 2025 to 2026\r\n" in response.content
    first, second = events(response)
    entry = make.entry(november)
    edited = november.edited_at.replace(microsecond=0)
    assert first == {
        "UID": entry.uid,
        "SEQUENCE": 0,
        "DTSTAMP": edited,
        "CREATED": entry.created_at.replace(microsecond=0),
        "LAST-MODIFIED": edited,
        "DTSTART": datetime(2025, 11, 6, 10, tzinfo=clock.LONDON),
        "DTEND": datetime(2025, 11, 6, 11, 30, tzinfo=clock.LONDON),
        "SUMMARY": "Trust-wide CPD Leaders’ Forum: Early career teachers",
        "DESCRIPTION": (
            "Thursday 6\u00a0November\u00a02025, 10:00am to 11:30am, London time\nEarly career teachers\n"
            "http://localhost:8000/meetings/2025-26/6-november/"
        ),
        "LOCATION": "Online (Zoom)",
        "URL": "http://localhost:8000/meetings/2025-26/6-november/",
        "STATUS": "CONFIRMED",
        "TRANSP": "OPAQUE",
        "CLASS": "PUBLIC",
        "X-MICROSOFT-CDO-BUSYSTATUS": "BUSY",
        "ORGANIZER": "mailto:invitations@forum.example",
    }
    assert second["DTSTART"].astimezone(UTC) == datetime(2026, 4, 15, 9, tzinfo=UTC)


def test_one_meetings_file(visitor: Client, november: Meeting, tracy: Person) -> None:
    response = visitor.get(f"{PAGE}meeting.ics")
    assert response["Content-Disposition"] == 'inline; filename="forum-meeting-6-november-2025-26.ics"'
    assert [event["UID"] for event in events(response)] == [make.entry(november).uid]
    actions.cancel_meeting(november, reason="", by=tracy)
    (event,) = events(visitor.get(f"{PAGE}meeting.ics"))
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)


def test_an_entry_that_ended_stays_as_cancelled_at_its_own_time(
    visitor: Client, november: Meeting, tracy: Person
) -> None:
    old = make.entry(november).uid
    actions.cancel_meeting(november, reason="", by=tracy)
    settled(november)
    actions.put_back(november, by=tracy)
    moved(november, "2025-11-07", tracy)
    rows = {event["UID"]: event for event in events(visitor.get(f"{YEAR}dates.ics"))}
    assert len(rows) == 2
    assert (rows[old]["STATUS"], rows[old]["DTSTART"].day) == ("CANCELLED", 6)
    new = rows[make.entry(november).uid]
    assert (new["STATUS"], new["DTSTART"].day, new["SEQUENCE"]) == ("CONFIRMED", 7, 1)
    assert len(events(visitor.get(f"{YEAR}7-november/meeting.ics"))) == 1


@pytest.mark.parametrize("path", [f"{YEAR}dates.ics", f"{PAGE}meeting.ics"])
def test_a_file_is_not_sent_twice_while_nothing_changes(
    path: str, visitor: Client, november: Meeting, tracy: Person, portal_clock: Hand
) -> None:
    portal_clock.passes(days=1)
    first = visitor.get(path)
    known = {"If-None-Match": first["ETag"]}
    since = {"If-Modified-Since": first["Last-Modified"]}
    for headers in (known, since, known | since):
        again = visitor.get(path, headers=headers)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert again["Cache-Control"] == first["Cache-Control"]
    assert visitor.head(path)["ETag"] == first["ETag"]
    assert visitor.get(path).content == first.content
    actions.edit_words(november, theme="Another theme", agenda="", by=tracy)
    for headers in (known, since):
        changed = visitor.get(path, headers=headers)
        assert changed.status_code == 200
        assert changed["ETag"] != first["ETag"]


def test_an_invited_persons_file_has_the_link_and_their_sequence(
    visitor: Client, november: Meeting, priya: Person
) -> None:
    invitation = invited(priya, november, sequence=4)
    response = visitor.get(f"{answer_path(invitation)}meeting.ics")
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("private, no-store", "noindex, nofollow")
    (event,) = events(response)
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (make.entry(november).uid, 4, "CONFIRMED")
    assert (event["LOCATION"], event["URL"]) == (f"Online (Zoom): {LINK}", LINK)
    assert "ATTENDEE" not in event


def test_a_file_never_goes_back_behind_a_change(
    visitor: Client, november: Meeting, priya: Person, tracy: Person
) -> None:
    invitation = invited(priya, november)
    moved(november, "2025-11-07", tracy)
    (event,) = events(visitor.get(f"{answer_path(invitation)}meeting.ics"))
    assert (event["SEQUENCE"], event["DTSTART"].day) == (1, 7)


@pytest.mark.parametrize("how", ["withdrawn", "left", "closed", "cancelled", "over"])
def test_the_link_goes_with_the_invitation(
    how: str, visitor: Client, november: Meeting, priya: Person, tracy: Person, portal_clock: Hand
) -> None:
    invitation = invited(priya, november)
    if how == "withdrawn":
        Invitation.objects.update(withdrawn_at=clock.now(), sequence=2)
    elif how == "left":
        Subscription.objects.filter(person=priya).update(ended_at=clock.now(), takes_entries_out=True)
    elif how == "closed":
        Person.objects.filter(pk=priya.pk).update(is_active=False)
    elif how == "cancelled":
        actions.cancel_meeting(november, reason="", by=tracy)
    else:
        portal_clock.set("2025-11-06 11:31")
    response = visitor.get(f"{answer_path(invitation)}meeting.ics")
    (event,) = events(response)
    assert [secret for secret in SECRETS if secret in response.content.decode()] == []
    assert event["STATUS"] == ("CANCELLED" if how in {"withdrawn", "cancelled"} else "CONFIRMED")


def test_who_stopped_mail_but_kept_the_meeting_keeps_the_link(
    visitor: Client, november: Meeting, priya: Person
) -> None:
    invitation = invited(priya, november, released_at=clock.now())
    Subscription.objects.filter(person=priya).update(ended_at=clock.now(), takes_entries_out=False)
    assert LINK in visitor.get(f"{answer_path(invitation)}meeting.ics").content.decode()
