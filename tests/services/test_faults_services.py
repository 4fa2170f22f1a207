"""What is promised while the broker or the database is away or forgets."""

import signal
import socket
import time
from collections.abc import Callable

from forum.launch.services import Postgres, Valkey
from tests.services.house import MAILS, House

type Report = Callable[..., None]


def test_f3_the_broker_forgets_everything(house: House, report: Report):
    house.post()
    house.sink.slow = 0.01
    house.workers(2)
    began = time.monotonic()
    for _ in range(5):
        house.ring()
        time.sleep(0.4)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(house.broker.socket))
            client.sendall(b"FLUSHALL\r\n")
            assert client.recv(16).startswith(b"+OK")
    house.settle(60)
    report("F3 broker flushed", house.figures(), bound=0, seconds=round(time.monotonic() - began, 1))


def test_f4_the_broker_is_away(house: House, report: Report):
    """People read, answer, stop mail and ask for codes all the same; workers go on by themselves afterwards."""
    house.post(20)
    paths = house.run("""
from django.urls import reverse
from forum.kit import tokens
from meetings.models import Invitation
row = Invitation.objects.order_by("pk").first()
print(reverse("meetings:answer", args=[tokens.make(row.key, "answer")]))
print(reverse("members:mail", args=[tokens.make(row.person.key, "mail")]))
""").split()
    house.workers(1)
    house.web()
    cookies = house.chair()
    house.broker.stop()
    faults, times = 0, []
    for _ in range(3):
        acts: list[Callable[[], int]] = [
            lambda: house.asks("/")[0],
            lambda: house.asks("/meetings/dates.ics")[0],
            lambda: house.asks("/health/ready/")[0],
            lambda: house.presses(paths[0], {"answer": "yes", "note": ""}, {}),
            lambda: house.presses("/sign-in/", {"email": "p3@trust.example"}, {}),
            lambda: house.asks(paths[1], {"List-Unsubscribe": "One-Click"})[0],
            lambda: house.presses(
                f"/admin/members/person/{_newest(house)}/office/", {"office": "deputy"}, cookies
            ),
            lambda: house.presses(f"/admin/members/person/{_newest(house)}/office/", {"office": ""}, cookies),
        ]
        for act in acts:
            began = time.monotonic()
            faults += act() >= 500
            times.append(time.monotonic() - began)
    again = Valkey(house.broker.runtime, house.broker.runtime.path / "valkey.log")
    again.start()
    house.broker.child = again.child
    began = time.monotonic()
    house.settle(60)
    slowest = sorted(times)[int(len(times) * 0.95)]
    report(
        "F4 broker away",
        house.figures(codes=3),
        bound=0,
        web_faults=faults,
        request_p95_s=round(slowest, 2),
        back_at_work_s=round(time.monotonic() - began, 1),
    )
    assert faults == 0


def _newest(house: House) -> object:
    return house.sql("SELECT min(id) FROM members_person")[0][0]


def test_f5_the_database_restarts_in_the_middle(house: House, report: Report):
    house.post()
    house.sink.slow = 0.02
    house.workers(2)
    house.web()
    for _ in range(8):
        house.ring()
    seen, seconds = set(), 0.0
    for restart in (1, 2):
        house.until_accepted(10 * restart)
        house.database.child.process.send_signal(signal.SIGQUIT)  # as pg_ctl -m immediate does
        house.database.child.process.wait()
        stopped = time.monotonic()
        seen.add(house.asks("/")[0])
        again = Postgres(house.database.data, house.database.runtime, house.database.log, durable=True)
        again.start()
        house.database.child = again.child
        house.wait_for(lambda: house.asks("/")[0] == 200, 30)
        seconds = max(seconds, time.monotonic() - stopped)
    house.settle(90)
    report(
        "F5 database restarted",
        house.figures(),
        bound=4,
        web_answered=sorted(seen),
        seconds_of_503=round(seconds, 1),
    )
    assert seen == {503}
    assert house.states() == {"sent": MAILS}
