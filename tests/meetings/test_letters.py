"""Letters about meetings say the same in text and in HTML, name what changed, and leave no slot open."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from forum.kit import clock, wording
from forum.outbox import build
from forum.outbox import letter as outbox
from forum.outbox.letter import Letter, Urgency
from meetings import letters, queries
from meetings.models import Invitation, Meeting
from meetings.queries import Content, EntryView
from members.models import MailingList, Person
from tests import make

pytestmark = pytest.mark.django_db

LINK: dict[str, Any] = {"join_url": "https://zoom.example/j/845", "join_id": "845 122", "passcode": "306 114"}
NO_LINK: dict[str, Any] = {"join_url": "", "join_id": "", "passcode": ""}
TEMPLATES = Path(settings.BASE_DIR) / "templates" / "meetings" / "mail"
KINDS = ("invitation", "change", "cancellation", "withdrawal", "notice", "link_missing", "reminder")


@pytest.fixture
def meeting(forum_list: MailingList) -> Meeting:
    """A meeting with everything; another follows it."""
    make.meeting("2025-12-02 10:00")
    return make.meeting(
        "2025-11-06 10:00", theme="Mentors & time", agenda="10:00am Welcome <all>\nBring a question", **LINK
    )


@pytest.fixture
def view(meeting: Meeting) -> EntryView:
    """Its calendar entry, as letters see it."""
    return queries.entry_view(make.entry(meeting))


@pytest.fixture
def copy(view: EntryView, callum: Person) -> Callable[..., dict[str, str]]:
    """Gives the words of Callum's copy of a letter: subject, text, and the words of the HTML part."""
    row = Invitation.objects.create(
        entry=view.entry, person=callum, address=callum.email, letters=1, sequence=0
    )

    def fill(letter: Letter, *, choice: str = "", choice_before: str = "") -> dict[str, str]:
        details = replace(queries.recipients([row.pk])[row.pk], choice=choice, choice_before=choice_before)
        values = letters.slots(view, row, details, 1)
        standard = dict.fromkeys(build.STANDARD_SLOTS, "-")
        html = outbox.fill_html(letter.html, values)
        if letter.calendar:
            assert outbox.fill_calendar(letter.calendar, standard | values).endswith(b"END:VCALENDAR\r\n")
        for header in letter.headers.values():
            assert outbox.fill(header, values)
        return {
            "subject": outbox.fill(letter.subject, values),
            "text": outbox.fill(letter.text, values),
            "html": html,
            "words": words_of(html),
            "answer": values["answer_url"],
            "mail": values["mail_url"],
            "calendar": values["calendar_url"],
        }

    return fill


def words_of(html: str) -> str:
    """What a reader sees of an HTML part, on one line."""
    html = re.sub(r"<(head|style).*?</\1>|<!--.*?-->", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace(" .", ".").replace(" ,", ",").split())


def moved(content: Content, **span: float) -> Content:
    """The same meeting at another time."""
    by = timedelta(**span)
    return replace(content, starts_at=content.starts_at + by, ends_at=content.ends_at + by)


def all_letters(view: EntryView) -> dict[str, Letter]:
    """One of each."""
    was = moved(view.content, hours=-24)
    return {
        "invitation": letters.invitation(view),
        "change": letters.change(view, was=was),
        "cancellation": letters.cancellation(view, was=view.content),
        "withdrawal": letters.withdrawal(view, was=view.content, at=clock.now()),
        "notice": letters.notice(view, was=was),
        "link_missing": letters.link_missing(view),
        "reminder": letters.reminder(view),
    }


