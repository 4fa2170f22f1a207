"""A portal of real processes that a test may break: database, broker, workers, web server, and a relay that fails.

A wait for a lease of eight minutes is replaced by making the leases eight minutes older; nothing else is pretended.
"""

import contextlib
import http.client
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import psycopg
from kombu import Connection

from forum.celery import app
from forum.launch.processes import service_account
from forum.launch.services import Postgres, Runtime, Valkey
from tests.fakes.smtp import Sink
from tests.services.nursery import Child, Nursery

ROOT = Path(__file__).resolve().parents[2]
MAILS = int(os.environ.get("FAULT_MAILS", "150"))
"""How many mails a fault meets; the whole matrix by hand: FAULT_MAILS=2000."""

FINAL = ("sent", "failed", "suppressed", "expired", "cancelled", "in_doubt")
_OURS = (
    "ENVIRONMENT",
    "DATABASE_URL",
    "REDIS_URL",
    "MAIL_URL",
    "CLOCK",
    "SITE_URL",
    "DJANGO_SETTINGS_MODULE",
)
_FIRST = """
from datetime import timedelta
from django.db import connection
from forum.kit import clock
from forum.outbox import post
from forum.outbox.letter import Letter, Recipient, Urgency
from meetings import actions, invitations, reminders
from meetings.models import Meeting
from members.models import MailingList, Person, Subscription, Trust, TrustRole
from tests import make

def crowd(number):
    people = [Person.objects.build(email=f"p{n}@trust.example", name=f"P {n}") for n in range(number)]
    own = make.forum_list()
    rows = [Subscription(person=one, list=own, basis="imported") for one in Person.objects.bulk_create(people)]
    Subscription.objects.bulk_create(rows)
"""


@dataclass(slots=True, kw_only=True)
class Figures:
    """What became of the mails. Units: mails; `worst` is the most copies that one mail arrived in."""

    states: dict[str, int]
    accepted: int
    lost: int
    duplicates: int
    worst: int


