"""Doors of the second storey: the public dates, a meeting's page, the calendar files and the answer page."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest
from django.apps import apps
from django.http import HttpResponse
from django.test import Client

from forum.kit import clock, tokens
from meetings import actions
from meetings.forms.answers import AnswerForm
from meetings.models import Answer, Invitation, Meeting
from members.models import Person, Subscription
from tests import make
from tests.conftest import Hand

pytestmark = pytest.mark.django_db

LINK = "https://zoom.example/j/84512207731"
SECRETS = (LINK, "84512207731", "845 1220 7731", "306 114")
YEAR = "/meetings/2025-26/"
PAGE = "/meetings/2025-26/6-november/"


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


def invited(who: Person, to: Meeting, **fields: Any) -> Invitation:
    """An invitation as it stands after its letter was posted."""
    given: dict[str, Any] = {"revision": 1, "letters": 1} | fields
    return Invitation.objects.create(
        entry=make.entry(to), person=who, address=who.email, address_key=who.address_key, **given
    )


def answer_path(invitation: Invitation) -> str:
    """The address of an invitation's answer page."""
    return f"/r/{tokens.make(invitation.key, 'answer')}/"


def text(response: HttpResponse) -> str:
    """What a page says, with ordinary spaces, each only once."""
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values()) for model in apps.get_models()
    }


def settled(meeting: Meeting) -> None:
    """Ends the two minutes in which the last act could be undone."""
    meeting.entries.update(settles_at=None, before=None, act="")


# --- Who may open what, and how ---------------------------------------------------------------------------------------

DOORS = [
    ("/meetings/", {"GET": 302, "HEAD": 302, "POST": 405, "PUT": 405, "DELETE": 405}),
    (YEAR, {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}),
    (f"{YEAR}dates.ics", {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}),
    (PAGE, {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}),
    (f"{PAGE}meeting.ics", {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}),
    ("/r/<token>/", {"GET": 200, "HEAD": 200, "POST": 302, "PUT": 405, "DELETE": 405}),
    ("/r/<token>/meeting.ics", {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405}),
    ("/r/nonsense/", {"GET": 404, "HEAD": 404, "POST": 404, "PUT": 405, "DELETE": 405}),
    ("/r/nonsense/meeting.ics", {"GET": 404, "HEAD": 404, "POST": 405, "PUT": 405, "DELETE": 405}),
    ("/meetings/2024-25/", {"GET": 404, "HEAD": 404, "POST": 405}),
    ("/meetings/2024-25/dates.ics", {"GET": 404, "HEAD": 404, "POST": 405}),
    ("/meetings/2025-27/", {"GET": 404, "HEAD": 404, "POST": 404}),
    (f"{YEAR}7-november/", {"GET": 404, "HEAD": 404, "POST": 405}),
    (f"{YEAR}7-november/meeting.ics", {"GET": 404, "HEAD": 404, "POST": 405}),
]


@pytest.mark.parametrize("who", ["visitor", "outsider", "callum", "priya", "sam", "tracy"])
def test_doors(
    who: str,
    november: Meeting,
    nadia: Person,
    as_person: Callable[[Person], Client],
    request: pytest.FixtureRequest,
) -> None:
    if who == "visitor":
        client = Client()
    else:
        client = as_person(make.person("Pat Lowe") if who == "outsider" else request.getfixturevalue(who))
    token = tokens.make(invited(nadia, november).key, "answer")
    for path, methods in DOORS:
        for method, status in methods.items():
            data = {"answer": "yes"} if method == "POST" else None
            response = (
                client.generic(method, path.replace("<token>", token))
                if data is None
                else client.post(path.replace("<token>", token), data)
            )
            assert (path, method, response.status_code) == (path, method, status)


def test_looking_changes_no_row(
    november: Meeting, priya: Person, as_person: Callable[[Person], Client]
) -> None:
    path = answer_path(invited(priya, november))
    signed_in = as_person(priya)
    before = all_rows()
    for client in (Client(), signed_in):
        for address in (
            "/",
            "/meetings/",
            YEAR,
            f"{YEAR}dates.ics",
            PAGE,
            f"{PAGE}meeting.ics",
            path,
            f"{path}?answer=yes",
            f"{path}?answer=no&List-Unsubscribe=One-Click",
            f"{path}meeting.ics",
        ):
            client.get(address)
            client.head(address)
    assert all_rows() == before


