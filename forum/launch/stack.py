"""The services and the environment that the demo and single commands share."""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from forum.launch.home import Home
from forum.launch.processes import CLOSING, Child, LaunchError, service_account
from forum.launch.services import ROOT, Postgres, Runtime, Valkey

HOME = ROOT / "var" / "demo"


class StopAsked(Exception):  # noqa: N818 - it is no error
    """Somebody asked us to stop."""


class Wish:
    """Whether somebody has asked us to stop: signals only raise this flag, the main thread looks at it."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._closing = False
        for number in CLOSING:
            signal.signal(number, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._event.set()

    def pause(self, seconds: float) -> None:
        """Waits.

        Errors: StopAsked as soon as somebody asks for it; never again while closing.
        """
        if self._event.wait(seconds) and not self._closing:
            self._closing = True
            raise StopAsked


class Stack(contextlib.ExitStack):
    """Services that run until it closes, and the environment that leads to them."""

    def __init__(self, home: Home, wish: Wish) -> None:
        super().__init__()
        self.home, self.wish = home, wish
        self.children: list[Child] = []
        self.database_is_new = False
        self.environment = {"ENVIRONMENT": "development", "PYTHONUNBUFFERED": "1"}

    def start_services(self) -> None:
        """PostgreSQL, Valkey and the SMTP inbox, each unless the environment names another."""
        runtime = Runtime(service_account())
        self.callback(runtime.close)
        if not os.environ.get("DATABASE_URL"):
            pause = self.wish.pause
            database = Postgres(
                self.home.database, runtime, self.fresh_log("postgres"), durable=True, pause=pause
            )
            self.callback(database.stop)
            self.environment["DATABASE_URL"] = database.start()
            self.database_is_new = database.is_new
            self.children.append(database.child)
        if not os.environ.get("REDIS_URL"):
            valkey = Valkey(runtime, self.fresh_log("valkey"), pause=self.wish.pause)
            self.callback(valkey.stop)
            self.environment["REDIS_URL"] = valkey.start()
            self.children.append(valkey.child)
        if not os.environ.get("MAIL_URL"):
            listening = listen("127.0.0.1", 0)
            self.callback(listening.close)
            self.environment["MAIL_URL"] = f"smtp://127.0.0.1:{listening.getsockname()[1]}"
            self.environment["DEMO_MAILDIR"] = str(self.home.mail)
            argv = launcher("inbox", str(self.home.mail), str(listening.fileno()))
            self.run("inbox", argv, keep_open=(listening.fileno(),))

    def run(self, name: str, argv: list[str], *, keep_open: tuple[int, ...] = ()) -> Child:
        """Starts one of the portal's own processes."""
        child = Child(
            name=name,
            argv=argv,
            log=self.fresh_log(name),
            env=self.full_environment(),
            cwd=ROOT,
            keep_open=keep_open,
        )
        self.callback(child.stop)
        child.start()
        self.children.append(child)
        return child

    def manage(self, *words: str) -> None:
        """Runs one manage.py command to its end.

        Errors: LaunchError with the end of what it said.
        """
        child = self.run(words[0], [sys.executable, str(ROOT / "manage.py"), *words])
        self.children.remove(child)
        while child.exit_code is None:
            self.wish.pause(0.05)
        if child.exit_code != 0:
            raise LaunchError(f"manage.py {' '.join(words)} failed:\n{child.last_words(25)}")

    def full_environment(self) -> dict[str, str]:
        """Our environment with the services in it; PG* would lead away from them."""
        ours = "DATABASE_URL" in self.environment
        kept = {name: value for name, value in os.environ.items() if not (ours and name.startswith("PG"))}
        return kept | self.environment

    def fresh_log(self, name: str) -> Path:
        """An emptied log file."""
        self.home.log.mkdir(parents=True, exist_ok=True)
        path = self.home.log / f"{name}.log"
        path.write_bytes(b"")
        return path


@contextlib.contextmanager
def quiet_closing() -> Iterator[None]:
    """Inside, nobody can disturb us: a terminal and its shell may both send the same signal."""
    for number in CLOSING:
        signal.signal(number, signal.SIG_IGN)
    yield


def launcher(*words: str) -> list[str]:
    """The command line of a part of the launcher itself."""
    return [sys.executable, "-m", "forum.launch", *words]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that the port is ours from now on.

    Errors: OSError when it is not to be had.
    """
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def until_free(home: Home, say: Callable[[str], None], wish: Wish) -> dict[str, str] | None:
    """Takes the demo's folder and gives None, or gives the environment of the demo that runs there."""
    told = False
    while not home.take():
        if environment := home.running():
            return environment
        if not told:
            say("Waiting for another command that has the demo’s database …")
            told = True
        wish.pause(0.2)
    return None
