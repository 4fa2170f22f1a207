"""An SMTP server on loopback that records what it accepts, enforces the protocol, and fails on command.

In a test: `with Sink() as sink: sink.fail("rcpt450", weight=0.5)`. As a program, `python -m tests.fakes.smtp
2525` writes one JSON line for each accepted mail and reads commands from its standard input, one a line:
`rcpt550 weight=0.2`, `accept_cut times=3`, `rcpt450 address=a@b.example`, `ok`.
"""

import contextlib
import json
import random
import re
import socket
import struct
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Self

FAULTS = (
    "refuse",  # nobody listens
    "hang_greet",  # the connection is taken, nothing is said
    "connect421",
    "connect554",
    "mail450",
    "mail550",
    "rcpt421",
    "rcpt450",
    "rcpt550",
    "data450",
    "data554",  # refused after the final dot
    "cut_mid_data",  # closed while the mail comes in
    "early_data552",  # answered and closed before the final dot
    "accept_cut",  # accepted, then closed without an answer
    "accept_hang",  # accepted, never answered
)
STEPS = (
    "mail",  # before MAIL FROM is answered
    "rcpt",  # before RCPT TO is answered
    "data",  # before DATA is answered
    "dot",  # the whole mail is here and not yet taken
    "kept",  # the mail is taken and not yet answered
)
LONGEST_LINE = 1000
_MESSAGE_ID = re.compile(rb"(?mi)^Message-ID:\s*(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One mail that the server took responsibility for."""

    sender: str
    recipient: str
    content: bytes
    at: float

    @property
    def message_id(self) -> str:
        """Its Message-ID, with the angle brackets."""
        found = _MESSAGE_ID.search(self.content.partition(b"\r\n\r\n")[0])
        return found[1].decode() if found else ""


@dataclass(slots=True, kw_only=True)
class Fault:
    """How often something goes wrong: by weight, for one address only, so many times."""

    name: str
    weight: float = 1.0
    address: str = ""
    times: int | None = None


class _OverError(Exception):
    """The conversation is over."""


class Sink:
    """The server; a context manager."""

    def __init__(self, port: int = 0, *, seed: int = 0, aloud: bool = False) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self.accepted: list[Accepted] = []
        self.violations: list[str] = []
        self.recipients: list[str] = []
        self.connections = 0
        self.slow = 0.0  # seconds before each mail is taken
        self.held = threading.Event()
        self._hold_at = ""
        self._go_on = threading.Event()
        self._faults: list[Fault] = []
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._aloud = aloud

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._stop_listening()
        self.drop_connections()

    @property
    def copies(self) -> Counter[str]:
        """How many copies of each Message-ID were accepted."""
        return Counter(mail.message_id for mail in self.accepted)

    def fail(self, name: str, *, weight: float = 1.0, address: str = "", times: int | None = None) -> None:
        """Go wrong from now on."""
        if name not in FAULTS:
            raise ValueError(f"No such fault: {name}")
        with self._lock:
            self._faults.append(Fault(name=name, weight=weight, address=address, times=times))
        if name == "refuse":
            self._stop_listening()
            self.drop_connections()

    def hold(self, step: str) -> None:
        """Stop the next conversation at one step, of STEPS, until `release`; `held` tells that it stands there."""
        if step not in STEPS:
            raise ValueError(f"No such step: {step}")
        self.held.clear()
        self._go_on.clear()
        self._hold_at = step

    def release(self) -> None:
        """Let the conversation that is held go on."""
        self._hold_at = ""
        self._go_on.set()

    def wait_at(self, step: str) -> None:
        """Stand here if that was asked for; once, whoever comes first."""
        with self._lock:
            stand, self._hold_at = self._hold_at == step, "" if self._hold_at == step else self._hold_at
        if stand:
            self.held.set()
            self._go_on.wait(60)

    def ok(self) -> None:
        """Go right from now on."""
        with self._lock:
            self._faults.clear()
        self._listen()

    def drop_connections(self) -> None:
        """Close every connection, as a relay does that starts again."""
        with self._lock:
            connections, self._open = self._open, set()
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _listen(self) -> None:
        if self._listener is None:
            self._listener = socket.create_server((self.host, self.port), backlog=64)
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._take, args=(self._listener,), daemon=True).start()

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            # Closing alone does not wake the thread that waits in accept().
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _take(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            _Conversation(self, connection).run()
        except (_OverError, OSError):
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def strikes(self, name: str, address: str = "") -> bool:
        """Whether this fault happens now."""
        with self._lock:
            for fault in self._faults:
                if fault.name != name or (fault.address and fault.address != address) or fault.times == 0:
                    continue
                if self._random.random() < fault.weight:
                    fault.times = None if fault.times is None else fault.times - 1
                    return True
        return False

    def keep(self, mail: Accepted) -> None:
        """Take responsibility for a mail."""
        with self._lock:
            self.accepted.append(mail)
        if self._aloud:
            line = {
                "message_id": mail.message_id,
                "sender": mail.sender,
                "recipient": mail.recipient,
                "at": mail.at,
            }
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()

    def wait_closing(self, connection: socket.socket) -> None:
        """Hang until the other side or the test gives up."""
        connection.settimeout(0.05)
        while not self._closing.is_set():
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue


class _Conversation:
    def __init__(self, sink: Sink, connection: socket.socket) -> None:
        self.sink = sink
        self.connection = connection
        self.waiting = b""
        self.sender = ""
        self.recipient = ""

    def run(self) -> None:
        sink = self.sink
        if sink.strikes("hang_greet"):
            sink.wait_closing(self.connection)
            return
        for fault, answer in (("connect421", "421 try later"), ("connect554", "554 5.7.1 not you")):
            if sink.strikes(fault):
                self.say(answer)
                return
        verbs = {
            "EHLO": lambda _: self.say("250-sink.example\r\n250-SIZE 10000000\r\n250 ENHANCEDSTATUSCODES"),
            "HELO": lambda _: self.say("250 sink.example"),
            "MAIL": self.mail,
            "RCPT": self.rcpt,
            "DATA": self.data,
            "RSET": self.reset,
            "NOOP": lambda _: self.say("250 ok"),
            "QUIT": self.quit,
        }
        self.say("220 sink.example ESMTP")
        while True:
            command = self.line().decode("ascii", "replace")
            verbs.get(command[:4].upper().strip(), self.unknown)(command)

    def unknown(self, command: str) -> None:
        self.violation(f"unknown command {command!r}")

    def mail(self, command: str) -> None:
        self.sink.wait_at("mail")
        found = re.fullmatch(r"(?i)MAIL FROM:<([^<>\s]*)>(?: SIZE=\d+)?", command)
        if not found or self.sender:
            self.violation(f"bad sender {command!r}")
        elif self.sink.strikes("mail450"):
            self.say("450 4.3.2 not now")
        elif self.sink.strikes("mail550"):
            self.say("550 5.7.1 we do not take mail from you")
        else:
            self.sender = found[1]
            self.say("250 2.1.0 ok")

    def rcpt(self, command: str) -> None:
        self.sink.wait_at("rcpt")
        found = re.fullmatch(r"(?i)RCPT TO:<([^<>\s]+@[^<>\s]+)>", command)
        if not found or not self.sender or self.recipient:
            self.violation(f"bad recipient {command!r}")
            return
        with self.sink._lock:
            self.sink.recipients.append(found[1])
        if self.sink.strikes("rcpt421", found[1]):
            self.say("421 4.3.2 closing")
            raise _OverError
        if self.sink.strikes("rcpt450", found[1]):
            self.say("450 4.2.1 mailbox busy")
        elif self.sink.strikes("rcpt550", found[1]):
            self.say("550 5.1.1 no such person")
        else:
            self.recipient = found[1]
            self.say("250 2.1.5 ok")

    def data(self, _: str) -> None:
        if not self.recipient:
            self.violation("DATA without a recipient")
            return
        self.sink.wait_at("data")
        self.say("354 go on")
        sink, address = self.sink, self.recipient
        if sink.strikes("cut_mid_data", address):
            self.connection.recv(100)
            # With a linger of zero the rest is thrown away at once, as when the process dies.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise _OverError
        if sink.strikes("early_data552", address):
            self.connection.recv(100)
            self.say("552 5.3.4 too big")
            raise _OverError
        lines = []
        while (line := self.line()) != b".":
            lines.append(line.removeprefix(b"."))
            if len(line) + 2 > LONGEST_LINE:
                self.note("line too long")
            if not line.isascii() or b"\r" in line or b"\n" in line or b"\0" in line:
                self.note(f"octets that SMTP does not carry: {line[:80]!r}")
        sink.wait_at("dot")
        time.sleep(sink.slow)
        if sink.strikes("data450", address):
            self.say("450 4.3.0 try later")
        elif sink.strikes("data554", address):
            self.say("554 5.7.1 we do not like this")
        else:
            content = b"".join(line + b"\r\n" for line in lines)
            sink.keep(Accepted(sender=self.sender, recipient=address, content=content, at=time.time()))
            sink.wait_at("kept")
            if sink.strikes("accept_cut", address):
                raise _OverError
            if sink.strikes("accept_hang", address):
                sink.wait_closing(self.connection)
                raise _OverError
            self.say("250 2.0.0 accepted")
        self.sender = self.recipient = ""

    def reset(self, _: str) -> None:
        self.sender = self.recipient = ""
        self.say("250 2.0.0 ok")

    def quit(self, _: str) -> None:
        self.say("221 2.0.0 bye")
        raise _OverError

    def note(self, what: str) -> None:
        with self.sink._lock:
            self.sink.violations.append(what)

    def violation(self, what: str) -> None:
        self.note(what)
        self.say("503 5.5.1 that is not how it goes")

    def say(self, answer: str) -> None:
        self.connection.sendall(answer.encode() + b"\r\n")

    def line(self) -> bytes:
        while b"\r\n" not in self.waiting:
            more = self.connection.recv(65536)
            if not more:
                raise _OverError
            self.waiting += more
        line, _, self.waiting = self.waiting.partition(b"\r\n")
        return line


def obey(sink: Sink, command: str) -> None:
    """Do what one command line says."""
    name, *options = command.split()
    if name == "ok":
        sink.ok()
        return
    values = dict(option.split("=", 1) for option in options)
    sink.fail(
        name,
        weight=float(values.get("weight", 1)),
        address=values.get("address", ""),
        times=int(values["times"]) if "times" in values else None,
    )


def main() -> None:
    """Serve until the standard input ends."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 2525
    with Sink(port, aloud=True) as sink:
        for command in sys.stdin:
            if command.strip():
                obey(sink, command)


if __name__ == "__main__":
    main()