@pytest.mark.parametrize("token", ["", "x" * 38, "!!", "%00", "a.b"])
def test_a_broken_link_says_so_and_leads_on(token: str, visitor: Client, november: Meeting) -> None:
    response = visitor.get(f"/r/{token}/")
    assert response.status_code == 404
    if token:
        assert "This link does not work" in text(response)
        assert response["Cache-Control"] == "private, no-store"


def test_a_link_for_one_purpose_opens_no_other(visitor: Client, november: Meeting, priya: Person) -> None:
    invitation = invited(priya, november)
    assert visitor.get(f"/r/{tokens.make(priya.key, 'mail')}/").status_code == 404
    assert visitor.get(f"/r/{tokens.make(priya.key, 'answer')}/").status_code == 404
    assert visitor.get(f"/r/{tokens.make(invitation.key, 'mail')}/").status_code == 404


# --- What nobody else may see -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment", ["2025-10-20 09:00", "2025-11-06 09:45", "2025-11-06 11:00", "2025-11-07 09:00"]
)
@pytest.mark.parametrize("who", ["visitor", "outsider", "left", "unapproved"])
def test_link_passcode_and_names_show_to_members_only(
    who: str,
    moment: str,
    november: Meeting,
    priya: Person,
    portal_clock: Hand,
    as_person: Callable[[Person], Client],
) -> None:
    actions.give_answer(invited(priya, november), choice="yes", note="")
    client = Client()
    if who != "visitor":
        stranger = make.person("Pat Lowe")
        if who == "left":
            role = make.role(stranger, make.trust())
            role.ended_at = clock.now()
            role.save()
        elif who == "unapproved":
            make.role(stranger, make.trust(approved_at=None))
        client = as_person(stranger)
    portal_clock.set(moment)
    for path in (
        "/",
        "/meetings/",
        YEAR,
        f"{YEAR}dates.ics",
        PAGE,
        f"{PAGE}meeting.ics",
        "/communities/",
        "/guides/",
    ):
        response = client.get(path, follow=True)
        said = response.content.decode() + str(response.headers)
        assert [
            secret for secret in (*SECRETS, "Priya", priya.email, "have said yes") if secret in said
        ] == []


def test_a_members_page_is_not_the_visitors(
    november: Meeting, priya: Person, as_person: Callable[[Person], Client]
) -> None:
    page = text(as_person(priya).get(PAGE))
    assert all(secret in page for secret in (LINK, "845 1220 7731", "306 114"))


# --- The dates page ---------------------------------------------------------------------------------------------------


def test_without_any_date_the_page_says_so(visitor: Client, forum_list: object) -> None:
    response = visitor.get("/meetings/")
    assert response.status_code == 200
    assert "No dates are set yet" in text(response)


def test_meetings_leads_to_the_year_of_the_next_one(
    visitor: Client, november: Meeting, portal_clock: Hand
) -> None:
    make.meeting("2026-09-15 10:00")
    assert visitor.get("/meetings/")["Location"] == "/meetings/2025-26/"
    portal_clock.set("2026-07-20 09:00")
    assert visitor.get("/meetings/")["Location"] == "/meetings/2026-27/"


def test_dates_by_term_with_every_state(visitor: Client, november: Meeting, tracy: Person) -> None:
    make.meeting("2025-09-09 10:00", theme="Where we are")
    moved = make.meeting("2026-02-05 10:00", theme="Networks that last")
    cancelled = make.meeting("2026-03-03 10:00")
    make.meeting("2026-04-15 10:00")
    to = make.london("2026-02-12 10:00")
    actions.move_meeting(
        moved, starts_at=to, ends_at=make.london("2026-02-12 11:30"), invite_at=None, by=tracy
    )
    actions.cancel_meeting(cancelled, reason="Chairs at the DfE", by=tracy)
    response = visitor.get(YEAR)
    page = text(response)
    assert "Earlier this year: 1 meeting held" in page
    assert "<details open>" in page
    assert "Next meeting, 2 of 5" in page
    assert "Thu 12 Feb" in page and "Moved from <s>Thursday 5 February</s>" in page
    assert "Chairs at the DfE. The next one is Wed 15 Apr." in page
    assert [term.name for term in response.context["page"].terms] == ["Autumn", "Spring", "Summer"]
    assert f'href="{YEAR}dates.ics"' in page


