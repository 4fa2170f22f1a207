"""The demo's folder: its lock, its clock, and the addresses of the demo that runs there."""

import contextlib
import fcntl
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from forum.env import parse_clock
from forum.launch.services import open_place


class Home:
    """One demo's files under var/demo."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "postgres"
        self.mail = folder / "mail"
        self.log = folder / "log"
        self.beat = folder / "beat"
        self._clock = folder / "clock"
        self._addresses = folder / "running.json"
        self._lock: int | None = None

    def take(self) -> bool:
        """Takes the folder until we die; False when another process has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._lock = handle
        self._addresses.unlink(missing_ok=True)
        return True

    def give_back(self) -> None:
        """Lets others have the folder."""
        self._addresses.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def holder(self) -> str:
        """The number of the process that has the folder."""
        with contextlib.suppress(OSError):
            return (self.folder / "lock").read_text().strip()
        return ""

    def forget(self) -> None:
        """Removes the demo's database, mails and clock."""
        for folder in (self.database, open_place(self.database), self.mail, self.log, self.beat):
            shutil.rmtree(folder, ignore_errors=True)
        self._clock.unlink(missing_ok=True)

    def publish(self, environment: dict[str, str]) -> None:
        """Says under which environment the demo runs, for commands beside it."""
        _replace(self._addresses, json.dumps(environment, indent=1))

    def running(self) -> dict[str, str] | None:
        """The environment of the demo that runs here; ask only when take() said no."""
        try:
            environment: dict[str, str] = json.loads(self._addresses.read_text())
        except (OSError, ValueError):
            return None
        return environment

    def saved_clock(self) -> datetime | None:
        """Where the portal's clock stood when the demo stopped."""
        try:
            return datetime.fromisoformat(self._clock.read_text().strip())
        except (OSError, ValueError):
            return None

    def save_clock(self, shows: datetime) -> None:
        """Notes where the portal's clock stands."""
        _replace(self._clock, shows.astimezone(UTC).isoformat() + "\n")


class PortalClock:
    """A portal clock that every process of one demo agrees on."""

    def __init__(self, shows: datetime) -> None:
        self.shows, self.at = shows.astimezone(UTC), datetime.now(UTC)

    @classmethod
    def read(cls, value: str) -> "PortalClock":
        """From the spelling of --clock and CLOCK.

        Errors: ValueError with a sentence's end.
        """
        started_at = datetime.now(UTC)
        shows, at = parse_clock(value, started_at)
        return cls(shows + (started_at - at))

    def now(self) -> datetime:
        """What it shows now."""
        return self.shows + (datetime.now(UTC) - self.at)

    def __str__(self) -> str:
        """The spelling of CLOCK, with the real moment."""
        return f"{self.shows.isoformat()}@{self.at.isoformat()}"


def _replace(path: Path, text: str) -> None:
    half = path.with_name(path.name + ".new")
    half.write_text(text)
    half.replace(path)
