"""Named reads of the outbox, for the chairs' desk."""

from datetime import datetime, timedelta

from django.urls import reverse

from forum.kit import wording
from forum.kit.needs import Need
from forum.outbox.models import Message, SendingSwitch

LATE_AFTER = timedelta(minutes=15)


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
    return found