def test_held_meetings_fold_when_there_are_more_than_three(
    visitor: Client, november: Meeting, portal_clock: Hand
) -> None:
    for day in ("2025-09-09", "2025-10-08", "2025-12-02", "2026-01-07"):
        make.meeting(f"{day} 10:00")
    portal_clock.set("2025-12-01 09:00")
    assert "<details open>" in text(visitor.get(YEAR))
    portal_clock.set("2025-12-03 09:00")
    assert "<details >" in text(visitor.get(YEAR))
    portal_clock.set("2026-01-08 09:00")
    assert "<details " not in text(visitor.get(YEAR)).partition("<main")[2], (
        "a year that is over has nothing to fold"
    )


def test_other_years_are_linked(visitor: Client, november: Meeting) -> None:
    make.meeting("2024-11-06 10:00")
    assert 'href="/meetings/2024-25/"' in text(visitor.get(YEAR))


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("2025-11-06 13:00", "Moved from <s>10:00am</s>"),
        ("2025-11-07 10:00", "Moved from <s>Thursday 6 November</s>"),
        ("2025-11-07 13:00", "Moved from <s>Thursday 6 November, 10:00am</s>"),
        ("2026-01-07 10:00", "Moved from <s>Thursday 6 November 2025</s>"),
    ],
)
def test_a_move_is_said_as_far_as_it_goes(
    to: str, words: str, visitor: Client, november: Meeting, tracy: Person
) -> None:
    starts_at = make.london(to)
    ends_at = starts_at.replace(hour=starts_at.hour + 1)
    actions.move_meeting(november, starts_at=starts_at, ends_at=ends_at, invite_at=None, by=tracy)
    november.refresh_from_db()
    assert words in text(visitor.get(YEAR))
    assert words in text(visitor.get(november.get_absolute_url()))


# --- Old addresses ----------------------------------------------------------------------------------------------------


def moved(meeting: Meeting, to: str, by: Person) -> None:
    """Moves a meeting to another day, at the same time of day."""
    starts_at = make.london(f"{to} 10:00")
    actions.move_meeting(
        meeting, starts_at=starts_at, ends_at=make.london(f"{to} 11:30"), invite_at=None, by=by
    )


def test_an_old_address_leads_on_for_ever(visitor: Client, november: Meeting, tracy: Person) -> None:
    moved(november, "2025-11-07", tracy)
    moved(november, "2026-09-08", tracy)
    for path in (PAGE, f"{YEAR}7-november/"):
        response = visitor.get(path)
        assert (response.status_code, response["Location"]) == (301, "/meetings/2026-27/8-september/")
        assert response["Cache-Control"] == "no-cache"
        assert visitor.get(f"{path}meeting.ics")["Location"] == "/meetings/2026-27/8-september/meeting.ics"
        assert visitor.get(path, follow=True).status_code == 200


def test_there_and_back_is_no_loop(visitor: Client, november: Meeting, tracy: Person) -> None:
    moved(november, "2025-11-07", tracy)
    moved(november, "2025-11-06", tracy)
    assert visitor.get(PAGE).status_code == 200
    assert visitor.get(f"{YEAR}7-november/")["Location"] == PAGE


def test_a_meeting_wins_over_an_old_address(visitor: Client, november: Meeting, tracy: Person) -> None:
    moved(november, "2025-11-07", tracy)
    make.meeting("2025-11-06 10:00", theme="Another one")
    response = visitor.get(PAGE)
    assert response.status_code == 200
    assert "Another one" in text(response)


def test_a_communitys_session_has_no_page_here(visitor: Client, november: Meeting) -> None:
    own = make.community("Is our CPD working?").list
    make.meeting("2025-11-19 15:45", of_list=own)
    assert visitor.get(f"{YEAR}19-november/").status_code == 404


# --- One meeting ------------------------------------------------------------------------------------------------------


def test_a_visitor_sees_day_theme_and_agenda(visitor: Client, november: Meeting) -> None:
    page = text(visitor.get(PAGE))
    assert "<h1> Thursday 6 November 2025 </h1>" in page
    assert "10:00am to 11:30am. Online (Zoom)." in page
    assert "Early career teachers" in page and "<dt>10:10am</dt>" in page
    assert f'href="{PAGE}meeting.ics"' in page
    assert "Your answer" not in page and "/admin/" not in page


