"""Makes every calendar right, once, by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from forum.kit import clock
from meetings import invitations


class Command(BaseCommand):
    """Posts every calendar letter that is due and not yet posted; prints one line."""

    help = "Post every calendar letter that is due and not yet posted."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints «invited N changed N withdrawn N settling N»."""
        tally = invitations.reconcile(clock.now())
        self.stdout.write(
            f"invited {tally.invited} changed {tally.changed} withdrawn {tally.withdrawn} settling {tally.settling}"
        )
