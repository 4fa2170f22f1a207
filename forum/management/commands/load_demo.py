"""Loads the demo's content."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from forum.demo import loading
from forum.kit import clock


class Command(BaseCommand):
    """Loads invented trusts, people and meetings into an empty database, as of the portal's clock."""

    help = "Loads the demo's trusts, people, communities and meetings into an empty database."

    def add_arguments(self, parser: CommandParser) -> None:
        """Without meetings, or with a crowd."""
        parser.add_argument("--empty", action="store_true", help="people but no meetings, to paste the year")
        parser.add_argument(
            "--volume", type=int, metavar="N", help="N invented people in all; nobody is mailed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Loads, and says what was loaded."""
        if settings.PRODUCTION:
            raise CommandError("Demo content does not belong in production.")
        try:
            loaded = loading.load(clock.now(), empty=options["empty"], volume=options["volume"])
        except loading.NotEmptyError as error:
            raise CommandError("The database is not empty, so nothing was loaded.") from error
        except ValueError as error:
            raise CommandError(f"{error} Give --volume at least that number.") from error
        self.stdout.write(
            f"Loaded {loaded.trusts} trusts, {loaded.people} people and {loaded.meetings} meetings; "
            f"{loaded.letters} letters are stored as sent."
        )