def test_a_member_sees_their_own_answer(
    november: Meeting, priya: Person, as_person: Callable[[Person], Client]
) -> None:
    invitation = invited(priya, november)
    client = as_person(priya)
    assert "You have not answered yet" in text(client.get(PAGE))
    actions.give_answer(invitation, choice="maybe", note="")
    page = text(client.get(PAGE))
    assert "Your answer: maybe" in page and answer_path(invitation) in page


def test_a_member_who_is_not_invited_yet(
    november: Meeting, priya: Person, as_person: Callable[[Person], Client]
) -> None:
    client = as_person(priya)
    assert "You are not invited yet" in text(client.get(PAGE))
    Meeting.objects.update(invite_at=make.london("2025-10-28 09:00"))
    assert "They go on Tuesday 28 October" in text(client.get(PAGE))


def test_how_many_come_counts_latest_answers_to_the_present_time(
    november: Meeting,
    priya: Person,
    callum: Person,
    nadia: Person,
    as_person: Callable[[Person], Client],
    tracy: Person,
) -> None:
    client = as_person(priya)
    assert "Nobody has said yes so far" in text(client.get(PAGE))
    rows = [invited(who, november) for who in (priya, callum, nadia)]
    actions.give_answer(rows[0], choice="yes", note="")
    assert "1 person from 1 trust </strong> has said yes." in text(client.get(PAGE))
    for row in rows[1:]:
        actions.give_answer(row, choice="yes", note="")
    assert "3 people from 2 trusts </strong> have said yes." in text(client.get(PAGE))
    actions.give_answer(rows[2], choice="no", note="")
    assert "2 people from 1 trust </strong> have said yes." in text(client.get(PAGE))
    moved(november, "2025-11-07", tracy)
    assert "Nobody has said yes so far" in text(client.get(PAGE, follow=True))


@pytest.mark.parametrize(
    ("moment", "button"),
    [("2025-11-06 09:29", False), ("2025-11-06 09:30", True), ("2025-11-06 11:29", True)],
)
def test_the_room_opens_half_an_hour_before(
    moment: str,
    button: bool,
    november: Meeting,
    priya: Person,
    portal_clock: Hand,
    as_person: Callable[[Person], Client],
) -> None:
    invited(priya, november)
    client = as_person(priya)
    portal_clock.set(moment)
    page = text(client.get(PAGE))
    assert (f'<a class="button" href="{LINK}"' in page) is button
    assert (">Join on Zoom</a>" in page) is button
    assert ("From 9:30am on the day" in page) is not button


def test_a_link_that_is_not_set_yet_will_follow(
    november: Meeting, priya: Person, portal_clock: Hand, as_person: Callable[[Person], Client]
) -> None:
    Meeting.objects.update(join_url="", join_id="", passcode="")
    client = as_person(priya)
    portal_clock.set("2025-11-06 09:45")
    page = text(client.get(PAGE))
    assert "The joining link will follow." in page and "Join on Zoom" not in page


def test_afterwards_the_panel_goes(
    november: Meeting, priya: Person, portal_clock: Hand, as_person: Callable[[Person], Client]
) -> None:
    client = as_person(priya)
    portal_clock.set("2025-11-06 11:31")
    page = text(client.get(PAGE))
    assert "Held" in page
    assert [secret for secret in SECRETS if secret in page] == []
    assert "Add to your calendar" not in page


def test_a_cancelled_meeting_says_why_and_what_is_next(
    november: Meeting, priya: Person, sam: Person, as_person: Callable[[Person], Client], visitor: Client
) -> None:
    make.meeting("2025-12-02 10:00")
    actions.cancel_meeting(november, reason="Chairs at the DfE", by=sam)
    for client in (visitor, as_person(priya)):
        page = text(client.get(PAGE))
        assert "This meeting is cancelled.</strong> Chairs at the DfE." in page
        assert "Tuesday 2 December 2025, 10:00am" in page
        assert [secret for secret in SECRETS if secret in page] == []


@pytest.mark.parametrize(("who", "sees"), [("tracy", True), ("sam", True), ("priya", False)])
def test_chairs_are_led_to_the_admin(
    who: str,
    sees: bool,
    november: Meeting,
    request: pytest.FixtureRequest,
    as_person: Callable[[Person], Client],
) -> None:
    page = text(as_person(request.getfixturevalue(who)).get(PAGE))
    assert ("Get it ready" in page) is sees


