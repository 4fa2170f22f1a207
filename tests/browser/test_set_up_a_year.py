"""A chair pastes the year; everyone on the list gets the right meeting, at home in their calendar."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

from icalendar import Calendar

from forum.kit import clock
from meetings.models import Meeting
from members.models import MailingList, Person
from tests import make
from tests.browser.conftest import Visit
from tests.conftest import Hand
from tests.fakes.smtp import Accepted

PASTED = """Tuesday 9th September
Wednesday 8th October
Thursday 6th November
Tuesday 2nd December
Wednesday 7th January
Thursday 5th February
Tuesday 3rd March
Wednesday 15th April
Thursday 14th May
Tuesday 16th June
Wednesday 8th July
"""
DAYS = (
    "2025-09-09 2025-10-08 2025-11-06 2025-12-02 2026-01-07 2026-02-05 "
    "2026-03-03 2026-04-15 2026-05-14 2026-06-16 2026-07-08"
).split()
UTC_STARTS = ("09", "09", "10", "10", "10", "10", "10", "09", "09", "09", "09")


def test_the_year_is_pasted_and_reaches_every_calendar(
    visit: Visit,
    tracy: Person,
    priya: Person,
    callum: Person,
    forum_list: MailingList,
    portal_clock: Hand,
    post_office: Callable[[], list[Accepted]],
):
    portal_clock.set("2025-07-07 10:00")
    visit.sign_in(tracy)
    visit.check()
    visit.press(visit.page.get_by_role("link", name="Set up a year").first)
    visit.check()
    visit.page.get_by_label("The dates").fill(PASTED)
    visit.press("Check these dates")
    page = visit.page
    text = page.locator("main").inner_text().replace("\u00a0", " ")
    assert "These weekdays fit the school year 2025 to 2026" in text
    assert "Tuesday 9 September 2025" in text and "Wednesday 8 July 2026" in text
    assert "Invitations go on Mon 1 Sep" in text
    assert [item.inner_text() for item in page.locator(".section .side h2").all()][:3] == [
        "Autumn",
        "Spring",
        "Summer",
    ]
    assert Meeting.objects.count() == 0
    visit.check()
    visit.press("Create 11 meetings")
    told = page.locator("main, #main").first.inner_text().replace("\u00a0", " ")
    assert "No one has been emailed. Invitations start on 1 September 2025" in told
    visit.check()
    assert [clock.london(one.starts_at).strftime("%Y-%m-%d %H:%M") for one in Meeting.objects.all()] == [
        f"{day} 10:00" for day in DAYS
    ]
    assert post_office() == []
    received: dict[str, list[Accepted]] = {}
    for meeting in Meeting.objects.all():
        assert meeting.invite_at
        portal_clock.set(meeting.invite_at - timedelta(minutes=1))
        assert [mail for mail in post_office() if mail.recipient != tracy.email] == []
        portal_clock.set(meeting.invite_at + timedelta(minutes=1))
        for mail in post_office():
            received.setdefault(mail.recipient, []).append(mail)
    for who in (priya, callum):
        events = [event_of(mail) for mail in received[who.email]]
        assert [event["DTSTART"].dt.strftime("%Y-%m-%d %H:%M") for event in events] == [
            f"{day} 10:00" for day in DAYS
        ]
        assert [event["DTSTART"].params["TZID"] for event in events] == ["Europe/London"] * 11
        utc = [event["DTSTART"].dt.astimezone(make.london("2025-01-01 00:00").tzinfo) for event in events]
        assert tuple(moment.strftime("%H") for moment in utc) == UTC_STARTS
        assert {event["DTEND"].dt - event["DTSTART"].dt for event in events} == {timedelta(minutes=90)}
        assert len({str(event["UID"]) for event in events}) == 11
        assert {str(event["ATTENDEE"]) for event in events} == {f"mailto:{who.email}"}
        assert {int(event["SEQUENCE"]) for event in events} == {0}
        assert {str(event["STATUS"]) for event in events} == {"CONFIRMED"}


def test_a_list_with_faults_is_mended_without_pasting_again(
    visit: Visit, tracy: Person, forum_list: MailingList, portal_clock: Hand
):
    portal_clock.set("2025-07-07 10:00")
    visit.sign_in(tracy, "/admin/meetings/set-up-a-year/")
    faulty = PASTED.replace("Tuesday 9th September", "Tuesday 10th September").replace(
        "Thursday 5th February", "Saturday 7 February 2026"
    )
    faulty += "Monday 25th May\nThursday 6th November\nAll online\n"
    page = visit.page
    page.get_by_label("The dates").fill(faulty.replace("Tuesday 16th June", "June 16"))
    visit.press("Check these dates")
    text = page.locator("body").inner_text().replace("\u00a0", " ")
    for words in (
        "There is a problem: 4 rows need a decision",
        "10 September 2025 is a Wednesday, not a Tuesday",
        "25 May 2026 is the Spring bank holiday",
        "7 February 2026 is a Saturday",
        "6 November is in the list twice",
        "June 16 read as Tuesday 16 June 2026",
        "Not a date, left out",
    ):
        assert words in text
    assert page.title().startswith("Error:")
    visit.check()
    page.get_by_label("Use Tuesday 9 September").check()
    page.get_by_label("Leave this one out").check()
    page.get_by_label("Leave it out").check()
    page.get_by_label("Use another day, typed below").check()
    page.get_by_label("Another day for row 6").fill("Thursday 5 February 2026")
    visit.press("Check again")
    visit.check()
    visit.press("Create 11 meetings")
    assert [clock.london(one.starts_at).strftime("%Y-%m-%d") for one in Meeting.objects.all()] == DAYS
    visit.open("/admin/meetings/set-up-a-year/")
    page.get_by_label("The dates").fill(PASTED)
    visit.press("Check these dates")
    assert "11 of 11 are already set up" in page.locator("body").inner_text().replace("\u00a0", " ")
    visit.check()
    assert Meeting.objects.count() == 11


def test_the_year_can_be_pasted_with_script_off(
    visit_without_script: Visit, tracy: Person, forum_list: MailingList, portal_clock: Hand
):
    portal_clock.set("2025-10-20 09:00")
    visit_without_script.sign_in(tracy, "/admin/meetings/set-up-a-year/")
    page = visit_without_script.page
    page.get_by_label("The dates").fill(PASTED)
    visit_without_script.press("Check these dates")
    text = page.locator("body").inner_text().replace("\u00a0", " ")
    assert "6 November: its day (16 October) has passed" in text
    visit_without_script.press("Check again")
    assert "Choose when its invitations go" in page.locator("body").inner_text()
    page.get_by_label("Leave it: nobody is invited until a chair says so").check()
    visit_without_script.press("Check again")
    visit_without_script.press("Create 11 meetings")
    assert Meeting.objects.count() == 11
    assert Meeting.objects.get(starts_at=make.london("2025-11-06 10:00")).invite_at is None


def mail_of(received: Accepted) -> EmailMessage:
    """A received mail, parsed."""
    parsed = message_from_bytes(received.content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def event_of(received: Accepted) -> Calendar:
    """The one event of a received mail; its method stands in the header and in the text alike."""
    parts = [part for part in mail_of(received).walk() if part.get_content_type() == "text/calendar"]
    assert len(parts) == 1
    calendar = Calendar.from_ical(parts[0].get_payload(decode=True))
    assert parts[0].get_param("method") == str(calendar["METHOD"])
    events = calendar.walk("VEVENT")
    assert len(events) == 1
    return events[0]


def times_of(event: Calendar) -> tuple[datetime, datetime]:
    """Start and end."""
    return event["DTSTART"].dt, event["DTEND"].dt
