"""A meeting's whole life against calendars that follow RFC 5546: whatever happens, every calendar ends right.

Random lives are played: people join, leave, answer and change address; chairs move, cancel, put back and undo; mail is
refused, lost, late and doubled; workers die half-way. When all has settled, whoever should hold the meeting holds it
once at its time, and nobody else holds it. `LIVES=2000 ./run test tests/meetings/test_life_cycle.py` plays more.
"""

import ast
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from forum.kit import clock
from forum.outbox.build import mail
from forum.outbox.models import Message
from meetings import invitations
from members.models import MailingList, Person
from tests import make
from tests.conftest import Hand
from tests.fakes import calendar
from tests.fakes.calendar import Mailbox
from tests.meetings import lives

pytestmark = pytest.mark.django_db
LIVES = int(os.environ.get("LIVES", lives.DRAWN))


@pytest.mark.parametrize("seed", range(LIVES))
def test_every_calendar_ends_right(seed: int, portal_clock: Hand, tracy: Person, forum_list: MailingList):
    script = lives.random_life(seed)
    wrong = lives.wrong_in(script, portal_clock, tracy)
    assert wrong == [], shortened(script, portal_clock, tracy)


ONCE_WRONG = [
    # A CANCEL of which nobody knew whether it arrived was taken for one that did, once a REQUEST had overtaken it.
    "tick; deliver; leave 1; tick; die 1 1 0; come_back 1; tick; cancel; wait 150; tick; bury; tick; deliver",
    "tick; deliver; leave 1; tick; die 1 1 0; come_back 1; tick; leave 1; tick; bury; tick; deliver",
]


@pytest.mark.parametrize("script", ONCE_WRONG)
def test_what_once_went_wrong_goes_right(script: str, portal_clock: Hand, tracy: Person):
    assert lives.wrong_in(script.split("; "), portal_clock, tracy) == []


def shortened(script: lives.Script, hand: Hand, chair: Person) -> tuple[lives.Script, list[str]]:
    """The shortest life that still goes wrong, and how."""
    short = lives.shortest(script, lambda shorter: lives.wrong_in(shorter, hand, chair))
    return short, lives.wrong_in(short, hand, chair)


def test_the_calendar_of_the_mailboxes_reads_with_the_standard_library_alone():
    assert calendar.__file__ is not None
    tree = ast.parse(Path(calendar.__file__).read_text())
    named = [one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names]
    named += [node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in named} <= sys.stdlib_module_names


@pytest.mark.parametrize("changes_on", ["2025-10-26", "2026-03-29"])
def test_both_sides_of_a_clock_change_keep_london_time(changes_on: str, portal_clock: Hand, tracy: Person):
    change = datetime.fromisoformat(changes_on).date()
    portal_clock.set(f"{change - timedelta(days=30)} 09:00")
    who = make.subscribed()
    days = [change + timedelta(days=offset) for offset in (-3, -1, 0, 1, 3)]
    for day in days:
        make.meeting(f"{day} 10:00", invite_at=clock.now() - timedelta(minutes=1))
    invitations.reconcile(clock.now())
    box = Mailbox(who.email)
    for message in Message.objects.filter(person_id=who.pk).select_related("mailing"):
        box.receive(mail(message).content)
        assert "10:00am to 11:30am" in message.mailing.text and "London time" in message.mailing.text
    wanted = [(make.london(f"{day} 10:00"), make.london(f"{day} 11:30")) for day in days]
    assert box.shown() == {calendar.BY_THE_RFC: wanted, calendar.BY_SEQUENCE: wanted}
    assert box.violations == []
