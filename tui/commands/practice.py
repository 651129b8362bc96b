"""``maxwhisper practice``: a copy of an encoder with a bug, and the dashboard on it.

With a port's file, `practice_port` does the same for that.
"""

import difflib
import random
from argparse import ArgumentParser, Namespace
from pathlib import Path

from core.practice.bases import BASES
from core.practice.bugs import Bug, bugs, find_bug, planted, shipped
from debug.protocol.diagnostic import Problem
from tui.commands import practice_port
from tui.commands.output import print_json
from tui.commands.shared.event_log import EventLog
from tui.saving import save_text
from tui.settings import Settings

SUMMARY = "plant a bug in a copy of the encoder or of a port, to be found and fixed"
FILE = Path("practice.py")
MARK = "# maxwhisper practice "
"""Before the bug's number, in the first line of the file."""
WIDTH = 3


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("port", metavar="PORT.py", nargs="?", help="instead of Whisper's")
    parser.add_argument("bug", nargs="?", help="its number or name; any, if none is given")
    parser.add_argument(
        "--list", action="store_true", help="all bugs by number, with hints"
    )
    parser.add_argument("--hint", action="store_true", help="a hint, and nothing else")
    parser.add_argument(
        "--solution", action="store_true", help="the change that was made, as a diff"
    )
    parser.add_argument(
        "--write", action="store_true", help="only write the copy, without the dashboard"
    )
    parser.add_argument("--model", default="micro", help="as for check (default: micro)")
    parser.add_argument(
        "--device", default="auto", help="where MAX runs: auto, cpu, gpu or gpu:1"
    )


def run(arguments: Namespace, log: EventLog) -> int:
    port, given = _port_and_bug(arguments)
    if port is not None:
        return practice_port.run(port, _number(given), arguments, log)
    if arguments.list:
        _list(arguments.json)
        return 0
    bug = _chosen(given)
    if arguments.hint:
        print(bug.hint)
        return 0
    if arguments.solution:
        print(solution(bug), end="")
        return 0
    number = bugs().index(bug) + 1
    _write(bug, number)
    log.write("planted", bug=bug.name, file=str(FILE))
    if arguments.json:
        print_json({"schema": 1, "number": number, "file": str(FILE)})
    elif arguments.write:
        print(f"bug {number} is in {FILE}: maxwhisper-tui --graph {FILE}")
    else:
        return _open(arguments)
    return 0


def _port_and_bug(arguments: Namespace) -> tuple[str | None, str | None]:
    """Both may be left out.

    Raises:
        Problem: there are two, and the first is no port's file; or Whisper's option is
            given with one.
    """
    first, second = arguments.port, arguments.bug
    if first is None or not first.endswith(".py"):
        if second is not None:
            message = f"{first} is no port's file: give one that ends in .py, or one bug"
            raise Problem("arguments", message)
        return None, first
    if arguments.model != "micro":
        message = f"--model is Whisper's: {first} says itself what it runs"
        raise Problem("arguments", f"{message}; leave it out")
    return first, second


def _number(given: str | None) -> int | None:
    if given is not None and not given.isdecimal():
        message = f"a port's bugs have no names: {given!r} must be a number"
        raise Problem("arguments", f"{message}; maxwhisper practice PORT.py --list")
    return None if given is None else int(given)


def _chosen(given: str | None) -> Bug:
    """
    Raises:
        Problem: there is no such bug.
    """
    if given is None:
        number = _number_in(FILE)
        return bugs()[number - 1] if number else random.choice(bugs())
    if given.isdecimal() and 1 <= int(given) <= len(bugs()):
        return bugs()[int(given) - 1]
    return find_bug(given)


def _write(bug: Bug, number: int) -> None:
    """Leaves a bug that somebody is at as it is.

    Raises:
        Problem: another file of the name is there, or none can be written.
    """
    if _number_in(FILE) == number:
        return
    if FILE.exists():
        message = f"{FILE} is there already: delete it, or give it another name"
        raise Problem("practice", message)
    save_text(FILE, marked(planted(bug), number))


def marked(source: str, number: int) -> str:
    """With a line above that says which bug it is, and not what."""
    return f"{MARK}{number}\n{source}"


def _number_in(file: Path) -> int | None:
    """The number of the bug that was planted in a file, if it is one of these."""
    try:
        first = file.read_text().partition("\n")[0]
    except (OSError, UnicodeDecodeError):
        return None
    number = first.removeprefix(MARK) if first.startswith(MARK) else ""
    return int(number) if number.isdecimal() and 1 <= int(number) <= len(bugs()) else None


def _list(as_json: bool) -> None:
    if as_json:
        rows = [
            {"number": number, "name": bug.name, "hint": bug.hint, "layer": bug.layer}
            for number, bug in enumerate(bugs(), start=1)
        ]
        print_json({"schema": 1, "bugs": rows})
        return
    for number, bug in enumerate(bugs(), start=1):
        print(f"{number:>{WIDTH}}  {bug.hint}")


def solution(bug: Bug) -> str:
    """What was changed in the port that is right."""
    right, broken = (text.splitlines(True) for text in (shipped(bug.base), planted(bug)))
    lines = difflib.unified_diff(right, broken, BASES[bug.base].name, bug.name, n=1)
    return "".join(lines)


def _open(arguments: Namespace) -> int:
    from tui.dashboard.app import Dashboard  # only here: the rest need not wait for it

    names = {"graph": str(FILE), "model": arguments.model, "device": arguments.device}
    return Dashboard(Settings(names)).run() or 0
