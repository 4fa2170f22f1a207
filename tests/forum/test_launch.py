"""The launcher's parts: services, folders, clocks, mails, and the `run` script around them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import psycopg
import pytest

from forum.launch import __main__ as launch
from forum.launch import demo, maildir, services
from forum.launch.home import Home, PortalClock
from forum.launch.processes import Account, LaunchError, service_account, tail
from forum.launch.stack import StopAsked, Wish
from tests.services import processes

DURABLE = """
import time
from pathlib import Path
from forum.launch import services
runtime = services.Runtime(services.service_account())
database = services.Postgres(Path({data!r}), runtime, Path({log!r}), durable=True)
valkey = services.Valkey(runtime, Path({log!r}))
print(database.start(), valkey.start(), flush=True)
print("ready", flush=True)
time.sleep(600)
"""
THROWAWAY = """
import json
from forum.launch import services
with services.throwaway_services() as services:
    print(json.dumps(services), flush=True)
    input()
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that the services' account may enter, unlike pytest's own."""
    with processes.open_folder() as folder:
        yield folder


def test_throwaway_services_answer_and_leave_nothing() -> None:
    kept = {name: value for name, value in os.environ.items() if name not in processes.OURS}
    with subprocess.Popen(
        [sys.executable, "-c", THROWAWAY],
        cwd=processes.ROOT,
        env=kept | {"PGHOST": "nowhere.example", "PGPORT": "1", "LC_ALL": "no_SUCH.locale"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdin
        addresses = json.loads(process.stdout.readline())
        with psycopg.connect(addresses["DATABASE_URL"]) as connection:
            row = connection.execute(
                "SELECT lower('ÉCOLE'), current_setting('timezone'), current_setting('server_encoding'),"
                " current_setting('fsync'), current_setting('listen_addresses')"
            ).fetchone()
        assert row == ("école", "UTC", "UTF8", "off", "")
        folder = Path(addresses["REDIS_URL"].removeprefix("unix://").partition("?")[0]).parent
        assert folder.stat().st_mode & 0o777 == 0o700
        assert len(str(folder / ".s.PGSQL.5432")) < 107
        children = processes.descendants(process.pid)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(30) == 0
    assert processes.living(children, 1) == set()
    assert not folder.exists()


def test_services_of_the_environment_are_used_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"DATABASE_URL": "postgresql://db/forum", "REDIS_URL": "redis://valkey"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with services.throwaway_services() as environment:
        assert environment == given


def test_a_killed_supervisor_leaves_no_server_and_no_loss(open_folder: Path) -> None:
    data, log, output = open_folder / "data", open_folder / "log", open_folder / "said"
    code = DURABLE.format(data=str(data), log=str(log))
    process = processes.start(code, output)
    try:
        processes.wait_for_words("ready", output, process)
        url = output.read_text().split()[0]
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 41 + 1 AS number")
        children = processes.descendants(process.pid)
        assert len(children) >= 4
    finally:
        processes.end(process, signal.SIGKILL)
    # Started again at once, while the old server may still be ending.
    process = processes.start(code, output)
    try:
        processes.wait_for_words("ready", output, process)
        assert processes.living(children, 0) == set()
        with psycopg.connect(output.read_text().split()[0]) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (42,)
        children = processes.descendants(process.pid)
    finally:
        processes.end(process, signal.SIGKILL)
    assert processes.living(children) == set()


def test_programs_in_a_closed_folder_are_copied_to_an_open_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "closed_package"
    (package / "bin").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "bin" / "program").write_text("#!/bin/sh\nexit 0\n")
    (package / "bin" / "program").chmod(0o700)
    (tmp_path / "closed_package.libs").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(services, "open_place", lambda path, version="": tmp_path / "open" / path.name)
    (tmp_path / "open").mkdir()
    monkeypatch.setattr(
        services,
        "_works",
        lambda account, program: (
            program.exists() and (account is None or tmp_path / "open" in program.parents)
        ),
    )
    other = Account(name="other", uid=12345, gid=12345)
    program = services._runnable("closed_package", "bin/program", other)
    assert program == tmp_path / "open" / "closed_package" / "closed_package" / "bin" / "program"
    assert program.stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "open" / "closed_package" / "closed_package.libs").is_dir()
    assert services._runnable("closed_package", "bin/program", None) == package / "bin" / "program"
    assert services._runnable("no_such_package", "bin/program", None) is None


def test_what_killed_owners_left_is_swept_away_and_what_lives_is_not() -> None:
    living, dead = services.Runtime(service_account()), services.Runtime(service_account())
    os.close(dead._lock)
    services.sweep()
    assert living.path.exists()
    assert not dead.path.exists()
    living.close()
    assert not living.path.exists()


def test_only_one_process_has_the_demos_folder(tmp_path: Path) -> None:
    first, second = Home(tmp_path / "demo"), Home(tmp_path / "demo")
    assert first.take()
    assert not second.take()
    assert second.holder() == str(os.getpid())
    first.publish({"SITE_URL": "http://localhost:8000"})
    assert second.running() == {"SITE_URL": "http://localhost:8000"}
    first.give_back()
    assert second.take()
    assert second.running() is None
    second.give_back()


def test_the_clock_goes_on_from_where_it_was_saved(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.saved_clock() is None
    shows = datetime(2031, 3, 14, 9, 0, 5, tzinfo=UTC)
    home.save_clock(shows)
    assert home.saved_clock() == shows


def test_every_process_reads_the_same_clock() -> None:
    clock = PortalClock.read("2031-07-14T09:00")
    assert clock.shows == datetime(2031, 7, 14, 8, tzinfo=UTC)
    again = PortalClock.read(str(clock))
    assert abs(again.now() - clock.now()) < timedelta(seconds=1)


def test_a_new_demo_starts_at_the_contents_own_moments(tmp_path: Path) -> None:
    content = json.loads(demo.CONTENT.read_text())
    for empty, name in ((False, "demo_clock"), (True, "empty_clock")):
        clock = demo._clock(demo.Options(empty=empty), Home(tmp_path))
        assert clock.shows == datetime.fromisoformat(content[name])


def test_the_clock_never_goes_back(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.save_clock(datetime(2031, 3, 14, 9, tzinfo=UTC))
    assert demo._clock(demo.Options(), home).shows == datetime(2031, 3, 14, 9, tzinfo=UTC)
    assert demo._clock(demo.Options(clock="2031-03-14T09:01"), home).shows.minute == 1
    with pytest.raises(LaunchError, match="--fresh"):
        demo._clock(demo.Options(clock="2031-03-14T08:59"), home)


def test_fresh_spares_a_database_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/forum")
    with pytest.raises(LaunchError, match="only the demo’s own"):
        demo._forget(Home(tmp_path))


def test_a_port_in_use_is_said_plainly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LaunchError, match=f"^Port {port} is in use: choose another with --port.$"):
            demo._listen(port)


def test_a_port_that_is_no_number_is_said_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch.main(["demo", "--port", "abc"]) == 1
    assert capsys.readouterr().err == "--port takes a number, like 8001: ‘abc’ is none.\n"


def test_a_clock_before_the_demo_s_is_refused_in_the_portal_s_words(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.save_clock(datetime(2025, 10, 20, 8, tzinfo=UTC))
    with pytest.raises(LaunchError, match="stands at Monday 20 October 2025, 9:00am already"):
        demo._clock(demo.Options(clock="2025-10-19T09:00", folder=tmp_path), home)


def test_mails_lie_in_the_maildir_with_their_envelope(tmp_path: Path) -> None:
    maildir.MaildirHandler(tmp_path)
    content = b"Subject: Dates\r\nX-Envelope-To: forged\r\n\r\nHello\r\n"
    names = [
        maildir.deliver(tmp_path, "a@x.example", ["b@y.example", "é@y.example"], content) for _ in range(3)
    ]
    assert [path.name for path in names] == sorted(path.name for path in names)
    assert sorted((tmp_path / "new").iterdir()) == names
    assert list((tmp_path / "tmp").iterdir()) == []
    raw = names[0].read_bytes()
    assert raw.endswith(content)
    mail = message_from_bytes(raw)
    assert mail["X-Envelope-From"] == "<a@x.example>"
    assert raw.split(b"\r\n")[1].decode() == "X-Envelope-To: b@y.example, é@y.example"


def test_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log, 2) == "    (nothing)"
    log.write_text("one\ntwo\nthree\n")
    assert tail(log, 2) == "    two\n    three"


def test_a_signal_is_heard_once_and_only_where_we_wait() -> None:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        wish = Wish()
        wish.pause(0)
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopAsked):
            wish.pause(5)
        wish.pause(0)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


# --- run --------------------------------------------------------------------------------------------------------------

FAKE_UV = """#!/bin/sh
echo "$*" >> {log}
case "$*" in
    "venv "*) for last; do :; done; mkdir -p "$last/bin"; ln -s {python} "$last/bin/python"; touch "$last/pyvenv.cfg" ;;
