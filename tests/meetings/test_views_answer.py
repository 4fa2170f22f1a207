"""The answer page: what it shows, what it takes, and when it is too late."""

import pytest
from django.test import Client

from forum.kit import clock, tokens
from meetings import actions
from meetings.forms.answers import AnswerForm
from meetings.models import Answer, Invitation, Meeting
from members.models import Person
from tests.conftest import Hand
from tests.meetings.views import PAGE, answer_path, invited, moved, settled, text

pytestmark = pytest.mark.django_db


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
        ({"answer": "yes", "note": "a\x07b"}, "Take out the characters that cannot be seen"),
        ({"answer": "yes", "note": "a\ue000b"}, "Take out the characters that cannot be seen"),
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
