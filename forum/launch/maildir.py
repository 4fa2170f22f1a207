"""The demo's SMTP server: whatever it gets lies in a Maildir a moment later, with its envelope."""

import asyncio
import itertools
import os
import signal
import socket
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_MAIL = 33_554_432
_count = itertools.count()


class MaildirHandler:
    """Writes each mail as one file; several servers may write into the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keeps one mail; it is there, whole, before the sender hears so."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        deliver(self.folder, envelope.mail_from or "", envelope.rcpt_tos, content)
        return "250 2.0.0 Kept"


def deliver(folder: Path, mail_from: str, rcpt_to: list[str], content: bytes) -> Path:
    """Puts one mail into a Maildir, its envelope in two header lines before its own, and gives its path.

    Shape: <seconds>.M<microseconds>P<process>Q<count>.<host>, so that names sort by time of arrival.
    Source: https://cr.yp.to/proto/maildir.html
    """
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    host = socket.gethostname().replace("/", "_").replace(":", "_")
    name = f"{seconds}.M{nanoseconds // 1000:06d}P{os.getpid()}Q{next(_count)}.{host}"
    envelope = f"X-Envelope-From: <{mail_from}>\r\nX-Envelope-To: {', '.join(rcpt_to)}\r\n"
    half, whole = folder / "tmp" / name, folder / "new" / name
    with half.open("xb") as file:
        file.write(envelope.encode() + content)
    half.rename(whole)
    return whole


def serve(folder: Path, listening: socket.socket) -> None:
    """Takes mail on the socket until SIGINT or SIGTERM."""
    asyncio.run(_serve(MaildirHandler(folder), listening))


async def _serve(handler: MaildirHandler, listening: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)

    def protocol() -> SMTP:
        return SMTP(
            handler, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, hostname="localhost", timeout=600
        )

    server = await loop.create_server(protocol, sock=listening)
    await ended.wait()
    server.close()
