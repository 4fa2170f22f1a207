"""A chair moves, undoes, cancels and puts back; the mails say so and the calendars follow."""

from collections.abc import Callable
from datetime import timedelta

from forum.kit import clock
from meetings import actions
from meetings.models import CalendarEntry, Invitation, Meeting
from members.models import MailingList, Person
from tests import make
from tests.browser.conftest import Visit
from tests.browser.test_set_up_a_year import event_of, mail_of, times_of
from tests.conftest import Hand
from tests.fakes.smtp import Accepted

PostOffice = Callable[[], list[Accepted]]


def invited(post_office: PostOffice) -> tuple[Meeting, dict[str, Accepted]]:
    """The November meeting with its invitations out."""
    meeting = make.meeting(
        "2025-11-06 10:00",
        invite_at=clock.now() - timedelta(days=4),
        theme="Early career teachers",
        agenda="10:00am Welcome",
        join_url="https://zoom.example/j/84512207731",
        join_id="845 1220 7731",
        passcode="306 114",
    )
    CalendarEntry.objects.update(settles_at=None, before=None, act="")
    return meeting, {mail.recipient: mail for mail in post_office()}


def move(visit: Visit, meeting: Meeting, day: str, starts: str, ends: str) -> None:
    """Goes as far as the screen that asks."""
    visit.open(f"/admin/meetings/meeting/{meeting.pk}/change/")
    visit.check()
    visit.press(visit.page.get_by_role("link", name="Move").first)
    visit.check()
    visit.page.get_by_label("Day").fill(day)
    visit.page.get_by_label("Starts").fill(starts)
    visit.page.get_by_label("Ends").fill(ends)
    visit.press(visit.page.locator("main button[type=submit], #content button[type=submit]").first)
    visit.check()


def test_a_moved_meeting_moves_in_every_calendar(
    visit: Visit,
    tracy: Person,
    priya: Person,
    nadia: Person,
    forum_list: MailingList,
    portal_clock: Hand,
    post_office: PostOffice,
):
    meeting, first = invited(post_office)
    actions.give_answer(Invitation.objects.get(person=priya), choice="yes", note="")
    visit.sign_in(tracy)
    move(visit, meeting, "Friday 7 November 2025", "1:00pm", "2:30pm")
    page = visit.page
    assert "3 people have this in their calendars" in page.locator("h1").inner_text().replace("\u00a0", " ")
    visit.press("Save and tell 3 people")
    banner = page.locator(".banner").first.inner_text().replace("\u00a0", " ")
    assert "3 messages leave at" in banner
    visit.check()
    assert post_office() == []
    portal_clock.passes(minutes=2, seconds=5)
    second = {mail.recipient: mail for mail in post_office()}
    assert set(second) == {tracy.email, priya.email, nadia.email}
    assert post_office() == []
    for who in (priya, nadia):
        mail = mail_of(second[who.email])
        assert mail["Subject"] == "Changed: Forum meeting now Friday 7 November 2025, 1:00pm"
        body = mail.get_body(("plain",))
        assert body is not None
        opening = " ".join(body.get_content().split())[:400]
        assert "Thursday 6 November" in opening and "Friday 7 November" in opening
        was, now = event_of(first[who.email]), event_of(second[who.email])
        moved = {"SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "DTSTART", "DTEND", "DESCRIPTION", "URL", "ATTENDEE"}
        for name in set(was.keys()) | set(now.keys()):
            if name not in moved:
                assert was[name] == now[name], name
        assert (int(was["SEQUENCE"]), int(now["SEQUENCE"])) == (0, 1)
        assert now["DTSTAMP"].dt > was["DTSTAMP"].dt
        assert [moment.strftime("%d %H:%M") for moment in times_of(now)] == ["07 13:00", "07 14:30"]
        assert now["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    visit.open(f"/admin/meetings/meeting/{meeting.pk}/change/")
    answers = page.locator("body").inner_text().replace("\u00a0", " ")
    assert "None yet of 3" in answers and "1 yes" in answers
    page.goto(f"{visit.base}/meetings/2025-26/6-november/")
    assert page.url.endswith("/meetings/2025-26/7-november/")
    visit.check()


def test_an_undone_move_tells_nobody(
    visit: Visit,
    tracy: Person,
    priya: Person,
    forum_list: MailingList,
    portal_clock: Hand,
    post_office: PostOffice,
):
    meeting, _ = invited(post_office)
    visit.sign_in(tracy)
    move(visit, meeting, "Friday 7 November", "1pm", "2.30pm")
    visit.press("Save and tell 2 people")
    visit.press("Undo the move")
    visit.check()
    portal_clock.passes(minutes=5)
    assert post_office() == []
    assert times_london(Meeting.objects.get()) == ("2025-11-06 10:00", "2025-11-06 11:30")


def test_a_cancelled_meeting_leaves_every_calendar_and_comes_back_as_a_new_one(
    visit: Visit,
    tracy: Person,
    priya: Person,
    forum_list: MailingList,
    portal_clock: Hand,
    post_office: PostOffice,
):
    meeting, first = invited(post_office)
    make.meeting("2025-12-02 10:00", invite_at=clock.now() + timedelta(days=22))
    visit.sign_in(tracy)
    visit.open(f"/admin/meetings/meeting/{meeting.pk}/cancel/")
    visit.press("Cancel and tell 2 people")
    assert visit.page.title().startswith("Error:")
    visit.check()
    visit.page.get_by_label("Reason").fill("Chairs at the DfE")
    visit.press("Cancel and tell 2 people")
    visit.check()
    portal_clock.passes(minutes=3)
    mails = {mail.recipient: mail for mail in post_office()}
    mail = mail_of(mails[priya.email])
    assert mail["Subject"] == "Cancelled: Forum meeting, Thursday 6 November 2025"
    body = mail.get_body(("plain",))
    assert body is not None and "Chairs at the DfE" in body.get_content()
    was, gone = event_of(first[priya.email]), event_of(mails[priya.email])
    assert (gone["UID"], gone["STATUS"], int(gone["SEQUENCE"])) == (was["UID"], "CANCELLED", 1)
    assert gone["ORGANIZER"] == was["ORGANIZER"] and times_of(gone) == times_of(was)
    visit.open("/meetings/2025-26/6-november/")
    assert "cancelled" in visit.page.locator("main").inner_text().lower()
    visit.check()
    visit.open(f"/admin/meetings/meeting/{meeting.pk}/put-back/")
    visit.press(visit.page.locator("main button[type=submit], #content button[type=submit]").first)
    portal_clock.passes(minutes=3)
    again = event_of({mail.recipient: mail for mail in post_office()}[priya.email])
    assert again["UID"] != was["UID"] and times_of(again) == times_of(was)
    assert (int(again["SEQUENCE"]), str(again["STATUS"])) == (0, "CONFIRMED")


def times_london(meeting: Meeting) -> tuple[str, ...]:
    """Start and end as London's wall clock shows them."""
    return tuple(clock.london(moment).strftime("%Y-%m-%d %H:%M") for moment in meeting.time)
