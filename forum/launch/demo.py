"""`./run demo`: the whole portal on one machine, until Ctrl-C."""

import errno
import http.client
import json
import os
import socket
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from forum.env import LONDON, EnvError, read
from forum.launch.home import Home, PortalClock
from forum.launch.processes import LaunchError
from forum.launch.services import ROOT
from forum.launch.stack import HOME, Stack, StopAsked, Wish, listen, quiet_closing

PORTAL = ("web", "worker", "beat")
CONTENT = ROOT / "forum" / "demo" / "demo_content.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks for.

    Shape: clock as in CLOCK, or empty; volume None is no crowd.
    """

    port: int = 8000
    fresh: bool = False
    empty: bool = False
    clock: str = ""
    volume: int | None = None
    folder: Path = HOME


def run(options: Options) -> int:
    """Runs the demo until somebody stops it; gives the exit code."""
    wish, home = Wish(), Home(options.folder)
    stack = Stack(home, wish)
    try:
        _take(home)
        try:
            clock = _start(options, stack)
            _supervise(stack, clock)
        except StopAsked:
            say("\nStopping …")
        finally:
            with quiet_closing():
                for child in reversed(stack.children):
                    if child.name in PORTAL:
                        child.ask_to_end()
                stack.close()
                home.give_back()
        say("Stopped. Nothing is lost: ./run demo goes on from here.")
    except (LaunchError, EnvError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def say(line: str) -> None:
    """One line for the person at the terminal, at once."""
    print(line, flush=True)


def _take(home: Home) -> None:
    deadline = time.monotonic() + 10
    while not home.take():
        if running := home.running():
            where = f"A demo already runs here, at {running['SITE_URL']}"
            raise LaunchError(f"{where} (process {home.holder()}). Stop that one first.")
        if time.monotonic() > deadline:
            raise LaunchError(
                f"Process {home.holder()} has the demo’s database. Stop it, or wait for its end."
            )
        time.sleep(0.1)


def _start(options: Options, stack: Stack) -> PortalClock:
    if os.environ.get("ENVIRONMENT", "development") != "development":
        raise LaunchError("The demo is for development only; unset ENVIRONMENT.")
    started, home = time.monotonic(), stack.home
    listening = _listen(options.port)
    stack.callback(listening.close)
    if options.fresh:
        _forget(home)
    clock = _clock(options, home)
    site = os.environ.get("SITE_URL") or f"http://localhost:{options.port}"
    stack.environment |= {"SITE_URL": site, "CLOCK": str(clock)}
    for name in ("DATABASE_URL", "REDIS_URL", "MAIL_URL"):
        if os.environ.get(name):
            say(f"Using {name} from the environment.")
    read(stack.full_environment())

    say("Starting PostgreSQL, Valkey and the mail inbox …")
    stack.start_services()
    say("Bringing the tables up to date …")
    stack.manage("migrate", "--verbosity", "0")
    asked = (["--empty"] if options.empty else []) + (
        ["--volume", str(options.volume)] if options.volume else []
    )
    if _holds_people(stack):
        if asked:
            raise LaunchError(f"This demo already has its content; {asked[0]} needs a new one: add --fresh.")
    else:
        say("Loading the demo’s people, trusts and meetings …")
        stack.manage("load_demo", *asked)
    home.save_clock(clock.now())
    # What is due already need not wait for the clockwork's first minute.
    stack.manage("reconcile")

    say("Starting the web server, the worker and the clockwork …")
    _start_portal(stack, listening.fileno())
    web = stack.children[-1]
    web.wait_until(lambda: _answers(options.port), seconds=60, pause=stack.wish.pause)
    home.publish(stack.environment)
    _welcome(stack, site, clock, time.monotonic() - started)
    return clock


def _start_portal(stack: Stack, handle: int) -> None:
    celery = [sys.executable, "-m", "celery", "-A", "forum.celery"]
    quiet = ["--loglevel", "warning"]
    stack.run("worker", [*celery, "worker", "-c", "2", "--without-gossip", "--without-mingle", *quiet])
    stack.home.beat.mkdir(exist_ok=True)
    schedule = str(stack.home.beat / "schedule")
    stack.run("beat", [*celery, "beat", "--schedule", schedule, "--pidfile=", *quiet])
    threads = ["--workers", "2", "--worker-class", "gthread", "--threads", "4", "--graceful-timeout", "5"]
    binding = ["--bind", f"fd://{handle}", "--preload", "--no-control-socket", "--log-level", "warning"]
    gunicorn = [sys.executable, "-m", "gunicorn", *threads, *binding, "forum.wsgi:application"]
    stack.run("web", gunicorn, keep_open=(handle,))


def _supervise(stack: Stack, clock: PortalClock) -> None:
    """Keeps the portal's clock on disk.

    Errors: StopAsked when somebody asks for it; LaunchError when a child ended by itself.
    """
    saved_at = 0.0
    try:
        while True:
            for child in stack.children:
                if child.exit_code is not None:
                    raise LaunchError(
                        f"{child.name} ended by itself (code {child.exit_code}); everything stops. "
                        f"Its last words, from {child.log}:\n{child.last_words()}"
                    )
            if time.monotonic() > saved_at + 2:
                stack.home.save_clock(clock.now())
                saved_at = time.monotonic()
            stack.wish.pause(0.5)
    finally:
        stack.home.save_clock(clock.now())


def _listen(port: int) -> socket.socket:
    try:
        return listen("127.0.0.1", port)
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise LaunchError(f"Port {port} is in use: choose another with --port.") from error
        raise LaunchError(
            f"Port {port} cannot be used here: choose another from 1024 to 65535 with --port."
        ) from error


def _forget(home: Home) -> None:
    if os.environ.get("DATABASE_URL"):
        raise LaunchError(
            "--fresh empties only the demo’s own database. Empty the one in DATABASE_URL yourself."
        )
    home.forget()


def _clock(options: Options, home: Home) -> PortalClock:
    """Where the portal's clock begins: as asked, else where it stopped, else at the content's own moment."""
    asked, saved = options.clock or os.environ.get("CLOCK", ""), home.saved_clock()
    if not asked:
        return PortalClock(saved) if saved else PortalClock.read(_first_moment(empty=options.empty))
    try:
        clock = PortalClock.read(asked)
    except ValueError as error:
        raise LaunchError(f"--clock {error}.") from error
    if saved and clock.shows < saved:
        raise LaunchError(
            f"This demo’s clock stands at {_moment(saved)} already; it does not go back. "
            "To begin again, add --fresh (the demo’s content is made anew)."
        )
    return clock


def _moment(value: datetime) -> str:
    """«Monday 20 October 2025, 9:00am», as the portal writes it; London's wall clock."""
    at = value.astimezone(LONDON)
    half = "am" if at.hour < 12 else "pm"
    words = {(12, 0): "midday", (0, 0): "midnight"}
    return f"{at:%A %-d %B %Y}, {words.get((at.hour, at.minute)) or f'{at.hour % 12 or 12}:{at:%M}{half}'}"


