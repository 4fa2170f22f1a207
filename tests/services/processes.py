"""Looks at processes from outside, as `ps` does."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ("ENVIRONMENT", "DATABASE_URL", "REDIS_URL", "MAIL_URL", "CLOCK", "SITE_URL", "DJANGO_SETTINGS_MODULE")


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp(prefix="portal-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def start(code: str, output: Path, **environment: str) -> subprocess.Popen[bytes]:
    """A Python program of the portal in a session of its own, without the services of the test run."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    with output.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=kept | {"PYTHONUNBUFFERED": "1"} | environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_for_words(words: str, output: Path, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    """Returns when the program has said these words."""
    deadline = time.monotonic() + seconds
    while words not in output.read_text():
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.05)


def parents() -> dict[int, int]:
    """Every living process and its parent; zombies do not live."""
    table = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split() for line in table.splitlines()]
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def descendants(pid: int) -> set[int]:
    """Its children, their children and so on."""
    known, found = parents(), {pid}
    while more := {child for child, parent in known.items() if parent in found} - found:
        found |= more
    return found - {pid}


def named(words: str, among: set[int]) -> list[int]:
    """Those of the processes whose command line holds these words."""
    table = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(maxsplit=1) for line in table.splitlines()]
    return [int(pid) for pid, *line in rows if int(pid) in among and words in " ".join(line)]


def living(pids: set[int], seconds: float = 20) -> set[int]:
    """Those of the processes that still live after a while."""
    deadline = time.monotonic() + seconds
    while (left := pids & set(parents())) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def end(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    """Ends a program that a failed test left behind."""
    if process.poll() is None:
        process.send_signal(number)
    process.wait()
