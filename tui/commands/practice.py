"""``maxwhisper practice``: a copy of an encoder with a bug, and the dashboard on it.

With a port's file, `practice_port` does the same for that.
"""

import difflib
import random
from argparse import ArgumentParser, Namespace
from pathlib import Path

from core.practice.bases import BASES
from core.practice.bugs import Bug, bugs, find_bug, planted, shipped
from core.practice.levels import LEVELS, level_of
from debug.protocol.diagnostic import Problem
from tui.commands import practice_port
from tui.commands.output import print_json
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.solved import add_solved, is_mended, read_solved, tally, to_solve
from tui.dashboard import open_dashboard
from tui.saving import free_name, save_text
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
        "--list", action="store_true", help="all bugs by number, and which are solved"
    )
    parser.add_argument(
        "--level", type=int, choices=LEVELS, help="a bug that is as hard as this"
    )
    parser.add_argument(
        "--hint", action="store_true", help="a hint for the bug at hand, and nothing else"
    )
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
        _list(arguments.level, arguments.json)
        return 0
    only_told = arguments.hint or arguments.solution
    bug = _at_hand(given) if only_told else _chosen(given, arguments.level)
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
        return _open(arguments, bug, number)
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


def _at_hand(given: str | None) -> Bug:
    """The bug that is asked about: the planted one, unless another is named.

    Raises:
        Problem: there is none.
    """
    if given is not None:
        return _named(given)
    number = _number_in(FILE)
    if number is None:
        message = f"no bug is planted here: there is no {FILE} of practice's"
        raise Problem("practice", f"{message}; plant one, or give a number")
    return bugs()[number - 1]


def _named(given: str) -> Bug:
    """
    Raises:
        Problem: there is no such bug.
    """
    if given.isdecimal() and 1 <= int(given) <= len(bugs()):
        return bugs()[int(given) - 1]
    return find_bug(given)


def _chosen(given: str | None, level: int | None) -> Bug:
    """The bug to practise on: the one that is planted, until it is solved; then one that is
    not solved yet.

    Raises:
        Problem: there is no such bug.
    """
    if given is not None:
        return _named(given)
    number = _number_in(FILE)
    if number and bugs()[number - 1].name not in read_solved():
        return bugs()[number - 1]
    return random.choice(to_solve(level))


def _write(bug: Bug, number: int) -> None:
    """Leaves a bug that somebody is at as it is; one that is solved makes way, and is kept
    beside it.

    Raises:
        Problem: another file of the name is there, or none can be written.
    """
    there = _number_in(FILE)
    is_solved = there is not None and bugs()[there - 1].name in read_solved()
    if there == number and not is_solved:
        return
    if FILE.exists() and not is_solved:
        message = f"{FILE} is there already: delete it, or give it another name"
        raise Problem("practice", message)
    if is_solved:
        kept = free_name(FILE.with_name(f"{FILE.stem}-{there}.py"))
        FILE.rename(kept)
        print(f"bug {there} is solved: its file is {kept} now")
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


def _list(level: int | None, as_json: bool) -> None:
    """Without hints: whoever chooses a bug does not want to be told about the others."""
    done = read_solved()
    rows = [
        {
            "number": number,
            "name": bug.name,
            "level": level_of(bug),
            "port": BASES[bug.base].name,
            "solved": bug.name in done,
        }
        for number, bug in enumerate(bugs(), start=1)
        if level in (None, level_of(bug))
    ]
    if as_json:
        print_json({"schema": 1, "bugs": rows})
        return
    for row in rows:
        mark = "✓" if row["solved"] else " "
        print(f"{row['number']:>{WIDTH}} {mark} level {row['level']}  {row['port']}")
    print(tally())


def solution(bug: Bug) -> str:
    """What was changed in the port that is right."""
    right, broken = (text.splitlines(True) for text in (shipped(bug.base), planted(bug)))
    lines = difflib.unified_diff(right, broken, BASES[bug.base].name, bug.name, n=1)
    return "".join(lines)


def _open(arguments: Namespace, bug: Bug, number: int) -> int:
    names = {"graph": str(FILE), "model": arguments.model, "device": arguments.device}
    status, run = open_dashboard(Settings(names), fresh=True)
    if is_mended(run) and not _is_as_planted(bug, number):
        add_solved(bug)
        print(f"bug {number} is solved ({tally()}); the next one: maxwhisper practice")
    return status


def _is_as_planted(bug: Bug, number: int) -> bool:
    try:
        return FILE.read_text() == marked(planted(bug), number)
    except (OSError, UnicodeDecodeError):
        return True
