"""A worker's rounds: claim some, hand each over, keep what the relay said."""

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from types import TracebackType
from typing import Self

from django.conf import settings

from forum.kit import clock
from forum.outbox import build
from forum.outbox.build import Mail
from forum.outbox.delivery import claim, settle, switch
from forum.outbox.delivery.claim import Step
from forum.outbox.delivery.smtp import Address, AwayError, BarredError, Outcome, Relay, Verdict
from forum.outbox.letter import Urgency
from forum.outbox.models import Message

BATCH = 50
RENEW_AFTER = timedelta(seconds=30)
RELAY_WAIT = timedelta(minutes=1)
RATE_PAUSE = 1.0
# What is never sent again by itself is worth a longer look before the final dot makes a doubt possible.
LOOK = {Urgency.MUST_ARRIVE: 0.0, Urgency.BULK: 0.02}

log = logging.getLogger(__name__)
State = Message.State


class Halt(Enum):
    """Why a worker stops."""

    NOTHING_DUE = "nothing is due"
    RATE = "the rate per minute is used up"
    OFF = "sending is stopped"
    AWAY = "the mail relay cannot be reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of the messages of a round.

    Shape: `failed` counts those left in doubt too; `ended` those cancelled, suppressed or expired instead of
    sent.
    """

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    ended: int = 0
    halt: Halt | None = None

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            sent=self.sent + other.sent,
            deferred=self.deferred + other.deferred,
            failed=self.failed + other.failed,
            ended=self.ended + other.ended,
            halt=other.halt,
        )


def relay_address() -> Address:
    """Give where the relay is, from the settings."""
    return Address(
        host=settings.MAIL_HOST,
        port=settings.MAIL_PORT,
        name=settings.MAIL_DOMAIN,
        user=settings.MAIL_USER,
        password=settings.MAIL_PASSWORD,
        tls=settings.MAIL_TLS,
        timeout=claim.COMMAND_TIMEOUT,
        answer_timeout=claim.ANSWER_TIMEOUT,
    )


class Worker:
    """One worker with its own name and its own kept connection."""

    def __init__(self, address: Address | None = None) -> None:
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.relay = Relay(address or relay_address())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.relay.close()

    def round(self, now: datetime, *, limit: int, out_of_time: Callable[[], bool] = lambda: False) -> Tally:
        """Claim at most `limit` due messages and send them.

        Units: `now` is the portal's moment at the start; it goes on while the round lasts.
        Errors: ImproperlyConfigured if mail must not leave this machine.
        """
        build.redirected()
        if switch.is_off():
            return Tally(halt=Halt.OFF)
        settle.expire(now)
        started = renewed = clock.real()
        batch = claim.claim(now=now, real=started, worker=self.name, limit=limit)
        if not batch:
            return Tally(halt=Halt.RATE if claim.rate_is_used_up(started) else Halt.NOTHING_DUE)
        tally = Tally()
        try:
            for message in batch:
                if out_of_time() or tally.halt:
                    break
                real = clock.real()
                if real - renewed > RENEW_AFTER:
                    claim.renew(real=real, worker=self.name)
                    renewed = real
                tally += self._send(message, now + (real - started))
        except AwayError as away:
            log.warning("The mail relay cannot be reached: %s", type(away.__cause__).__name__)
            tally += Tally(halt=Halt.AWAY)
        except BarredError as barred:
            self._stop(barred.code, barred.text, now)
            tally += Tally(halt=Halt.OFF)
        finally:
            later = now + RELAY_WAIT if tally.halt is Halt.AWAY else None
            left = claim.give_back(worker=self.name, next_at=later)
        return tally + Tally(deferred=left if later else 0, halt=tally.halt)

    def _send(self, message: Message, now: datetime) -> Tally:
        try:
            mail = build.mail(message)
        except (KeyError, ValueError) as fault:
            log.exception("Message %s cannot be built", message.pk)
            settle.unbuildable(message, worker=self.name, now=now, text=f"The mail cannot be made: {fault!r}")
            return Tally(failed=1)
        self.relay.open()
        match claim.hand_over(message, now=now, real=clock.real(), worker=self.name):
            case Step.HANDED:
                return self._attempt(message, mail, now)
            case Step.DEFERRED:
                return Tally(deferred=1)
            case Step.ENDED:
                return Tally(ended=1)
            case Step.STOPPED:
                return Tally(halt=Halt.OFF)
            case Step.GONE:
                return Tally()

    def _attempt(self, message: Message, mail: Mail, now: datetime) -> Tally:
        try:
            outcome = self.relay.send(mail, look=LOOK[Urgency(message.urgency)])
        except (AwayError, BarredError):
            settle.not_tried(message, worker=self.name, now=now)
            raise
        if outcome.verdict is Verdict.SENT:
            settle.sent(message, worker=self.name, real=clock.real(), code=outcome.code)
            return Tally(sent=1)
        return self._settle(message, outcome, now)

    def _settle(self, message: Message, outcome: Outcome, now: datetime) -> Tally:
        real = clock.real()
        match outcome.verdict:
            case Verdict.BARRED:
                settle.not_tried(message, worker=self.name, now=now)
                self._stop(outcome.code, outcome.text, now)
                return Tally(deferred=1, halt=Halt.OFF)
            case Verdict.DOUBT:
                settle.doubt(message, worker=self.name, now=now, text=outcome.text)
            case Verdict.LATER:
                settle.refused_for_now(message, worker=self.name, now=now, real=real, outcome=outcome)
            case _:
                settle.refused_for_good(message, worker=self.name, now=now, real=real, outcome=outcome)
        halt = Halt.AWAY if outcome.away else None
        if outcome.verdict is Verdict.REJECTED and settle.rejected_in_a_row() >= settle.REJECTIONS_IN_A_ROW:
            self._stop(outcome.code, outcome.text, now)
            halt = Halt.OFF
        message.refresh_from_db(fields=["state"])
        if message.state == State.QUEUED:
            return Tally(deferred=1, halt=halt)
        if message.state in (State.FAILED, State.IN_DOUBT):
            return Tally(failed=1, halt=halt)
        return Tally(ended=1, halt=halt)

    def _stop(self, code: int | None, text: str, now: datetime) -> None:
        switch.stop(by=None, why=f"The mail relay refused us: {code or ''} {text}", now=now, code=code)


def deliver_some(now: datetime, *, limit: int = BATCH) -> Tally:
    """Send at most `limit` due messages.

    Again: what is sent is not sent again; a second run at the same time takes other messages.
    """
    with Worker() as worker:
        return worker.round(now, limit=limit)


def deliver_all(*, seconds: float | None = None) -> Tally:
    """Send until nothing is due, sending is stopped, the relay cannot be reached, or the time is over.

    Units: `seconds` bounds when the last message is begun, not its end.
    Again: as `deliver_some`.
    """
    end = None if seconds is None else time.monotonic() + seconds

    def out_of_time() -> bool:
        return end is not None and time.monotonic() >= end

    total = Tally()
    with Worker() as worker:
        while not out_of_time():
            total += worker.round(clock.now(), limit=BATCH, out_of_time=out_of_time)
            if total.halt is Halt.RATE:
                time.sleep(RATE_PAUSE)
            elif total.halt is not None:
                break
    return total
