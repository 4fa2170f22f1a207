"""Sets up a year from a file, by the same reading as the admin's screen."""

import json
import sys
from argparse import ArgumentParser
from datetime import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from forum.kit import clock, wording
from meetings import actions, dates, queries
from meetings.forms.years import CheckedRow, CheckedYear, check_year, read_times


class Command(BaseCommand):
    """Reads a list of dates and creates the meetings that are not there yet. Nobody is mailed."""

    help = (
        "Set up a year from a file with one date on each line («-» reads standard input). Nobody is mailed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Says what the command takes."""
        parser.add_argument("file", help="a text file with the dates, or - for standard input")
        parser.add_argument("--year", type=int, help="the year in which the school year begins")
        parser.add_argument("--starts", default="10:00am", help="the usual start (10:00am)")
        parser.add_argument("--ends", default="11:30am", help="the usual end (11:30am)")
        parser.add_argument("--dry-run", action="store_true", help="check only, create nothing")
        parser.add_argument("--json", action="store_true", help="end with one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints a line for each row; creates the meetings when every row is settled.

        Errors: CommandError, with nothing created, when a row needs a decision or the school year is not certain.
        """
        now = clock.now()
        today = clock.london(now).date()
        times: tuple[time, time] | None = read_times(options["starts"], options["ends"], today=today)
        if times is None:
            raise CommandError("Give two times, the later one last, like --starts 10:00am --ends 11:30am.")
        reading = dates.read_dates(
            _text(options["file"]),
            today=today,
            year=options["year"],
            default_start=times[0],
            default_end=times[1],
        )
        of_list = queries.forum_list()
        checked = check_year(
            reading,
            there=queries.days_taken(of_list),
            moved=queries.days_moved(of_list),
            answers={},
            now=now,
            asked=False,
        )
        for row in checked.rows:
            self.stdout.write(
                f"{row.row.line:>3}  {row.row.pasted}  →  {_words(row)}".replace(wording.NBSP, " ")
            )
        trouble = _trouble(checked)
        made = 0
        if not trouble and not options["dry_run"]:
            made = len(actions.set_up_year([row.planned() for row in checked.new], of_list=of_list, by=None))
        self._sum_up(checked, made, trouble, options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(_facts(checked), ensure_ascii=False))
        if trouble:
            raise CommandError(f"{trouble} Nothing was created.".replace(wording.NBSP, " "))

    def _sum_up(self, checked: CheckedYear, made: int, trouble: str, dry_run: bool) -> None:
        if checked.reading.message:
            self.stdout.write(f"{checked.reading.message}.".replace(wording.NBSP, " "))
        if checked.already:
            self.stdout.write(f"{checked.already} of {checked.dated} are already set up.")
        if not trouble:
            verb = "would be created" if dry_run else "created"
            number = len(checked.new) if dry_run else made
            self.stdout.write(
                f"{wording.count(number, 'meeting')} {verb}. No one has been emailed.".replace(
                    wording.NBSP, " "
                )
            )


def _text(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return Path(name).read_text(encoding="cp1252", errors="replace")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error


def _trouble(checked: CheckedYear) -> str:
    if checked.reading.problem:
        return f"{checked.reading.problem}."
    if checked.reading.asks_year:
        years = " or ".join(str(year) for year in checked.reading.candidates)
        return f"The school year is not certain: add --year {years}."
    if checked.asking:
        return f"{wording.count(len(checked.asking), 'row needs', 'rows need')} a decision: correct the list."
    return "" if checked.dated else "There is no date in this list."


def _words(row: CheckedRow) -> str:
    if row.row.state == dates.State.FAULT:
        return row.row.sentence
    if row.row.date is None:
        return row.row.sentence or "Left out"
    day = wording.long_date(row.row.date)
    if row.already:
        return f"{day}. {_already(row)}"
    if row.passed and row.row.invitation_on:
        return f"{day}. Its invitation day ({wording.day_number_month(row.row.invitation_on)}) has passed: set another"
    sent = f". Invitations go on {wording.day_month(row.invite_at)}" if row.invite_at else ""
    return f"{day}{sent}{'. ' + row.row.message if row.row.message else ''}"


def _already(row: CheckedRow) -> str:
    moved = f", and moved to {wording.day_month(row.moved_to)}" if row.moved_to else ""
    return f"Already set up{moved}".replace(wording.NBSP, " ")


def _facts(checked: CheckedYear) -> dict[str, object]:
    facts = checked.reading.as_facts()
    words = {row.row.number: _already(row) for row in checked.rows if row.already}
    rows = facts["rows"]
    assert isinstance(rows, list)
    for row, line in zip(checked.reading.rows, rows, strict=True):
        line["message"] = words.get(row.number, line["message"])
    return facts
