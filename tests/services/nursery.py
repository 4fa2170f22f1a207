"""Processes of the portal that start at once: forked from one that has loaded everything already.

They are real processes with numbers of their own, which a test may kill, pause or wait for. As a program it reads one
order a line from its standard input and answers each with one line.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, Self

LOADED = (
    "forum.celery",
    "forum.wsgi",
    "celery.bin.worker",
    "celery.apps.beat",
    "gunicorn.app.wsgiapp",
    "tests.make",
)


class Child:
    """One process of the nursery."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self.nursery = nursery
        self.pid = pid
        self.ended: int | None = None

    def poll(self) -> int | None:
        """How it ended, negative by a signal; nothing while it runs."""
        if self.ended is None:
            self.ended = self.nursery.ask(ended=self.pid)
        return self.ended

    def wait(self, seconds: float = 30) -> int:
        """How it ended.

        Errors: AssertionError when it goes on.
        """
        deadline = time.monotonic() + seconds
        while (code := self.poll()) is None:
            assert time.monotonic() < deadline, f"process {self.pid} goes on after {seconds} seconds"
            time.sleep(0.02)
        return code

    def kill(self) -> None:
        """Ends it and what it started, as a crash does: no farewell."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.wait()


class Nursery:
    """The process from which the others are forked; a context manager."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.services.nursery"],
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server.stdin and self._server.stdout
        self._server.stdin.close()
        self._server.wait(30)
        self._server.stdout.close()

    def start(self, argv: list[str], log: Path) -> Child:
        """Starts what `python` followed by these words would start. Shape: its words go to the end of `log`."""
        return Child(self, self.ask(argv=argv, log=str(log)))

    def ask(self, **order: object) -> Any:
        """The answer to one order."""
        assert self._server.stdin and self._server.stdout
        self._server.stdin.write(json.dumps(order) + "\n")
        answer = self._server.stdout.readline()
        assert answer, "the nursery has ended"
        return json.loads(answer)


# --- The process itself -----------------------------------------------------------------------------------------------


def main() -> None:
    """Serves orders until the standard input ends, then ends whatever still runs."""
    for name in LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    running: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "argv" in order:
            answer: int | None = _start(order["argv"], order["log"])
            running.add(int(answer or 0))
        else:
            answer = _ended(order["ended"])
            if answer is not None:
                running.discard(order["ended"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _start(argv: list[str], log: str) -> int:
    pid = os.fork()
    if pid:
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)  # both sides do it, so that it is done whoever comes first
        return pid
    code = 1
    try:
        os.setpgid(0, 0)
        _redirect(log)
        code = _run(argv)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _redirect(log: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)


def _run(argv: list[str]) -> int:
    match argv:
        case ["-c", code]:
            sys.argv = ["-c"]
            call: Any = lambda: exec(compile(code, "<test>", "exec"), {"__name__": "__main__"})  # noqa: E731
        case ["-m", module, *words]:
            sys.argv = [module, *words]
            call = lambda: runpy.run_module(module, run_name="__main__", alter_sys=True)  # noqa: E731
        case [path, *words]:
            sys.argv = [path, *words]
            call = lambda: runpy.run_path(path, run_name="__main__")  # noqa: E731
    try:
        call()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


def _ended(pid: int) -> int | None:
    done, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None


if __name__ == "__main__":
    main()