esac
"""


class Checkout:
    """A checkout of `run` and its locks in a folder with a space, and a machine with few programs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs, self.log = folder / "the portal", folder / "bin", folder / "log"
        self.folder.mkdir()
        self.programs.mkdir()
        for name in ("run", "requirements.lock", "requirements-dev.lock"):
            shutil.copy(processes.ROOT / name, self.folder / name)
        for name in ("sh", "cat", "cksum", "dirname", "readlink", "rm", "mkdir", "ln", "touch"):
            found = shutil.which(name)
            assert found
            (self.programs / name).symlink_to(found)

    def program(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def uv(self) -> None:
        self.program("uv", FAKE_UV.format(log=self.log, python=sys.executable))

    def run(self, *words: str, by: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [by or self.folder / "run", *words],
            cwd=self.programs,
            env={"PATH": str(self.programs), "HOME": str(self.programs)},
            capture_output=True,
            text=True,
            check=False,
        )

    def installed(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.rpartition("/")[2] for line in lines if line.startswith("pip sync")]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_run_says_what_is_missing_when_no_python_starts(checkout: Checkout) -> None:
    checkout.program("python3.13", "#!/bin/sh\nexit 127\n")
    checkout.program("python3", "#!/bin/sh\nexit 1\n")
    done = checkout.run("python", "--version")
    assert done.returncode == 1
    assert "needs Python 3.12 or newer" in done.stderr


def test_run_without_words_helps_and_installs_nothing(checkout: Checkout) -> None:
    done = checkout.run()
    assert done.returncode == 0
    assert "./run demo" in done.stdout
    assert not (checkout.folder / ".venv").exists()


def test_run_installs_once_and_the_development_lock_serves_both(checkout: Checkout) -> None:
    checkout.uv()
    assert checkout.run("python", "-c", "print('hello')").stdout == "hello\n"
    assert checkout.installed() == ["requirements-dev.lock"]
    checkout.run("manage.py", "check")
    checkout.run("python", "-c", "")
    assert checkout.installed() == ["requirements-dev.lock"]
    (checkout.folder / "requirements.lock").write_text("changed\n")
    checkout.run("manage.py", "check")
    checkout.run("manage.py", "check")
    assert checkout.installed() == ["requirements-dev.lock", "requirements.lock"]
    checkout.run("python", "-c", "")
    assert checkout.installed()[2:] == ["requirements-dev.lock"]


def test_run_makes_the_environment_anew_when_the_checkout_has_moved(checkout: Checkout) -> None:
    checkout.uv()
    checkout.run("python", "-c", "")
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("elsewhere"))
    checkout.run("python", "-c", "")
    assert checkout.installed() == ["requirements-dev.lock"] * 2
    assert "elsewhere" in (checkout.folder / ".venv" / "installed").read_text()


def test_run_works_through_a_symlink_and_keeps_the_callers_folder(checkout: Checkout) -> None:
    checkout.uv()
    link = checkout.folder.parent / "link"
    link.symlink_to(Path(checkout.folder.name) / "run")
    done = checkout.run("python", "-c", "import os; print(os.getcwd(), os.environ['ENVIRONMENT'])", by=link)
    assert done.stdout == f"{checkout.programs} development\n"


def test_run_passes_on_exit_codes_and_names_unknown_programs(checkout: Checkout) -> None:
    checkout.uv()
    assert checkout.run("python", "-c", "raise SystemExit(7)").returncode == 7
    done = checkout.run("no-such-program")
    assert done.returncode == 127
    assert "no program “no-such-program”" in done.stderr


def test_run_leaves_a_folder_alone_that_is_no_environment(checkout: Checkout) -> None:
    checkout.uv()
    (checkout.folder / ".venv").mkdir()
    done = checkout.run("python", "-c", "")
    assert done.returncode == 1
    assert "is in the way" in done.stderr
