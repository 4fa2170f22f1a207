"""What is promised when the web server dies in the middle of a press, and when a button is pressed too often."""

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.services.house import House

type Report = Callable[..., None]


def test_f7_web_killed_between_commit_and_wake_up(house: House, report: Report):
    """The broker takes the connection and never answers, so the page hangs just after its commit."""
    house.run("[make.person(f'P {n}', f'p{n}@trust.example') for n in range(4)]")
    cookies = house.chair()
    people = [row[0] for row in house.sql("SELECT id FROM members_person WHERE office = '' ORDER BY id")]
    path = "/admin/members/person/{}/office/"
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(50)
        with house.nursery_with(REDIS_URL=f"redis://127.0.0.1:{deaf.getsockname()[1]}/0") as nursery:
            for number, person in enumerate(people):
                web = house.web(nursery)
                form, jar = house.form(path.format(person), cookies)
                data = form | {"office": "deputy"}
                press = threading.Thread(target=_press, args=(house, path.format(person), data, jar))
                press.start()
                house.wait_for(lambda: sum(house.states().values()) > number, 20)  # noqa: B023
                house.kill(web)
                press.join()
    house.workers(1)
    house.settle()
    report("F7 web killed after commit", house.figures(), bound=0, rows=len(people))
    assert house.states() == {"sent": len(people)}


def test_f7b_web_killed_before_commit(house: House, report: Report):
    house.run("make.person('P', 'p@trust.example')")
    cookies, web = house.chair(), house.web()
    person = house.sql("SELECT id FROM members_person WHERE office = ''")[0][0]
    path = f"/admin/members/person/{person}/office/"
    form, jar = house.form(path, cookies)
    with psycopg.connect(house.database.url) as blocker:
        blocker.execute("LOCK TABLE audit_auditentry IN ACCESS EXCLUSIVE MODE")
        press = threading.Thread(target=_press, args=(house, path, form | {"office": "deputy"}, jar))
        press.start()
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        house.wait_for(lambda: house.sql(waits), 20)
        house.kill(web)
        press.join()
    house.workers(1)
    house.ring()
    time.sleep(1)
    assert house.sql("SELECT office FROM members_person WHERE id = %s", person) == [("",)]
    report("F7b web killed before commit", house.figures(), bound=0, rows=len(house.states()))
    assert house.states() == {}


def test_f18_the_button_pressed_twenty_times_by_two_chairs(house: House, report: Report):
    house.run("""
crowd(30)
starts = clock.now() + timedelta(days=40)
make.meeting(f"{starts:%Y-%m-%d} 10:00", invite_at=clock.now() + timedelta(days=19), join_url="https://zoom.example/j/1")
""")
    chairs = [house.chair(1), house.chair(2)]
    house.web()
    meeting = house.sql("SELECT id FROM meetings_meeting")[0][0]
    path = f"/admin/meetings/meeting/{meeting}/send/"
    forms = [house.form(path, cookies) for cookies in chairs]
    with ThreadPoolExecutor(20) as pool:
        sent = [pool.submit(house.asks, path, data, cookies=jar) for data, jar in forms * 10]
        statuses = sorted(one.result()[0] for one in sent)
    house.sql("UPDATE meetings_calendarentry SET settles_at = now() - interval '1 minute'")
    house.workers(1)
    house.ring("meetings.tasks.reconcile")
    house.wait_for(lambda: house.states(), 20)
    house.settle()
    acts = house.sql("SELECT count(*) FROM audit_auditentry WHERE verb = 'meetings.sent'")[0][0]
    report("F18 twenty presses", house.figures(), bound=0, campaigns=acts, statuses=sorted(set(statuses)))
    assert house.sql("SELECT count(*) FROM outbox_mailing WHERE kind = 'invitation'") == [(1,)]
    assert house.figures().accepted == 30 and max(statuses) < 500


def _press(house: House, path: str, data: dict[str, str], cookies: dict[str, str]) -> None:
    try:
        house.asks(path, data, cookies=cookies)
    except OSError:
        return  # it was killed, as it should be
