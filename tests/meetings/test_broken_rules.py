"""Each rule of the calendars left out in turn: lives that end well with it go wrong without it."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest
from django.db import connections

from forum.kit import clock
from meetings import invitations
from meetings.models import Invitation
from members.models import MailingList, Person
from tests.conftest import Hand
from tests.meetings import lives

type Patch = Callable[[], AbstractContextManager[object]]


def text_without(name: str, part: str, instead: str = "") -> AbstractContextManager[object]:
    """A statement of the errand without one of its parts; loud when that part is no longer there."""
    statement: str = getattr(invitations, name)
    assert part in statement, f"{name} has changed: say anew what is left out of it"
    return mock.patch.object(invitations, name, statement.replace(part, instead))


def no_higher_sequence() -> AbstractContextManager[object]:
    return text_without("_RAISE", "GREATEST(e.sequence, i.sequence + 1)", "GREATEST(e.sequence, i.sequence)")


def sequence_of_the_entry() -> AbstractContextManager[object]:
    return text_without(
        "_RAISE",
        "WHEN i.letters = 0 THEN e.sequence ELSE",
        "WHEN i.letters = 0 OR %(asks)s THEN e.sequence ELSE",
    )


def thread_without_address() -> AbstractContextManager[object]:
    thread = property(lambda row: f"entry:{row.entry_id}:person:{row.person_id}")
    assert isinstance(Invitation.__dict__["thread"], property)
    return mock.patch.object(Invitation, "thread", thread)


def unhanded_request_left_queued() -> AbstractContextManager[object]:
    return mock.patch.object(invitations, "_end_unsent", lambda rows, now: None)


def released_for_ever() -> AbstractContextManager[object]:
    stack = ExitStack()
    stack.enter_context(text_without("_ASK", "       OR i.released_at IS NOT NULL\n"))
    stack.enter_context(
        text_without("_RAISE", "CASE WHEN %(asks)s THEN NULL ELSE i.released_at END", "i.released_at")
    )
    return stack


def never_let_settle() -> AbstractContextManager[object]:
    return text_without("_HOLD", "(e.settles_at IS NULL OR e.settles_at <= %(now)s)", "true")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule left out, and short lives that show what it is for.

    Shape: `shows_by_chance` says that one of a few lives drawn by lot shows it too.
    """

    leave_out: Patch
    scripts: tuple[str, ...]
    shows_by_chance: bool = False


RULES = {
    "same SEQUENCE after a re-join": Rule(
        leave_out=no_higher_sequence,
        shows_by_chance=True,
        scripts=("tick; deliver; leave 1; tick; deliver; come_back 1; tick; deliver",),
    ),
    "the entry's SEQUENCE after a re-join": Rule(
        leave_out=sequence_of_the_entry,
        scripts=("tick; deliver; leave 1; tick; deliver; come_back 1; tick; deliver",),
    ),
    "thread without address": Rule(
        leave_out=thread_without_address,
        shows_by_chance=True,
        scripts=("tick; deliver; readdress 1; tick; deliver",),
    ),
    "an unhanded REQUEST left queued": Rule(
        leave_out=unhanded_request_left_queued,
        scripts=("tick; readdress 1; tick; deliver", "tick; cancel; wait 150; tick; deliver"),
    ),
    "released for ever": Rule(
        leave_out=released_for_ever,
        scripts=("tick; deliver 550; try_again; tick; deliver",),
    ),
    "no settles_at": Rule(
        leave_out=never_let_settle,
        shows_by_chance=True,
        scripts=("tick; deliver; move 5; wait 5; tick; deliver; undo; tick; deliver",),
    ),
}
SCRIPTS = [(name, script) for name, rule in RULES.items() for script in rule.scripts]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "script"), SCRIPTS)
def test_a_life_goes_wrong_without_its_rule(
    name: str, script: str, portal_clock: Hand, tracy: Person, forum_list: MailingList
):
    steps = script.split("; ")
    assert lives.wrong_in(steps, portal_clock, tracy) == []
    with RULES[name].leave_out():
        assert lives.wrong_in(steps, portal_clock, tracy) != []


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.shows_by_chance])
def test_some_life_drawn_by_lot_goes_wrong_without_a_rule(
    name: str, portal_clock: Hand, tracy: Person, forum_list: MailingList
):
    with RULES[name].leave_out():
        assert any(
            lives.wrong_in(lives.random_life(seed), portal_clock, tracy) for seed in range(lives.DRAWN)
        )


def without_the_lock() -> AbstractContextManager[object]:
    """The second reconcile asks for another lock than the one that the first holds."""
    return mock.patch.object(invitations, "_LOCK", invitations._LOCK + 1)


def without_the_guard() -> AbstractContextManager[object]:
    return text_without("_RAISE", " AND i.letters = seen.letters")


def two_reconciles_at_once(world: lives.World, *, before: str, second_without: Sequence[Patch]) -> None:
    """Between what one reconcile has read and what it writes, another runs to its end and its letters are sent.

    Shape: `before` names the step of the first one at which they meet.
    """
    real_step, met = getattr(invitations, before), threading.Event()

    def second() -> None:
        try:
            invitations.reconcile(clock.now())
            world.do_deliver()
        finally:
            connections.close_all()

    def meet(rows: Any, *args: Any, **kwargs: Any) -> Any:
        if rows and not met.is_set():
            met.set()
            with ThreadPoolExecutor(1) as pool, ExitStack() as left_out:
                for patch in second_without:
                    left_out.enter_context(patch())
                pool.submit(second).result(timeout=30)
        return real_step(rows, *args, **kwargs)

    with mock.patch.object(invitations, before, meet):
        invitations.reconcile(clock.now())
    assert met.is_set()
    world.do_deliver()
    world.look_at_what_was_posted()


@pytest.mark.django_db(transaction=True)
def test_two_reconciles_at_once_need_the_lock_or_the_guard(
    portal_clock: Hand, tracy: Person, forum_list: MailingList
):
    world = lives.World(portal_clock, tracy)
    world.play(["tick", "deliver"])
    for before in ("_ask", "_raise"):
        for second_without in ([], [without_the_lock]):
            world.play(["relink", "wait 150"])
            two_reconciles_at_once(world, before=before, second_without=second_without)
            assert world.faults == []
        with without_the_guard():
            world.play(["relink", "wait 150"])
            two_reconciles_at_once(world, before=before, second_without=[])
            assert world.faults == []
            world.play(["relink", "wait 150"])
            two_reconciles_at_once(world, before=before, second_without=[without_the_lock])
        assert len(world.faults) == len(world.people)
        assert all("second letter though nothing has happened" in fault for fault in world.faults)
        world.faults.clear()


@pytest.mark.django_db(transaction=True)
def test_two_reconciles_at_once_invite_and_take_back_once(
    portal_clock: Hand, tracy: Person, forum_list: MailingList
):
    world = lives.World(portal_clock, tracy)
    two_reconciles_at_once(world, before="_ask", second_without=[without_the_lock])
    world.play(["readdress 1"])
    two_reconciles_at_once(world, before="_ask", second_without=[without_the_lock])
    world.play(["leave 2"])
    two_reconciles_at_once(world, before="_take_back", second_without=[without_the_lock])
    world.settle()
    assert world.wrong() == []