# --- How much the pages ask the database ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 12])
def test_public_pages_ask_little(
    number: int, november: Meeting, visitor: Client, django_assert_num_queries: Any, tracy: Person
) -> None:
    for month in range(1, number):
        make.meeting(
            f"2026-{month:02d}-20 10:00" if month < 9 else f"2025-{month:02d}-21 10:00", theme="A theme"
        )
    for path, most in (
        (YEAR, 3),
        (f"{YEAR}dates.ics", 2),
        (PAGE, 2),
        (f"{PAGE}meeting.ics", 2),
        ("/meetings/", 2),
    ):
        with django_assert_num_queries(most):
            visitor.get(path)
    actions.cancel_meeting(november, reason="", by=tracy)
    with django_assert_num_queries(3):
        visitor.get(PAGE)


@pytest.mark.parametrize("number", [0, 7])
def test_members_pages_ask_little(
    number: int,
    november: Meeting,
    priya: Person,
    as_person: Callable[[Person], Client],
    django_assert_num_queries: Any,
) -> None:
    for _ in range(number):
        who = make.subscribed()
        make.role(who, make.trust())
        actions.give_answer(invited(who, november), choice="yes", note="")
    invitation = invited(priya, november)
    actions.give_answer(invitation, choice="yes", note="")
    client = as_person(priya)
    with django_assert_num_queries(8):
        client.get(PAGE)
    with django_assert_num_queries(5):
        client.get(YEAR)
    with django_assert_num_queries(3):
        Client().get(answer_path(invitation))
    with django_assert_num_queries(3):
        Client().get(f"{answer_path(invitation)}meeting.ics")


# --- Calendar files ---------------------------------------------------------------------------------------------------


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


# --- The answer page --------------------------------------------------------------------------------------------------


def test_the_answer_page_only_preselects(visitor: Client, november: Meeting, priya: Person) -> None:
    path = answer_path(invited(priya, november))
    plain = visitor.get(path)
    assert "checked" not in text(plain)
    assert (plain["Cache-Control"], plain["X-Robots-Tag"]) == ("private, no-store", "noindex, nofollow")
    assert plain["Referrer-Policy"] == "same-origin"
    for choice in Answer.Choice.values:
        page = text(visitor.get(f"{path}?answer={choice}"))
        assert (
            f'value="{choice}" id="id_answer_{Answer.Choice.values.index(choice)}" checked'
            in page.replace(" required", "")
        )
        assert "Nothing is saved yet" in page
    assert "checked" not in text(visitor.get(f"{path}?answer=rubbish"))
    assert "For Priya Raman, Whinfell Learning Trust" in text(plain)
    assert f"/mail/{tokens.make(priya.key, 'mail')}/" in text(plain)
    assert "mailto:invitations@forum.example" in text(plain)
    assert not Answer.objects.exists()


def test_saying_no_and_changing_ones_mind(visitor: Client, november: Meeting, priya: Person) -> None:
    invitation = invited(priya, november)
    path = answer_path(invitation)
    saved = visitor.post(f"{path}?answer=yes", {"answer": "no", "note": "On a\r\ncourse"})
    assert (saved.status_code, saved["Location"]) == (302, path)
    page = text(visitor.get(path))
    assert (
        "You have said no to Thursday 6 November 2025. You can change this until the meeting starts" in page
    )
    assert "banner-success" in page and "Your answer is no" in page
    assert "You have said no" not in text(visitor.get(path)), "a reload says nothing twice"
    visitor.post(path, {"answer": "yes", "note": ""})
    assert "You have said yes" in text(visitor.get(path))
    rows = list(
        Answer.objects.order_by("id").values_list("choice", "note", "counted", "via", "starts_at", "revision")
    )
    assert rows == [
        ("no", "On a\ncourse", True, "web", november.starts_at, 1),
        ("yes", "", True, "web", november.starts_at, 1),
    ]
    assert "So far your answer is <strong>yes</strong>" in text(visitor.get(f"{path}?answer=maybe"))


