"""The switch that stops all mail out."""

import logging
from datetime import datetime

from django.db import transaction

from forum.audit import record
from forum.outbox.models import SendingSwitch

log = logging.getLogger(__name__)


def is_off() -> bool:
    """Whether sending is stopped."""
    return SendingSwitch.objects.off().exists()


def why_off() -> str:
    """Give the reason why sending is stopped, or nothing while it is on."""
    switch = SendingSwitch.objects.off().first()
    return "" if switch is None else switch.why


def stop(*, by: int | None, why: str, now: datetime, code: int | None = None) -> bool:
    """Stop sending; whether it was on.

    Shape: `by` is nothing when the outbox itself stops; `code` is what the relay answered then.
    Effects: nothing is claimed or handed over until someone resumes; what is stopped already keeps its
    reason.
    """
    with transaction.atomic():
        SendingSwitch.objects.bulk_create([SendingSwitch(pk=1)], ignore_conflicts=True)
        switched = SendingSwitch.objects.filter(pk=1, paused_at=None).update(
            paused_at=now, paused_by_id=by, why=why
        )
        if switched:
            record.record("outbox.stopped", by=by, about="sendingswitch:1", code=code)
    if switched and by is None:
        log.error("Sending was stopped by the outbox itself, code %s", code)
    return bool(switched)


def resume(*, by: int | None) -> bool:
    """Start sending again; whether it was stopped."""
    with transaction.atomic():
        switched = SendingSwitch.objects.off().update(paused_at=None, paused_by_id=None, why="")
        if switched:
            record.record("outbox.resumed", by=by, about="sendingswitch:1")
    return bool(switched)
