"""Reconcile under load and in parallel: the same letters once, and nothing read that need not be."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, connections
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext

from forum.kit import clock
from forum.outbox.models import Mailing, Message
from meetings import invitations, reminders, welcomes
from meetings.models import CalendarEntry, Invitation
from members.models import Person, Subscription
from tests import make
from tests.conftest import Hand

PEOPLE, MEETINGS = 20_000, 11


@pytest.mark.django_db
def test_nothing_to_do_over_many_people_costs_few_statements_and_loads_nobody():
    settled_world(PEOPLE, MEETINGS)
    loaded: list[object] = []

    def count(sender: type, instance: object, **_: object) -> None:
        loaded.append(instance)

    for model in (Person, Subscription, Invitation, Message):
        post_init.connect(count, sender=model)
    try:
        with CaptureQueriesContext(connection) as statements:
            assert invitations.reconcile(clock.now()) == invitations.Tally()
    finally:
        for model in (Person, Subscription, Invitation, Message):
            post_init.disconnect(count, sender=model)
    assert loaded == []
    assert len(statements) <= 12


_PEOPLE = """
INSERT INTO members_person (password, is_superuser, created_at, email, name, job_title, key, address_key,
    mail_paused_why, office, is_staff, is_active, is_demo)
SELECT '', false, %(now)s, 'p' || n || '@t.example', 'Person ' || n, '', gen_random_uuid(), md5(n::text),
    '', '', false, true, false
FROM generate_series(1, %(people)s) n
"""
_SUBSCRIPTIONS = """
INSERT INTO members_subscription (person_id, list_id, basis, started_at, created_at, takes_entries_out)
SELECT id, %(list)s, 'asked', %(now)s, %(now)s, true FROM members_person
"""
_INVITATIONS = """
INSERT INTO meetings_invitation (created_at, entry_id, person_id, key, address, address_key, revision, sequence,
    time_sequence, letters)
SELECT %(now)s, e.id, p.id, gen_random_uuid(), p.email, p.address_key, 1, 0, 0, 1
FROM meetings_calendarentry e, members_person p
"""
_MESSAGES = """
INSERT INTO outbox_message (created_at, mailing_id, urgency, key, message_id, thread, about, edition, person_id,
    to_address, to_name, address_key, slots, passes_suppression, dated_at, state, withdrawn, attempts, doubts, next_at,
    claimed_by, handed_at, sent_at, refused_step, error)
SELECT %(now)s, %(mailing)s, 'must_arrive', 'request:' || id || ':1', '<' || id || '@t.example>',
    'entry:' || entry_id || ':person:' || person_id || ':' || left(address_key, 16), 'entry:' || entry_id, 1,
    person_id, address, '', address_key, '{}', false, %(now)s, 'sent', false, 1, 0, %(now)s,
    '', %(now)s, %(now)s, '', ''
FROM meetings_invitation
"""


def settled_world(people: int, meetings: int) -> None:
    """Everyone holds every entry, as sent."""
    now = clock.now()
    of_list = make.forum_list()
    for number in range(meetings):
        make.meeting(f"{now + timedelta(days=10 + number):%Y-%m-%d} 10:00", invite_at=now - timedelta(days=1))
    CalendarEntry.objects.update(settles_at=None, before=None)
    mailing = Mailing.objects.create(
        kind="invitation",
        urgency="must_arrive",
        subject="s",
        text="t",
        calendar="METHOD:REQUEST",
        method="REQUEST",
    )
    facts = {"now": now, "people": people, "list": of_list.pk, "mailing": mailing.pk}
    with connection.cursor() as cursor:
        for statement in (_PEOPLE, _SUBSCRIPTIONS, _INVITATIONS, _MESSAGES, "ANALYZE"):
            cursor.execute(statement, facts if statement != "ANALYZE" else None)


@pytest.mark.django_db(transaction=True)
def test_four_at_once_post_each_letter_once():
    people = [make.subscribed() for _ in range(40)]
    meeting = make.meeting(invite_at=clock.now() - timedelta(days=1))
    CalendarEntry.objects.filter(meeting=meeting).update(settles_at=None)
    start = Barrier(4)

    def run(_: int) -> invitations.Tally:
        start.wait()
        try:
            return invitations.reconcile(clock.now())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        tallies = list(pool.map(run, range(4)))
    assert sum(tally.invited for tally in tallies) == len(people)
    assert Message.objects.count() == len(people)
    assert set(Invitation.objects.values_list("letters", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_a_run_that_dies_before_its_commit_leaves_nothing_and_the_next_does_it_all(monkeypatch):
    for _ in range(3):
        make.subscribed()
    meeting = make.meeting(invite_at=clock.now() - timedelta(days=1))
    CalendarEntry.objects.filter(meeting=meeting).update(settles_at=None)

    def dies(*_: object, **__: object) -> int:
        raise ConnectionError("power cut")

    with monkeypatch.context() as broken:
        broken.setattr(invitations.post, "post", dies)
        with pytest.raises(ConnectionError):
            invitations.reconcile(clock.now())
    assert (Message.objects.count(), Invitation.objects.count()) == (0, 0)
    assert invitations.reconcile(clock.now()).invited == 3


@pytest.mark.django_db
def test_reminding_many_people_reads_the_outbox_once():
    settled_world(PEOPLE // 4, MEETINGS)
    first = CalendarEntry.objects.select_related("meeting").order_by("meeting__starts_at")[0]
    moment = reminders.moment(first.meeting.starts_at)
    Message.objects.update(dated_at=moment - timedelta(days=5))
    with connection.cursor() as cursor:
        # To ask for each person's reminder by itself would read the whole outbox 5,000 times.
        cursor.execute("SET LOCAL statement_timeout = '10s'")
    with CaptureQueriesContext(connection) as statements:
        assert reminders.remind(moment) == PEOPLE // 4
        assert reminders.remind(moment) == 0
    assert len(statements) <= 40


@pytest.mark.django_db(transaction=True)
def test_four_at_once_remind_and_welcome_each_person_once(portal_clock: Hand):
    people = [make.subscribed() for _ in range(40)]
    make.meeting("2025-11-06 10:00", invite_at=clock.now() - timedelta(days=1))
    CalendarEntry.objects.update(settles_at=None)
    invitations.reconcile(clock.now())
    portal_clock.set("2025-11-04 09:00")
    start = Barrier(4)

    def run(_: int) -> tuple[int, int]:
        start.wait()
        try:
            return reminders.remind(clock.now()), welcomes.welcome(clock.now())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(run, range(4)))
    # Whom another run was holding is passed over, and found by the next one.
    done.append((reminders.remind(clock.now()), welcomes.welcome(clock.now())))
    assert [sum(column) for column in zip(*done, strict=True)] == [len(people), len(people)]
    assert Message.objects.count() == 3 * len(people)
