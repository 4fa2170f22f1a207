"""`make_chair ADDRESS`: the first chair of a new portal, or the way back in for the only one."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from members import actions, one_time
from members.models import Office, Person, read_address


class Command(BaseCommand):
    """Gives somebody the office of chair and prints a link that signs them in once."""

    help = "Makes somebody a chair and prints a link, good for a day, that signs them in once."

    def add_arguments(self, parser: CommandParser) -> None:
        """The address, and what is needed besides for somebody new."""
        parser.add_argument("address", help="the work email address")
        parser.add_argument("--name", default="", help="the name, needed for somebody who is not here yet")
        parser.add_argument(
            "--reset-second-step",
            action="store_true",
            help="also take away a lost app or passkey and its recovery codes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Does it, and says what to do next.

        Errors: CommandError with a sentence when the address or the name will not do.
        """
        try:
            address = read_address(options["address"])
            person = Person.objects.filter(email=address).first()
            if person is None:
                if not options["name"].strip():
                    raise CommandError('Nobody has this address yet. Add a name: --name "Tracy Goodyear"')
                person = actions.add_person(email=address, name=options["name"], by=None)
                self.stdout.write(f"{person.name} is added.")
            if not person.is_active:
                raise CommandError(f"{person.name} may not sign in any more. Choose another address.")
            made = actions.give_office(person, office=Office.CHAIR, by=None)
            if options["reset_second_step"]:
                lost = actions.reset_second_step(person, by=None)
                self.stdout.write("The second step is taken away." if lost else "There was no second step.")
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        person.refresh_from_db()
        self.stdout.write(f"{person.name} is a chair{'' if made else ' already'}.")
        self.stdout.write("This link signs them in once, within a day. Give it to nobody else:")
        self.stdout.write(one_time.make(person))
