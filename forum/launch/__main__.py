"""`python -m forum.launch`: what `run` calls."""

import argparse
import socket
import sys
from pathlib import Path

from forum.launch import commands, demo, maildir
from forum.launch.processes import LaunchError


def main(words: list[str]) -> int:
    """Does what the first word says and gives the exit code."""
    first, rest = (words[0], words[1:]) if words else ("", [])
    try:
        match first:
            case "demo":
                return demo.run(_options(rest))
            case "manage":
                return commands.manage(rest)
            case "borrow":
                return commands.borrow(rest)
            case "lint":
                return commands.lint()
            case "inbox":
                folder, handle = rest
                maildir.serve(Path(folder), socket.socket(fileno=int(handle)))
                return 0
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    print("Use ./run.", file=sys.stderr)
    return 2


def _port(text: str) -> int:
    """A port from the command line.

    Errors: LaunchError with the whole sentence, because argparse's own would open with its usage.
    """
    if not text.isdecimal():
        raise LaunchError(f"--port takes a number, like 8001: ‘{text}’ is none.")
    return int(text)


def _options(words: list[str]) -> demo.Options:
    parser = argparse.ArgumentParser(
        prog="./run demo",
        description="Runs the portal with demo content until Ctrl-C. It keeps what you did.",
    )
    parser.add_argument(
        "--port", type=_port, default=8000, help="where the site listens, on this machine only (8000)"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="begin again: forget this demo’s database and mails"
    )
    parser.add_argument(
        "--empty", action="store_true", help="people but no meetings, so that you can paste the year"
    )
    parser.add_argument(
        "--clock", default="", metavar="MOMENT", help="the portal’s clock, London time: YYYY-MM-DDTHH:MM"
    )
    parser.add_argument(
        "--volume", type=int, metavar="N", help="N invented people across the trusts; nobody is mailed"
    )
    return demo.Options(**vars(parser.parse_args(words)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