def test_each_letter_has_its_three_templates_and_no_other_lies_beside_them() -> None:
    wanted = {f"{kind}.{end}" for kind in (*KINDS, "welcome") for end in ("subject.txt", "txt", "html")}
    assert {path.name for path in TEMPLATES.iterdir() if path.is_file()} == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_no_slot_stays_open_and_plain_parts_hold_plain_spaces(
    kind: str, view: EntryView, copy: Callable[..., dict[str, str]]
) -> None:
    letter = all_letters(view)[kind]
    said = copy(letter)
    assert letter.kind == kind
    for part in ("subject", "text", "html"):
        assert not re.search("[\ue000\ue001]|None|{{|{%", said[part])
    assert wording.NBSP not in letter.subject + letter.text
    assert "\n\n\n" not in said["text"]
    assert len(said["html"].encode()) < 20_000
    assert "<img" not in said["html"]


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_html_say_the_same_facts(
    kind: str, view: EntryView, copy: Callable[..., dict[str, str]]
) -> None:
    said = copy(all_letters(view)[kind])
    facts = [settings.SITE_NAME, "Meeting 1 of 2", "Thursday 6 November 2025", "10:00am to 11:30am"]
    if kind not in ("cancellation", "withdrawal"):
        facts += ["London time, online (Zoom)"]
    if kind in ("invitation", "change"):
        facts += [
            LINK["join_url"],
            LINK["join_id"],
            LINK["passcode"],
            "Mentors & time",
            "Answer in your calendar, or here",
        ]
        for answer in ("yes", "maybe", "no"):
            assert f'{said["answer"]}?answer={answer}"' in said["html"]
            assert f"{said['answer']}?answer={answer}\n" in said["text"]
        assert said["calendar"] in said["html"]
        assert said["calendar"] in said["text"]
    for fact in facts:
        assert fact in said["words"]
        assert fact in said["text"].replace("\n", " ")
    if kind == "link_missing":
        assert "/link/" in said["html"]
        assert said["mail"] not in said["html"] + said["text"]
    else:
        assert said["html"].count(said["mail"]) == 2
        assert said["mail"] in said["text"]
    assert settings.MAIL_FROM in said["html"]
    assert settings.MAIL_FROM in said["text"]


def test_the_invitation_gives_agenda_reason_and_the_way_to_answer_once(
    view: EntryView, copy: Callable[..., dict[str, str]]
) -> None:
    said = copy(letters.invitation(view))
    assert said["subject"] == "Forum meeting: Thursday 6 November 2025, 10:00am"
    for part in (said["text"], said["words"]):
        for fact in (
            "Callum, you are invited",
            "10:00am",
            "Welcome <all>",
            "Bring a question",
            "Priya Raman put you on the Whinfell Learning Trust list on 20 October 2025",
            "In Google Calendar, answer yes once; later invitations then appear by themselves.",
        ):
            assert " ".join(fact.split()) in " ".join(part.split())
    assert "&lt;all&gt;" in said["html"]


def test_an_invitation_without_a_link_says_that_it_follows(
    view: EntryView, copy: Callable[..., dict[str, str]]
) -> None:
    said = copy(letters.invitation(replace(view, content=replace(view.content, **NO_LINK))))
    for part in (said["text"], said["words"]):
        assert "The joining link will follow." in part
        assert "Joining link for" not in part
        assert "Meeting ID" not in part


def test_a_test_is_marked_and_its_links_answer_nothing(view: EntryView, tracy: Person) -> None:
    letter = letters.test(view, nonce="a")
    said = outbox.fill(letter.text, letters.test_slots(tracy))
    assert letter.subject == "[Test] Forum meeting: Thursday 6 November 2025, 10:00am"
    assert "/r/" not in said


