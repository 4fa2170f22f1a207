"""The dates of a year as anyone sees them, and the addresses of meetings that were moved."""

import pytest
from django.test import Client

from meetings import actions
from meetings.models import Meeting
from members.models import Person
from tests import make
from tests.conftest import Hand
from tests.meetings.views import PAGE, YEAR, moved, text

pytestmark = pytest.mark.django_db


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
