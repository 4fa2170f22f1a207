"""Named reads of the outbox, for the chairs' desk."""

from datetime import datetime, timedelta

from django.db.models import Min
from django.urls import reverse

from forum.kit import clock, wording
from forum.kit.needs import Need
from forum.outbox.models import Message, SendingSwitch, Tick

LATE_AFTER = timedelta(minutes=15)
STANDS_STILL_AFTER = timedelta(minutes=5)


def needs(now: datetime) -> list[Need]:
    """What about sending needs a chair."""
    found = []
    switch = SendingSwitch.objects.filter(paused_at__isnull=False).first()
    waiting = Message.objects.due(now)
    if switch:
        waits = wording.count(waiting.count(), "message waits", "messages wait")
        found.append(
            Need(
                key="sending:off",
                rank=40,
                title="Sending is switched off",
                why=f"{switch.why or 'A chair switched it off'}. {waits}.",
                url=reverse("admin:outbox_sendingswitch_changelist"),
                button="What to do",
            )
        )
    elif waiting.filter(next_at__lt=now - LATE_AFTER).exists():
        found.append(
            Need(
                key="sending:late",
                rank=41,
                title="Mail has waited for more than 15 minutes",
                why="The sending service does not answer, or no worker runs. Nothing is lost: it goes by itself later.",
                url=reverse("admin:outbox_message_changelist") + "?how_far=waiting",
                button="Look",
            )
        )
    ticked = last_tick()
    if ticked and ticked < clock.real() - STANDS_STILL_AFTER:
        found.append(
            Need(
                key="sending:tick",
                rank=39,
                title=f"The clockwork has stood still since {wording.clock_time(clock.shown(ticked))}",
                why="Invitations, changes and reminders wait until it runs again; nothing is lost. Ask whoever looks "
                "after the server to start beat and the worker.",
                url=reverse("admin:outbox_message_changelist") + "?how_far=waiting",
                button="Look",
            )
        )
    return found


def oldest_due(now: datetime) -> datetime | None:
    """Since when the message waits that should have left first."""
    first: datetime | None = Message.objects.due(now).aggregate(first=Min("next_at"))["first"]
    return first


def last_tick() -> datetime | None:
    """When the clockwork last came by. Units: a real moment."""
    return Tick.objects.values_list("at", flat=True).first()
