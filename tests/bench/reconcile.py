"""Reconcile with nothing to do, beside a plain count over the same rows: ./run bench reconcile [--people N]."""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable

import django
from django.db import connection
from django.test.utils import CaptureQueriesContext, setup_databases, teardown_databases

ROUNDS = 5
MEETINGS = 11
YARDSTICK = """
SELECT count(*) FROM meetings_invitation i
JOIN members_person p ON p.id = i.person_id
JOIN outbox_message o ON o.key = 'request:' || i.id || ':' || i.letters
"""


def main() -> None:
    """Fills a database of its own, measures in alternating rounds, prints a table, and with --json every round."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--people", type=int, default=20_000)
    words.add_argument("--json", action="store_true")
    options = words.parse_args()
    kept = setup_databases(verbosity=0, interactive=False)
    try:
        settled_world(options.people, MEETINGS)
        rounds = [{"reconcile": _seconds(_reconcile), "count": _seconds(_count)} for _ in range(ROUNDS)]
        with CaptureQueriesContext(connection) as statements:
            _reconcile()
    finally:
        teardown_databases(kept, verbosity=0)
    ours, plain = (statistics.median(one[name] for one in rounds) for name in ("reconcile", "count"))
    print(f"{options.people} people × {MEETINGS} meetings, medians of {ROUNDS} alternating rounds")
    print(f"reconcile, nothing to do  {ours:8.3f} s   {len(statements)} statements")
    print(f"plain count of the same   {plain:8.3f} s")
    print(f"ratio                     {ours / plain:8.2f}")
    if options.json:
        print(json.dumps({"rounds": rounds, "statements": len(statements)}))


def _seconds(act: Callable[[], None]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _reconcile() -> None:
    tally = invitations.reconcile(clock.now())
    assert tally == invitations.Tally(), tally


def _count() -> None:
    with connection.cursor() as cursor:
        cursor.execute(YARDSTICK)
        cursor.fetchone()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forum.settings")
    django.setup()
    from forum.kit import clock
    from meetings import invitations
    from tests.meetings.test_reconcile_bounds import settled_world

    main()