def test_the_same_answer_twice_is_one(visitor: Client, november: Meeting, priya: Person) -> None:
    path = answer_path(invited(priya, november))
    for _ in range(3):
        assert visitor.post(path, {"answer": "yes"}).status_code == 302
    assert Answer.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Choose yes, maybe or no"),
        ({"answer": "perhaps"}, "Choose yes, maybe or no"),
        ({"answer": "yes", "note": "x" * 301}, "Make the note shorter: at most 300 characters"),
        ({"answer": "yes", "note": "a\x07b"}, "Take out the characters that cannot be printed"),
        ({"answer": "yes", "note": "a\ue000b"}, "Take out the characters that cannot be printed"),
    ],
)
def test_faults_are_said_and_nothing_typed_is_lost(
    data: dict[str, str], words: str, visitor: Client, november: Meeting, priya: Person
) -> None:
    response = visitor.post(answer_path(invited(priya, november)), data)
    page = text(response)
    assert response.status_code == 200
    assert "There is a problem" in page and page.count(words) == 2
    assert page.partition("<title>")[2].lstrip().startswith("Error: Can you come on")
    assert response.context["form"]["note"].value() == data.get("note")
    assert not Answer.objects.exists()


def test_a_note_of_300_characters_fits_with_its_line_breaks(
    visitor: Client, november: Meeting, priya: Person
) -> None:
    note = "ab\r\n" * 99 + "xyz"
    assert (
        visitor.post(answer_path(invited(priya, november)), {"answer": "yes", "note": note}).status_code
        == 302
    )
    assert Answer.objects.get().note == note.replace("\r\n", "\n")
    assert len(Answer.objects.get().note) == 300


def test_an_answer_needs_the_pages_own_form(november: Meeting, priya: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    path = answer_path(invited(priya, november))
    assert client.post(path, {"answer": "yes"}).status_code == 403
    page = client.get(path)
    token = str(page.context["csrf_token"])
    assert client.post(path, {"answer": "yes", "csrfmiddlewaretoken": token}).status_code == 302
    assert Answer.objects.count() == 1


@pytest.mark.parametrize(
    ("how", "words", "why_not"),
    [
        ("cancelled", "Thursday 6 November is cancelled", "The meeting is cancelled"),
        ("begun", "The meeting has begun", "The meeting has begun"),
        ("over", "The meeting on Thursday 6 November is over", "The meeting has begun"),
        ("withdrawn", "You are no longer invited to Thursday 6 November", "The invitation was taken back"),
        ("put back", "Thursday 6 November is on after all", "The meeting is cancelled"),
    ],
)
def test_an_answer_too_late_is_kept_but_not_counted(
    how: str,
    words: str,
    why_not: str,
    visitor: Client,
    november: Meeting,
    priya: Person,
    tracy: Person,
    portal_clock: Hand,
) -> None:
    invitation = invited(priya, november)
    path = answer_path(invitation)
    if how in {"cancelled", "put back"}:
        actions.cancel_meeting(november, reason="Chairs at the DfE", by=tracy)
        settled(november)
    if how == "put back":
        actions.put_back(november, by=tracy)
    elif how == "withdrawn":
        Invitation.objects.update(withdrawn_at=clock.now())
    elif how in {"begun", "over"}:
        portal_clock.set({"begun": "2025-11-06 10:00", "over": "2025-11-06 11:30"}[how])
    page = text(visitor.get(f"{path}?answer=yes"))
    assert words in page and PAGE in page
    assert 'type="radio"' not in page
    assert visitor.post(path, {"answer": "yes"}).status_code == 302
    assert "it does not count" in text(visitor.get(path))
    assert visitor.post(path, {"answer": "rubbish"}).status_code == 200
    assert list(Answer.objects.values_list("choice", "counted", "why_not")) == [("yes", False, why_not)]


def test_a_first_invitation_leads_to_the_one_that_replaced_it(
    visitor: Client, november: Meeting, priya: Person, tracy: Person
) -> None:
    first = invited(priya, november)
    actions.cancel_meeting(november, reason="", by=tracy)
    settled(november)
    actions.put_back(november, by=tracy)
    second = invited(priya, november)
    assert answer_path(second) in text(visitor.get(answer_path(first)))


def test_after_a_move_the_page_asks_anew(
    visitor: Client, november: Meeting, priya: Person, tracy: Person
) -> None:
    path = answer_path(invited(priya, november))
    visitor.post(path, {"answer": "yes"})
    moved(november, "2025-11-07", tracy)
    page = text(visitor.get(path))
    assert "Can you come on Friday 7 November?" in page and "checked" not in page


def test_the_form_counts_a_line_break_once() -> None:
    form = AnswerForm({"answer": "maybe", "note": "one\r\ntwo\rthree"})
    assert form.is_valid()
    assert form.cleaned_data == {"answer": "maybe", "note": "one\ntwo\nthree"}
