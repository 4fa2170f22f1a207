"""Single commands with services around them: `manage`, `borrow`, `lint`."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from forum.launch.home import Home, PortalClock
from forum.launch.processes import CLOSING, die_with_parent
from forum.launch.services import ROOT, throwaway_services
from forum.launch.stack import HOME, Stack, Wish, quiet_closing, until_free

MANAGE = str(ROOT / "manage.py")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def manage(words: list[str], *, folder: Path = HOME) -> int:
    """Runs manage.py with a database: the environment's, the running demo's, or the stopped demo's."""
    argv = [sys.executable, MANAGE, *words]
    if os.environ.get("DATABASE_URL"):
        os.execve(sys.executable, argv, os.environ)
    home, wish = Home(folder), Wish()
    running = until_free(home, lambda line: print(line, file=sys.stderr), wish)
    if running is not None:
        given = {name: os.environ[name] for name in ("CLOCK", "MAIL_ALL_TO") if os.environ.get(name)}
        os.execve(sys.executable, argv, os.environ | running | given)
    try:
        with Stack(home, wish) as stack:
            stack.start_services()
            saved = home.saved_clock()
            clock = PortalClock(saved) if saved and not os.environ.get("CLOCK") else None
            if clock:
                stack.environment["CLOCK"] = str(clock)
            if stack.database_is_new and words[:1] != ["migrate"]:
                stack.manage("migrate", "--verbosity", "0")
            code = run_in_front(argv, stack.full_environment())
            with quiet_closing():
                if clock:
                    home.save_clock(clock.now())
                stack.close()
        return code
    finally:
        home.give_back()


def borrow(words: list[str]) -> int:
    """Runs a command in the test environment, with services that forget everything at the end."""
    if "pytest" in words and not any(shutil.which(name) for name in BROWSERS):
        print(
            "Chromium is missing, so the browser tests will fail. Install it first "
            "(Debian: apt-get install chromium; Ubuntu: snap install chromium).",
            file=sys.stderr,
        )
    with throwaway_services() as services:
        code = run_in_front(words, _without_postgres_names() | services | {"ENVIRONMENT": "test"})
        with quiet_closing():
            pass
    return code


def lint() -> int:
    """Runs every check of the code, says how each went, and gives 1 if one failed."""
    failed = []
    with throwaway_services() as services:
        development = _without_postgres_names() | services | {"ENVIRONMENT": "development"}
        production = _without_postgres_names() | production_example() | services
        for name, argv, environment in (
            ("ruff check", ["ruff", "check", "."], development),
            ("ruff format", ["ruff", "format", "--check", "."], development),
            ("lint-imports", ["lint-imports"], development),
            ("mypy", ["mypy"], development),
            ("djlint", ["djlint", "--check", "templates"], development),
            ("migrations", [sys.executable, MANAGE, "makemigrations", "--check", "--dry-run"], development),
            (
                "check --deploy",
                [sys.executable, MANAGE, "check", "--deploy", "--fail-level", "WARNING"],
                production,
            ),
        ):
            done = subprocess.run(
                _from_venv(argv), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
            print(f"{'ok    ' if done.returncode == 0 else 'FAILED'}  {name}", flush=True)
            if done.returncode != 0:
                failed.append(name)
                print(done.stdout + done.stderr, flush=True)
    print(f"Failed: {', '.join(failed)}." if failed else "All checks passed.")
    return 1 if failed else 0


def production_example() -> dict[str, str]:
    """An environment that production accepts, with a key of this moment."""
    return {
        "ENVIRONMENT": "production",
        "SITE_URL": "https://forum.example",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "MAIL_URL": "smtp://localhost:25",
        "CLOCK": "",
        "MAIL_ALL_TO": "",
        "DEMO_MAILDIR": "",
    }


def run_in_front(argv: list[str], environment: Mapping[str, str]) -> int:
    """Runs a command that has the terminal, and gives its exit code as a shell would.

    Ctrl-C reaches the command by itself; other signals are passed on to it.
    """
    process = subprocess.Popen(_from_venv(argv), env=environment, preexec_fn=die_with_parent(signal.SIGTERM))
    for number in CLOSING:
        passed_on = (
            signal.SIG_IGN if number == signal.SIGINT else lambda sent, frame: process.send_signal(sent)
        )
        signal.signal(number, passed_on)
    code = process.wait()
    return 128 - code if code < 0 else code


def _from_venv(argv: list[str]) -> list[str]:
    """The command by its path, if it lies beside our Python."""
    beside = Path(sys.executable).parent / argv[0]
    return [str(beside), *argv[1:]] if beside.exists() else argv


def _without_postgres_names() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
