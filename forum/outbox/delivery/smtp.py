"""One kept connection to the relay: what the relay says, in the few words that the outbox acts on."""

import re
import select
import smtplib
import socket
import ssl
from dataclasses import dataclass
from enum import Enum

from forum.outbox.build import Mail

LAST_CALL = 421
_DOT = re.compile(rb"(?m)^\.")


class Verdict(Enum):
    """What became of one attempt."""

    SENT = "accepted after the final dot"
    LATER = "refused for now, or broken off while that is certain"
    REFUSED = "the address is refused for good"
    REJECTED = "the content is refused for good"
    BARRED = "we are refused for good, whoever the mail is for"
    DOUBT = "no answer after the final dot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One attempt: the verdict, at which step, and what the relay answered.

    Shape: `away` says that the relay wants no more of us for now.
    """

    verdict: Verdict
    step: str = ""
    code: int | None = None
    text: str = ""
    away: bool = False


class AwayError(Exception):
    """The relay cannot be reached for now."""


class BarredError(Exception):
    """The relay refuses us for good: at the greeting, the encryption or the sign-in."""

    def __init__(self, code: int | None, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the relay is and how we speak to it.

    Shape: `tls` is "", "starttls" or "tls"; `name` is what we call ourselves.
    Units: seconds; `answer_timeout` is for the answer after the final dot, longer than the relay's own limit.
    """

    host: str
    port: int
    name: str
    user: str = ""
    password: str = ""
    tls: str = ""
    timeout: float
    answer_timeout: float


class Relay:
    """A connection that is opened when first needed, kept, and opened again when it has died."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._smtp: smtplib.SMTP | None = None
        self._accepted = 0

    def open(self) -> None:
        """Make sure that there is a living connection.

        Errors: AwayError, BarredError.
        """
        if self._smtp is not None and self._peer_spoke(0):
            self.close()
        if self._smtp is not None:
            return
        self._accepted = 0
        try:
            self._connect()
        except smtplib.SMTPResponseException as refusal:
            self.close()
            text = _words(refusal.smtp_error)
            if refusal.smtp_code >= 500:
                raise BarredError(refusal.smtp_code, text) from refusal
            raise AwayError(f"{refusal.smtp_code} {text}") from refusal
        except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as refusal:
            self.close()
            raise BarredError(None, str(refusal)) from refusal
        except (smtplib.SMTPException, OSError) as fault:
            self.close()
            raise AwayError(str(fault) or type(fault).__name__) from fault

    def send(self, mail: Mail, *, look: float) -> Outcome:
        """Try to hand over one mail; never raises for what the relay or the network does.

        Units: `look` is how many seconds we look, before the final dot, whether the relay has given up; the
        dot is what makes a doubt possible.
        Errors: AwayError, BarredError, if a connection that died unnoticed cannot be opened again.
        """
        self.open()
        kept = self._accepted > 0
        outcome = self._attempt(mail, look)
        if kept and self._smtp is None and outcome.step == "mail" and outcome.code is None:
            # The kept connection had died and nothing of this mail was said yet: still the first attempt.
            self.open()
            outcome = self._attempt(mail, look)
        return outcome

    def close(self) -> None:
        """Drop the connection, politely if that costs no time."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                if smtp.sock is not None:
                    smtp.sock.settimeout(1)
                    smtp.send(b"QUIT\r\n")
            except (smtplib.SMTPException, OSError):
                pass
            finally:
                smtp.close()

    def _connect(self) -> None:
        where = self.address
        if where.tls == "tls":
            context = ssl.create_default_context()
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                where.host, where.port, local_hostname=where.name, timeout=where.timeout, context=context
            )
        else:
            smtp = smtplib.SMTP(where.host, where.port, local_hostname=where.name, timeout=where.timeout)
        self._smtp = smtp
        if smtp.sock is not None:
            # The final dot is a write of its own; it must not wait for the acknowledgement of the mail before it.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.ehlo_or_helo_if_needed()
        if where.tls == "starttls":
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo_or_helo_if_needed()
        if where.user:
            smtp.login(where.user, where.password)

    def _attempt(self, mail: Mail, look: float) -> Outcome:
        smtp = self._smtp
        assert smtp is not None
        step = "mail"
        try:
            options = [f"size={len(mail.content)}"] if smtp.has_extn("size") else []
            answer = smtp.mail(mail.sender, options)
            if answer[0] // 100 != 2:
                return self._refusal("mail", *answer)
            step = "rcpt"
            answer = smtp.rcpt(mail.recipient)
            if answer[0] // 100 != 2:
                return self._refusal("rcpt", *answer)
            step = "data"
            answer = smtp.docmd("DATA")
            if answer[0] != 354:
                return self._refusal("data", *answer)
            smtp.send(_DOT.sub(b"..", mail.content))
            if self._peer_spoke(look):
                # It closed, which ends in the fault below, or answered before the end: no doubt is possible.
                return self._refusal("data", *smtp.getreply(), keep=False)
        except (smtplib.SMTPException, OSError) as fault:
            return self._broken(step, str(fault) or type(fault).__name__)
        return self._final_dot(smtp)

    def _final_dot(self, smtp: smtplib.SMTP) -> Outcome:
        try:
            smtp.send(b".\r\n")
            if smtp.sock is not None:
                smtp.sock.settimeout(self.address.answer_timeout)
            code, text = smtp.getreply()
            if smtp.sock is not None:
                smtp.sock.settimeout(self.address.timeout)
        except (smtplib.SMTPException, OSError) as fault:
            self.close()
            return Outcome(verdict=Verdict.DOUBT, step="data", text=str(fault) or type(fault).__name__)
        if code // 100 == 2:
            self._accepted += 1
            return Outcome(verdict=Verdict.SENT, code=code)
        if code // 100 not in (4, 5):
            self.close()
            return Outcome(verdict=Verdict.DOUBT, step="data", text=_words(text))
        return self._refusal("data", code, text)

    def _refusal(self, step: str, code: int, text: bytes, *, keep: bool = True) -> Outcome:
        away = code == LAST_CALL and not self._accepted
        if keep and code != LAST_CALL and code // 100 in (4, 5):
            self._reset()
        else:
            self.close()
        if code // 100 == 5:
            verdict = {"mail": Verdict.BARRED, "rcpt": Verdict.REFUSED, "data": Verdict.REJECTED}[step]
        else:
            verdict = Verdict.LATER
        return Outcome(
            verdict=verdict, step=step, code=code if code > 0 else None, text=_words(text), away=away
        )

    def _broken(self, step: str, text: str) -> Outcome:
        self.close()
        return Outcome(verdict=Verdict.LATER, step=step, text=text)

    def _reset(self) -> None:
        try:
            if self._smtp is not None and self._smtp.rset()[0] != 250:
                self.close()
        except (smtplib.SMTPException, OSError):
            self.close()

    def _peer_spoke(self, seconds: float) -> bool:
        # Whoever answers or closes before it is asked has given up on us.
        sock = self._smtp.sock if self._smtp is not None else None
        if sock is None:
            return True
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(seconds * 1000))


def _words(answer: bytes | str) -> str:
    text = answer.decode("ascii", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:500]
