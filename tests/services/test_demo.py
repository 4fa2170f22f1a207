"""The demo as a whole: it starts, goes on where it stopped, and leaves no process behind however it ends."""

import http.client
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from forum.env import LONDON
from forum.launch.demo import CONTENT
from forum.launch.home import Home
from tests.services import processes

START = """
from pathlib import Path
from forum.launch.demo import Options, run
raise SystemExit(run(Options(folder=Path({folder!r}), port={port}, {more})))
"""


MANAGE = """
from pathlib import Path
from forum.launch.commands import manage
raise SystemExit(manage(["shell", "--verbosity", "0", "--command", {code!r}], folder=Path({folder!r})))
"""
ASK = """
import sys
from forum.kit import clock
from members.models import Person
print({words!r}, "at", clock.now().date(), Person.objects.exists())
sys.exit(7)
"""


class Demo:
    """A demo in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.output = folder / "demo", folder / "said"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, more: str = "", **environment: str) -> subprocess.Popen[bytes]:
        code = START.format(folder=str(self.folder), port=self.port, more=more)
        self.process = processes.start(code, self.output, **environment)
        return self.process

    def ready(self, more: str = "") -> subprocess.Popen[bytes]:
        process = self.start(more)
        processes.wait_for_words("Ctrl-C stops everything", self.output, process)
        return process

    def refused(self, more: str = "", **environment: str) -> str:
        assert self.start(more, **environment).wait(60) == 1
        return self.output.read_text()

    def manage(self, words: str) -> str:
        """What a command beside the demo, or on the stopped demo, says; its exit code is passed on."""
        output = self.folder.parent / "manage"
        process = processes.start(
            MANAGE.format(code=ASK.format(words=words), folder=str(self.folder)), output
        )
        assert process.wait(120) == 7, output.read_text()
        return output.read_text().strip()

    def page(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers={"Host": "localhost"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture
def demo() -> Iterator[Demo]:
    with processes.open_folder() as folder:
        demo = Demo(folder)
        yield demo
        if demo.process:
            processes.end(demo.process)


def test_a_demo_runs_stops_and_goes_on(demo: Demo) -> None:
    first = demo.ready("empty=True")
    said = demo.output.read_text()
    assert f"http://localhost:{demo.port}/" in said
    assert "chair@forum.example" in said
    status, facts = demo.page("/health/ready/")
    assert (status, json.loads(facts)["database"], json.loads(facts)["broker"]) == (200, "answers", "answers")
    saved = Home(demo.folder).saved_clock()
    assert saved

    second = Demo(demo.folder.parent)
    second.output = demo.folder.parent / "second"
    assert "A demo already runs here" in second.refused()

    content_begins = json.loads(CONTENT.read_text())["empty_clock"][:10]
    # A command beside it shares its database and its clock.
    asked_beside = "./run manage.py asks the running demo"
    assert demo.manage(asked_beside) == f"{asked_beside} at {content_begins} True"

    children = processes.descendants(first.pid)
    assert len(children) >= 9
    os.killpg(first.pid, signal.SIGINT)
    os.killpg(first.pid, signal.SIGTERM)
    assert first.wait(60) == 0
    assert "Nothing is lost" in demo.output.read_text()
    assert processes.living(children, 1) == set()

    stopped = Home(demo.folder).saved_clock()
    assert stopped
    asked_after = "./run manage.py asks the stopped demo"
    assert demo.manage(asked_after) == f"{asked_after} at {content_begins} True"
    moved_by_command = Home(demo.folder).saved_clock()
    assert moved_by_command
    assert moved_by_command > stopped
    stopped = moved_by_command
    earlier = (stopped - timedelta(minutes=1)).astimezone(LONDON)
    assert "--fresh" in demo.refused(f'clock="{earlier:%Y-%m-%dT%H:%M}"')
    assert "--fresh" in demo.refused("volume=50")
    assert "--clock must look like" in demo.refused('clock="soon"')
    assert "for development only" in demo.refused(ENVIRONMENT="production")

    later = (stopped + timedelta(days=1)).astimezone(LONDON)
    again = demo.ready(f'clock="{later:%Y-%m-%dT%H:%M}"')
    assert "Loading" not in demo.output.read_text()
    again.send_signal(signal.SIGHUP)
    assert again.wait(60) == 0
    moved = Home(demo.folder).saved_clock()
    assert moved
    assert timedelta(hours=23, minutes=59) < moved - stopped < timedelta(days=1, minutes=5)


def test_a_killed_demo_leaves_no_process_and_a_dead_child_stops_it(demo: Demo) -> None:
    process = demo.ready("empty=True")
    children = processes.descendants(process.pid)
    assert len(children) >= 9
    process.kill()
    process.wait()
    assert processes.living(children) == set()

    process = demo.ready()
    assert "Loading" not in demo.output.read_text()
    children = processes.descendants(process.pid)
    (beat,) = processes.named("celery -A forum.celery beat", children)
    os.kill(beat, signal.SIGKILL)
    assert process.wait(60) == 1
    assert "beat ended by itself" in demo.output.read_text()
    assert processes.living(children, 1) == set()


def test_a_demo_that_is_killed_while_it_starts_leaves_no_process(demo: Demo) -> None:
    process = demo.start("empty=True")
    processes.wait_for_words("Bringing the tables up to date", demo.output, process)
    children = processes.descendants(process.pid)
    process.kill()
    process.wait()
    assert processes.living(children) == set()


def test_a_port_that_is_taken_is_said_plainly(demo: Demo) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        demo.port = other.getsockname()[1]
        assert f"Port {demo.port} is in use: choose another with --port." in demo.refused()