@pytest.mark.parametrize(
    ("was", "subject", "first"),
    [
        (
            {"starts_at": timedelta(hours=-27), "ends_at": timedelta(hours=-27)},
            "Changed: Forum meeting now Thursday 6 November 2025, 10:00am",
            "Changed: the meeting of Wednesday 5 November, 7:00am, is now on Thursday 6 November, 10:00am.",
        ),
        (
            {"ends_at": timedelta(minutes=-30)},
            "Changed: Forum meeting now Thursday 6 November 2025, 10:00am to 11:30am",
            "Changed: the meeting of Thursday 6 November, 10:00am to 11:00am, is now 10:00am to 11:30am.",
        ),
        (
            NO_LINK,
            "Joining link: Forum meeting on Thursday 6 November 2025",
            "Joining link: the meeting of Thursday 6 November, 10:00am, had no joining link and has one now.",
        ),
        (
            {"join_url": "https://zoom.example/j/1"},
            "Changed: joining link for the Forum meeting on Thursday 6 November 2025",
            "Changed: the joining link for the meeting of Thursday 6 November, 10:00am, was https://zoom.example/j/1 "
            "and is now https://zoom.example/j/845.",
        ),
        (
            {"passcode": ""},
            "Changed: joining link for the Forum meeting on Thursday 6 November 2025",
            "Changed: what you need to join the meeting of Thursday 6 November, 10:00am, was meeting ID 845 122, "
            "passcode none, and is now meeting ID 845 122, passcode 306 114.",
        ),
        (
            {"place": "The hall"},
            "Changed: place of the Forum meeting on Thursday 6 November 2025",
            "Changed: the meeting of Thursday 6 November, 10:00am, was to be at The hall and is now at Online (Zoom).",
        ),
        (
            {"theme": "Mentors"},
            "Changed: theme of the Forum meeting on Thursday 6 November 2025",
            "Changed: the theme of the meeting of Thursday 6 November, 10:00am, was ‘Mentors’ and is now "
            "‘Mentors & time’.",
        ),
        (
            {"agenda": "Later"},
            "Changed: agenda of the Forum meeting on Thursday 6 November 2025",
            "Changed: the meeting of Thursday 6 November, 10:00am, had another agenda and now has the one below.",
        ),
    ],
)
def test_a_change_is_named_in_subject_and_first_sentence(
    was: dict[str, Any], subject: str, first: str, view: EntryView, copy: Callable[..., dict[str, str]]
) -> None:
    before: dict[str, Any] = {
        name: getattr(view.content, name) + value if isinstance(value, timedelta) else value
        for name, value in was.items()
    }
    said = copy(letters.change(view, was=replace(view.content, **before)))
    assert said["subject"] == subject
    assert said["text"].split("\n")[2] == first
    assert first in said["words"]
    assert ("Was:" in said["text"]) is ("Was:" in said["words"]) is ("starts_at" in was or "ends_at" in was)


def test_a_removed_link_is_said_and_the_new_one_promised(
    view: EntryView, copy: Callable[..., dict[str, str]]
) -> None:
    without = replace(view, content=replace(view.content, **NO_LINK))
    said = copy(letters.change(without, was=view.content))
    assert "was https://zoom.example/j/845 and works no more. A new one will follow." in said["words"]
    assert "was https://zoom.example/j/845 and works no more. A new one will follow." in said["text"]


def test_a_moved_meeting_asks_again_and_keeps_the_link(
    view: EntryView, copy: Callable[..., dict[str, str]]
) -> None:
    later = replace(view, content=moved(view.content, hours=27))
    said = copy(letters.change(later, was=view.content), choice_before="yes")
    for part in (" ".join(said["text"].split()), said["words"]):
        assert "Was: Thursday 6 November 2025, 10:00am to 11:30am" in part
        assert "Friday 7 November 2025 1:00pm to 2:30pm London time, online (Zoom)" in part
        assert (
            "see both, delete the one on Thursday 6 November, 10:00am to 11:30am. The joining link is the same."
            in part
        )
        assert "You said yes to Thursday. We need a new answer." in part
        assert part.index("Can you come at the new time?") < part.index(LINK["join_id"])
    assert "<s" in said["html"]
    new_link = replace(later, content=replace(later.content, join_url="https://zoom.example/j/2"))
    assert (
        "The joining link is new: use the one below."
        in copy(letters.change(new_link, was=view.content))["words"]
    )


def test_an_answer_that_stands_is_said(view: EntryView, copy: Callable[..., dict[str, str]]) -> None:
    said = copy(letters.change(view, was=replace(view.content, agenda="")), choice="no")
    assert "You have said no. You need not answer again." in said["text"]
    assert "You have said no. You need not answer again." in said["words"]