def _first_moment(*, empty: bool) -> str:
    content = json.loads(CONTENT.read_text())
    return str(content["empty_clock" if empty else "demo_clock"])


def _holds_people(stack: Stack) -> bool:
    with psycopg.connect(stack.full_environment()["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT EXISTS (SELECT 1 FROM members_person)").fetchone()
    return bool(row and row[0])


def _office_holders(stack: Stack) -> list[tuple[str, str]]:
    with psycopg.connect(stack.full_environment()["DATABASE_URL"]) as connection:
        query = (
            "SELECT name, email FROM members_person WHERE office <> '' AND is_active ORDER BY office, email"
        )
        return [(str(name), str(email)) for name, email in connection.execute(query)]


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/live/", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def _welcome(stack: Stack, site: str, clock: PortalClock, seconds: float) -> None:
    say(f"\nThe portal runs (ready in {seconds:.0f} seconds).\n")
    say(f"  The site         {site}/")
    say(f"  The admin        {site}/admin/")
    if "DEMO_MAILDIR" in stack.environment:
        say(f"  Everyone’s mail  {site}/demo/inbox/")
    say(f"\n  The portal’s clock shows {_moment(clock.now())}.\n")
    say(f"To sign in, enter one of these addresses at {site}/sign-in/; the six-figure code is in the inbox:")
    for name, email in _office_holders(stack):
        say(f"  {email:<28} {name}")
    if "DEMO_MAILDIR" in stack.environment:
        say(f"Their second step, six figures of an app, is shown at {site}/demo/authenticator/.")
    say("\nCtrl-C stops everything.")