@dataclass(slots=True)
class House:
    """The processes, and what a test does to them."""

    folder: Path
    database: Postgres
    broker: Valkey
    sink: Sink
    nursery: Nursery
    children: list[Child] = field(default_factory=list)
    port: int = 0

    # --- Processes ------------------------------------------------------------------------------------------------

    def start(self, argv: list[str], *, log: str, nursery: Nursery | None = None) -> Child:
        """A program of the portal, ended with the test."""
        child = (nursery or self.nursery).start(argv, self.folder / f"{log}.log")
        self.children.append(child)
        return child

    def run(self, code: str) -> str:
        """What a piece of the portal's own code prints; it has ended then."""
        said = self.folder / f"run-{uuid.uuid4().hex[:8]}.log"
        ended = self.nursery.start(["-c", _FIRST + code], said).wait(120)
        assert ended == 0, said.read_text()
        return said.read_text()

    def worker(self) -> Child:
        """One worker in one process."""
        options = ["--pool", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        return self.start(
            ["-m", "celery", "-A", "forum.celery", "worker", *options, "-l", "warning"], log="worker"
        )

    def workers(self, number: int) -> list[Child]:
        """So many workers."""
        return [self.worker() for _ in range(number)]

    def web(self, nursery: Nursery | None = None) -> Child:
        """The web server, when it answers."""
        log = f"web-{uuid.uuid4().hex[:8]}"
        argv = ["-m", "gunicorn", "forum.wsgi:application", "--bind", "127.0.0.1:0", "--workers", "2"]
        argv += ["--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
        child = self.start(argv, log=log, nursery=nursery)
        port = self.wait_for(
            lambda: re.search(r"http://127\.0\.0\.1:(\d+)", (self.folder / f"{log}.log").read_text()), 30
        )
        self.port = int(port[1])
        self.wait_for(lambda: self.asks("/health/live/")[0] == 200, 30)
        return child

    def nursery_with(self, **environment: str) -> Nursery:
        """One more nursery, with something different around it."""
        return Nursery(ROOT, surroundings(self.database, self.broker, self.sink, **environment))

    def kill(self, child: Child) -> None:
        """As a crash does: no farewell."""
        child.kill()
        self.children.remove(child)

    def ring(self, task: str = "forum.outbox.tasks.drain") -> None:
        """Wakes a worker, as the clockwork does each minute."""
        with Connection(self.broker_url, connect_timeout=2) as connection:
            app.send_task(task, connection=connection, retry=False)

    @property
    def broker_url(self) -> str:
        return f"redis+socket://{self.broker.socket}?virtual_host=0"

    # --- Rows -----------------------------------------------------------------------------------------------------

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Rows of the portal's database."""
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []

    def states(self) -> dict[str, int]:
        """How many messages are in which state."""
        return {
            str(state): int(str(number))
            for state, number in self.sql("SELECT state, count(*) FROM outbox_message GROUP BY state")
        }

    def post(self, number: int = MAILS, *, bulk: bool = False) -> None:
        """Queues calendar letters to so many people, or so much news."""
        if bulk:
            self.run(f"""
letter = Letter(kind="news", urgency=Urgency.BULK, subject="News", text="Hello\\n")
def one(n):
    return Recipient(key=f"news:{{n}}", address=f"n{{n}}@trust.example", name="N", person_id=None)
post.post(letter, map(one, range({number})), now=clock.now())
""")
            return
        self.run(f"""
crowd({number})
starts = clock.now() + timedelta(days=20)
make.meeting(f"{{starts:%Y-%m-%d}} 10:00", invite_at=clock.now() - timedelta(minutes=5))
invitations.reconcile(clock.now())
""")
        assert self.states() == {"queued": number}

    def age_leases(self) -> None:
        """Does what waiting for ten minutes does: a lease that nobody renews is over."""
        self.sql(
            "UPDATE outbox_message SET lease_until = lease_until - interval '10 minutes' WHERE lease_until IS NOT NULL"
        )
        self.sql("UPDATE outbox_message SET next_at = next_at - interval '1 day' WHERE state = 'queued'")

    def until_accepted(self, number: int, seconds: float = 40) -> None:
        """Waits until the relay has taken so many mails."""

        def there() -> bool:
            taken = self.sink.accepted
            if taken and time.time() - taken[-1].at > 2:
                self.age_leases()  # what a dead worker held would be free after its lease
                self.ring("forum.outbox.tasks.sweep")
                self.ring()
                time.sleep(0.5)
            return len(taken) >= number

        self.wait_for(there, seconds)

    def settle(self, seconds: float = 40) -> None:
        """Lets the clockwork tick until every message has come to its end."""
        deadline = time.monotonic() + seconds
        quiet = 0
        while any(state not in FINAL for state in self.states()):
            assert time.monotonic() < deadline, f"still {self.states()}"
            before = self.states()
            self.ring()
            time.sleep(0.6)
            quiet = quiet + 1 if self.states() == before else 0
            if quiet > 2:
                self.age_leases()
                self.ring("forum.outbox.tasks.sweep")

    # --- What came of it ------------------------------------------------------------------------------------------

    def figures(self, *, codes: int = 0) -> Figures:
        """What the table says against what the relay took.

        Shape: `codes` says how many sign-in codes went besides, which no row speaks of.
        Source: invariants I1, I3 and I4 of the delivery promise.
        """
        rows = dict(self.sql("SELECT message_id, state FROM outbox_message"))
        copies = self.sink.copies
        assert len(copies.keys() - rows.keys()) == codes, "the relay took a mail that no row speaks of"
        ours = {str(one): copies[str(one)] for one in rows}
        lost = [one for one, state in rows.items() if state == "sent" and not ours[str(one)]]
        lost += [one for one, state in rows.items() if state not in FINAL]
        return Figures(
            states=self.states(),
            accepted=sum(ours.values()),
            lost=len(lost),
            duplicates=sum(max(0, number - 1) for number in ours.values()),
            worst=max(ours.values(), default=0),
        )

    def wait_for(self, what: Callable[[], object], seconds: float) -> object:
        """The first answer that is not nothing.

        Errors: AssertionError when it does not come in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, psycopg.OperationalError, http.client.HTTPException):
                if found := what():
                    return found
            assert time.monotonic() < deadline, f"waited {seconds} seconds for {what}"
            time.sleep(0.05)

    # --- A browser ------------------------------------------------------------------------------------------------

    def asks(
        self, path: str, data: dict[str, str] | None = None, *, cookies: dict[str, str] | None = None
    ) -> tuple[int, str, dict[str, str]]:
        """Status, page and cookies of one request; with data it is a POST."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {
            "Host": "localhost:8000",
            "Cookie": "; ".join(f"{k}={v}" for k, v in (cookies or {}).items()),
        }
        if data is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": "http://localhost:8000",
            }
        try:
            connection.request(
                "GET" if data is None else "POST",
                path,
                urlencode(data) if data is not None else None,
                headers,
            )
            answer = connection.getresponse()
            page = answer.read().decode("utf-8", "replace")
            given = SimpleCookie()
            for line in answer.headers.get_all("Set-Cookie") or []:
                given.load(line)
            return answer.status, page, {name: morsel.value for name, morsel in given.items()}
        finally:
            connection.close()

    def chair(self, number: int = 1) -> dict[str, str]:
        """The cookies of a chair who is signed in with the second step."""
        made = self.run(f"""
import time
from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
who = make.person("Chair {number}", "chair{number}@forum.example", office="chair", is_staff=True)
app = make.second_step(who)
session = SessionStore()
session[SESSION_KEY] = str(who.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = who.get_session_auth_hash()
session["account_authentication_methods"] = [{{"method": "mfa", "type": "totp", "id": app.pk, "at": time.time()}}]
session["account_authentication_methods_user"] = user_id_to_str(who)
session.create()
print(session.session_key)
""")
        return {"session": made.strip().splitlines()[-1]}

    def presses(self, path: str, data: dict[str, str], cookies: dict[str, str]) -> int:
        """Opens a page and sends its form; the status of the answer."""
        form, cookies = self.form(path, cookies)
        return self.asks(path, form | data, cookies=cookies)[0]

    def form(self, path: str, cookies: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """The hidden fields of a page, and the cookies to send them with."""
        status, page, more = self.asks(path, cookies=cookies)
        assert status == 200, f"{path}: {status}"
        hidden = re.findall(r'<input type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', page)
        return dict(hidden), cookies | more


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[House]:
    """A portal with its tables, and nothing running but database, broker and relay."""
    with contextlib.ExitStack() as stack:
        runtime = Runtime(service_account())
        stack.callback(runtime.close)
        database = stack.enter_context(
            Postgres(runtime.path / "data", runtime, runtime.path / "postgres.log", durable=True)
        )
        broker = stack.enter_context(Valkey(runtime, runtime.path / "valkey.log"))
        sink = stack.enter_context(Sink())
        around = surroundings(database, broker, sink)
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=around, check=True)
        nursery = stack.enter_context(Nursery(ROOT, around))
        house = House(folder, database, broker, sink, nursery)
        stack.callback(end, house)
        yield house


def surroundings(database: Postgres, broker: Valkey, sink: Sink, **more: str) -> dict[str, str]:
    """What the portal's processes find around them."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return kept | {
        "ENVIRONMENT": "test",
        "DJANGO_SETTINGS_MODULE": "forum.settings",
        "DATABASE_URL": database.url,
        "REDIS_URL": broker.url,
        "MAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        "SITE_URL": "http://localhost:8000",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def end(house: House) -> None:
    """Ends every process that the test started, each by its own number."""
    for child in house.children:
        child.kill()
    house.children.clear()


def clear(house: House) -> None:
    """Empties the tables of what a test made, and forgets what the relay took."""
    end(house)
    house.sink.ok()
    house.sink.release()
    house.sink.drop_connections()
    house.sink.slow = 0.0
    house.sink.accepted.clear()
    house.sink.violations.clear()
    house.sink.recipients.clear()
    house.sql(
        "TRUNCATE outbox_message, outbox_mailing, outbox_sendingswitch, outbox_suppression, outbox_tick, "
        "audit_auditentry, meetings_meeting, members_person, django_session, forum_limits CASCADE"
    )
