"""What chairs type about one meeting, made clean."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from forum.kit import clock
from meetings.forms.chairs import CancelForm, InviteForm, LinkForm, MoveForm, WordsForm
from meetings.models import Meeting
from tests import make

TODAY = date(2025, 10, 20)


@pytest.fixture
def meeting() -> Meeting:
    """A meeting that is in no table."""
    starts_at = make.london("2025-11-06 10:00")
    return Meeting(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=90), year=2025)


def move(meeting: Meeting, day: str, starts: str = "1:00pm", ends: str = "2:30pm") -> MoveForm:
    return MoveForm({"day": day, "starts": starts, "ends": ends}, meeting=meeting, today=TODAY)


def time_of(form: MoveForm) -> tuple[datetime, datetime]:
    assert form.is_valid(), form.errors
    time: tuple[datetime, datetime] = form.cleaned_data["time"]
    return time


@pytest.mark.parametrize(
    "day",
    [
        *("Friday 7 November", "7 November", "Fri 7th Nov", "7/11", "7/11/25", "2025-11-07"),
        *("Friday 7 November 2025", " 7\u00a0November ", "Nov 7"),
    ],
)
def test_every_usual_way_to_write_a_day(day, meeting):
    assert time_of(move(meeting, day)) == (make.london("2025-11-07 13:00"), make.london("2025-11-07 14:30"))


@pytest.mark.parametrize(
    ("starts", "ends"), [("1pm", "2.30pm"), ("13:00", "14:30"), ("1", "2:30"), ("1:00 pm", "2:30 PM")]
)
def test_every_usual_way_to_write_times(starts, ends, meeting):
    assert time_of(move(meeting, "7 November", starts, ends))[0] == make.london("2025-11-07 13:00")


def test_times_are_london_s_on_both_sides_of_the_change(meeting):
    assert time_of(move(meeting, "24 October"))[0].isoformat() == "2025-10-24T12:00:00+00:00"
    assert time_of(move(meeting, "27 October"))[0].isoformat() == "2025-10-27T13:00:00+00:00"


def test_another_school_year_needs_its_year(meeting):
    assert time_of(move(meeting, "10 September 2026"))[0] == make.london("2026-09-10 13:00")


@pytest.mark.parametrize("day", ["Saturday 8 November", "25 May 2026"])
def test_weekends_and_bank_holidays_are_for_the_next_screen_to_tell(day, meeting):
    assert move(meeting, day).is_valid()


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({"day": ""}, "day", "Enter the day, like Friday 24\u00a0October"),
        ({"day": "soon"}, "day", "Enter one day, like Friday 24\u00a0October"),
        ({"day": "7 November and 8 November"}, "day", "Enter one day, like Friday 24\u00a0October"),
        ({"day": "7 November\n8 November"}, "day", "Enter one day, like Friday 24\u00a0October"),
        (
            {"day": "7 November, 3pm to 4pm"},
            "day",
            "Enter the day alone, and its times in the boxes below",
        ),
        ({"day": "x" * 81}, "day", "Enter the day, like Friday 24\u00a0October"),
        ({"starts": ""}, "starts", "Enter when it starts, like 10:00am"),
        ({"ends": ""}, "ends", "Enter when it ends, like 11:30am"),
        ({"starts": "ten", "ends": "eleven"}, "starts", "Enter both times, like 1:00pm and 2:30pm"),
        (
            {"ends": "12:00pm"},
            "starts",
            "The end, midday, is not after the start, 1:00pm. Enter both times, like 1:00pm and 2:30pm",
        ),
    ],
)
def test_what_cannot_be_read_says_what_to_type(typed, field, error, meeting):
    form = MoveForm(
        {"day": "7 November", "starts": "1:00pm", "ends": "2:30pm"} | typed, meeting=meeting, today=TODAY
    )
    assert form.errors == {field: [error]}


def invite(meeting: Meeting, **typed: Any) -> InviteForm:
    return InviteForm(typed, meeting=meeting, today=TODAY, people=1428, starts_at=meeting.starts_at)


def test_when_invitations_go(meeting):
    now = invite(meeting, when="now")
    assert now.is_valid() and clock.now() - now.cleaned_data["invite_at"] < timedelta(seconds=5)
    leave = invite(meeting, when="leave", day="rubbish is not read")
    assert leave.is_valid() and leave.cleaned_data["invite_at"] is None
    on = invite(meeting, when="on", day="Wednesday 22 October")
    assert on.is_valid() and on.cleaned_data["invite_at"] == make.london("2025-10-22 09:00")


def test_the_number_stands_in_the_choice(meeting):
    assert "Invite 1,428\u00a0people now" in str(invite(meeting)["when"])


@pytest.mark.parametrize(
    ("day", "error"),
    [
        ("", "Enter the day, like Friday 24\u00a0October"),
        ("20 October", "Choose a day from tomorrow on and before the meeting"),
        ("6 November", "Choose a day from tomorrow on and before the meeting"),
        ("26 October", "26\u00a0October is a Sunday: choose a working day"),
        ("31 October 2024", "Choose a day from tomorrow on and before the meeting"),
        (
            "Thursday 22 October",
            "22\u00a0October\u00a02025 is a Wednesday, not a Thursday. "
            "Use Thursday 23\u00a0October or Wednesday 22\u00a0October?",
        ),
    ],
)
def test_an_invitation_day_that_cannot_be(day, error, meeting):
    assert invite(meeting, when="on", day=day).errors == {"day": [error]}


def test_words_come_out_clean():
    form = WordsForm({"theme": "  A \n theme ", "agenda": "\r\n10:00am Welcome  \r\n10:10am Go\r\n"})
    assert form.is_valid()
    assert form.cleaned_data == {"theme": "A theme", "agenda": "10:00am Welcome\n10:10am Go"}


def test_slot_marks_and_controls_are_refused():
    assert not WordsForm({"theme": "A \ue000to_name\ue001", "agenda": ""}).is_valid()
    assert not CancelForm({"reason": "A\x0bB\x1f"}).is_valid()


@pytest.mark.parametrize(
    ("link", "good"),
    [
        ("https://zoom.example/j/1?pwd=x", True),
        ("zoom.example/j/1", True),
        ("http://zoom.example/j/1", False),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://zoom.example/" + "x" * 500, False),
        ('https://zoom.example/j/1"><script>', False),
        ("https://a@zoom.example/j/1", False),
        ("https://user:pw@zoom.example/j/1", False),
        ("https://zoom.example/j/1 Passcode: 2", False),
        ("https://zoom.example/j/1`", False),
        ("ftp://zoom.example/j/1", False),
    ],
)
def test_links(link, good):
    form = LinkForm({"join_url": link})
    assert form.is_valid() is good
    assert len(form.errors.get("join_url", [])) == (0 if good else 1)
    if good:
        assert form.cleaned_data["join_url"].startswith("https://")


def test_a_link_with_more_around_it_is_asked_for_alone():
    form = LinkForm({"join_url": 'https://zoom.example/j/1"><script>'})
    assert form.errors == {"join_url": ["Paste the link alone, without anything before or after it"]}


def test_no_browser_cuts_what_is_pasted(meeting):
    forms = [WordsForm(), LinkForm(), CancelForm(), move(meeting, ""), invite(meeting)]
    assert not [form for form in forms if "maxlength" in form.as_p()]


def test_an_invitation_day_on_a_bank_holiday_is_refused():
    starts_at = make.london("2026-06-04 10:00")
    meeting = Meeting(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=90), year=2025)
    form = invite(meeting, when="on", day="25 May 2026")
    assert form.errors["day"] == [
        "Monday 25\u00a0May is a bank holiday, Spring bank holiday: choose a working day"
    ]


def test_a_reason_is_one_line():
    form = CancelForm({"reason": " Chairs \n at the DfE "})
    assert form.is_valid() and form.cleaned_data["reason"] == "Chairs at the DfE"
