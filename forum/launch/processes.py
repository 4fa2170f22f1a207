"""Child processes that cannot outlive their supervisor."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
CLOSING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class LaunchError(Exception):
    """Something that the person at the terminal can mend, in a plain sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The user that a service runs as."""

    name: str
    uid: int
    gid: int


def service_account() -> Account | None:
    """The account for PostgreSQL, which refuses to run as root; None when we are not root ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise LaunchError(
        "PostgreSQL does not run as root and there is no user “postgres” or “nobody” to run it as."
    )


def run_as(account: Account | None, argv: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """One short command as the given account, from a folder that everybody may enter."""
    return subprocess.run(
        list(argv),
        cwd="/",
        env=service_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        **_identity(account),
    )


def service_environment() -> dict[str, str]:
    """The environment for services: PG* would lead PostgreSQL's programs astray, a locale may be missing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


@dataclass(slots=True, kw_only=True)
class Child:
    """One process in a session of its own, which the kernel ends when its supervisor dies."""

    name: str
    argv: Sequence[str | Path]
    log: Path
    env: Mapping[str, str]
    cwd: Path = Path("/")
    account: Account | None = None
    ends_by: signal.Signals = signal.SIGTERM
    keep_open: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Starts it, from the main thread, because that is whose death the kernel watches."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.argv),
                cwd=self.cwd,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=tuple(self.keep_open),
                start_new_session=True,
                preexec_fn=die_with_parent(self.ends_by),
                **_identity(self.account),
            )

    @property
    def exit_code(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self.process.poll() if self.process else None

    def ask_to_end(self) -> None:
        """Sends the polite signal."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.ends_by)

    def stop(self, patience: float = 20) -> None:
        """Ends it and everything in its session.

        Units: patience in seconds, then it is killed.
        """
        if self.process is None:
            return
        self.ask_to_end()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self, lines: int = 15) -> str:
        """The end of its log."""
        return tail(self.log, lines)

    def wait_until(
        self, ready: Callable[[], bool], *, seconds: float, pause: Callable[[float], object]
    ) -> None:
        """Returns when it is ready.

        Errors: LaunchError with the end of its log when it ends or is not ready in time.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self.exit_code is not None:
                raise LaunchError(
                    f"{self.name} ended with code {self.exit_code}. Its last words:\n{self.last_words()}"
                )
            if time.monotonic() > deadline:
                raise LaunchError(
                    f"{self.name} was not ready after {seconds:.0f} seconds:\n{self.last_words()}"
                )
            pause(0.02)


def die_with_parent(ends_by: signal.Signals) -> Callable[[], None]:
    """What a child calls between fork and exec: the kernel sends it the signal when its parent dies.

    Source: prctl(2); a change of user clears it, and subprocess changes the user before it calls this.
    """
    parent = os.getpid()

    def call() -> None:
        for number in CLOSING:
            signal.signal(number, signal.SIG_DFL)
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(ends_by), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return call


def tail(log: Path, lines: int) -> str:
    """The last lines of a file, indented."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return "    (nothing)"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (nothing)"


def _identity(account: Account | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}