def test_a_cancellation_gives_reason_and_next_date_and_asks_nothing(
    meeting: Meeting, copy: Callable[..., dict[str, str]]
) -> None:
    meeting.cancelled_at, meeting.cancel_reason = clock.now(), "Chairs at the DfE"
    meeting.save()
    off = queries.entry_view(make.entry(meeting))
    for letter in (letters.cancellation(off, was=off.content), letters.notice(off, was=off.content)):
        said = copy(letter)
        assert said["subject"] == "Cancelled: Forum meeting, Thursday 6 November 2025"
        for part in (" ".join(said["text"].split()), said["words"]):
            assert (
                "Cancelled: the meeting of Thursday 6 November 2025, 10:00am to 11:30am, will not take place."
                in part
            )
            assert "Reason: Chairs at the DfE" in part
            assert "The next one: Tuesday 2 December 2025 10:00am to 11:30am London time" in part
            assert "Can you come" not in part
            assert LINK["join_url"] not in part


def test_the_end_of_an_entry_whose_meeting_is_on_again_says_so(
    view: EntryView, copy: Callable[..., dict[str, str]]
) -> None:
    said = copy(letters.cancellation(view, was=view.content))
    assert "The meeting itself is on again; a new invitation tells you when." in said["words"]
    assert "The meeting itself is on again; a new invitation tells you when." in said["text"]


def test_a_withdrawal_says_why(view: EntryView, copy: Callable[..., dict[str, str]]) -> None:
    left = copy(letters.withdrawal(view, was=view.content, at=clock.now()))
    other = copy(letters.withdrawal(view, was=view.content, at=clock.now(), to_other_address=True))
    assert left["subject"] == "Taken out of your calendar: Forum meeting, Thursday 6 November 2025"
    for part in ("text", "words"):
        assert "because you are no longer on the list that is invited to it." in left[part]
        assert "because your invitations now go to your other address." in other[part]
        assert "You get this because the meeting was in your calendar." in left[part]
        assert "The meeting itself goes ahead." in left[part]


def test_a_notice_is_news_and_names_the_invitation_day(
    meeting: Meeting, copy: Callable[..., dict[str, str]]
) -> None:
    meeting.invite_at = make.london("2025-10-21 09:00")
    meeting.save()
    soon = queries.entry_view(make.entry(meeting))
    letter = letters.notice(soon, was=moved(soon.content, hours=-24))
    said = copy(letter)
    assert (letter.urgency, letter.calendar, letter.method) == (Urgency.BULK, "", "")
    assert said["subject"] == "Changed: Forum meeting now Thursday 6 November 2025, 10:00am"
    for part in (" ".join(said["text"].split()), said["words"]):
        assert "you had not been invited yet. Your invitation comes on Tuesday 21 October." in part


def test_a_session_of_a_community_is_named_after_it(
    forum_list: MailingList, copy: Callable[..., dict[str, str]]
) -> None:
    own = make.community("Is our CPD working?").list
    session = queries.entry_view(make.entry(make.meeting("2025-11-19 15:45", of_list=own)))
    said = copy(letters.invitation(session))
    assert said["subject"] == "Is our CPD working?: Wednesday 19 November 2025, 3:45pm"
    for part in (said["text"], said["words"]):
        assert f"{settings.SITE_NAME}. Is our CPD working?" in part
        assert "Forum meeting" not in part


def test_every_letter_to_a_list_can_be_stopped_by_one_press_or_a_mail(view: EntryView) -> None:
    headers = letters.invitation(view).headers
    by_press, by_mail = headers["List-Unsubscribe"].split(", ")
    assert by_press == f"<{outbox.slot('mail_url')}>"
    assert by_mail == f"<mailto:{settings.MAIL_FROM}?subject=unsubscribe>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letters.link_missing(view).headers == {}
