"""Send what is due, without Celery: ./manage.py deliver --until-empty."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from forum.kit import clock
from forum.outbox import delivery
from forum.outbox.delivery import Halt, switch
from forum.outbox.models import Message


class Command(BaseCommand):
    """Hands due messages to the mail relay and says what became of them.

    Shape: one line on stdout, `sent N deferred N failed N waiting N`; failed counts those left in doubt.
    Again: each message goes once, however many run at the same time.
    """

    help = "Sends what is due: one round, or with --until-empty until nothing is due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the one option."""
        parser.add_argument("--until-empty", action="store_true", help="go on until nothing is due")

    def handle(self, *args: Any, until_empty: bool = False, **options: Any) -> None:
        """Sweep, send, tell."""
        delivery.sweep(clock.now())
        tally = delivery.deliver_all() if until_empty else delivery.deliver_some(clock.now())
        if tally.halt is Halt.OFF:
            self.stderr.write(f"Sending is stopped: {switch.why_off() or 'no reason was given'}")
        if tally.halt is Halt.AWAY:
            self.stderr.write("The mail relay cannot be reached; the messages wait for the next try.")
        waiting = Message.objects.waiting().count()
        self.stdout.write(
            f"sent {tally.sent} deferred {tally.deferred} failed {tally.failed} waiting {waiting}"
        )
