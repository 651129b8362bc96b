"""``maxwhisper practice PORT.py``: copies of a port's files with a bug in one of them.

The worker finds the bugs and tries them, as only it has torch and MAX. What was planted
stands in a file beside the copies, so that a hint needs no second search, and so does
whether it is solved: then the folder makes way for the next bug, and is kept.
"""

from argparse import Namespace
from pathlib import Path
from typing import Any

import msgspec

from core.messages import ListedMutant, ListMutants, Mutants, Plant, Planted
from debug.protocol.diagnostic import Problem
from debug.protocol.message import DAMAGED
from tui.commands.output import print_json
from tui.commands.shared.ask import ask
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import reporting
from tui.commands.shared.solved import is_mended
from tui.dashboard import open_dashboard
from tui.paths import relative
from tui.saving import free_name, new_folder, refuse_folder, save_text
from tui.settings import PORT, Settings
from tui.streams import tell

FOLDER = Path("practice")
NOTE = FOLDER / ".bug.json"
"""What was planted; its name keeps it out of sight."""
MAY_BE_NONE = "Not every number is a bug: it is tried first, and refused if it is none."
WIDTH = 3


class Note(msgspec.Struct, frozen=True):
    """Which bug the folder holds."""

    of: str
    """The port's file that was copied."""
    bug: Planted
    solved: bool = False

    @property
    def file(self) -> Path:
        return FOLDER / self.bug.port

    def is_of(self, port: Path, number: int | None) -> bool:
        """Whether it is the bug that is meant; without a number, it is any of the port."""
        return self.of == str(port) and number in (None, self.bug.number)


def run(port: str, number: int | None, arguments: Namespace, log: EventLog) -> int:
    """
    Raises:
        Problem: there is no such port or bug, or it can't be written.
    """
    path = Path(port).resolve()
    if not path.is_file():
        raise Problem("port", f"there is no file {port}; give a port's file")
    options = {"port": str(path), "device": arguments.device}
    if arguments.list:
        _list(_mutants(options, log), arguments.json)
        return 0
    held = _held()
    planted = held if held and held.is_of(path, number) else None
    if arguments.hint or arguments.solution:
        bug = planted.bug if planted else _asked(_mutants(options, log), number, port)
        print(bug.hint if arguments.hint else bug.solution.rstrip("\n"))
        return 0
    if held and held.solved:
        _make_way(held)
        planted = None
    note = planted or _plant(path, options, number, log)
    log.write("planted", number=note.bug.number, file=str(note.file))
    if arguments.json:
        print_json({"schema": 1, "number": note.bug.number, "file": str(note.file)})
    elif arguments.write:
        print(f"bug {note.bug.number} is in {FOLDER}/: maxwhisper-tui {note.file}")
    else:
        return _open(note, arguments.device)
    return 0


def _held() -> Note | None:
    """What the folder holds, if it is a bug of any port."""
    try:
        return msgspec.json.decode(NOTE.read_bytes(), type=Note)
    except (OSError, *DAMAGED):
        return None


def _make_way(note: Note) -> None:
    """
    Raises:
        Problem: the folder can't have another name.
    """
    kept = free_name(FOLDER.with_name(f"{FOLDER}-{note.bug.number}"))
    try:
        FOLDER.rename(kept)
    except OSError as error:
        message = f"can't name {FOLDER} {kept} ({error.strerror})"
        raise Problem("save", f"{message}; move it away, or delete it") from error
    tell(f"bug {note.bug.number} is solved: its folder is {kept} now")


def _plant(path: Path, options: dict[str, Any], number: int | None, log: EventLog) -> Note:
    found: list[Planted] = []

    def hear(answer: object) -> None:
        assert isinstance(answer, Planted)
        found.append(answer)

    refuse_folder(FOLDER)  # before the search, not after it
    with new_folder(FOLDER) as folder, reporting(log) as reporter:
        ask(Plant(options, number, str(folder.resolve())), hear, reporter)
        note = Note(str(path), found[0])
        _save(note, folder / NOTE.name)
    return note


def _save(note: Note, path: Path) -> None:
    save_text(path, msgspec.json.encode(note).decode() + "\n")


def _mutants(options: dict[str, Any], log: EventLog) -> list[ListedMutant]:
    found: list[ListedMutant] = []

    def hear(answer: object) -> None:
        assert isinstance(answer, Mutants)
        found.extend(answer.mutants)

    with reporting(log) as reporter:
        ask(ListMutants(options), hear, reporter)
    return found


def _asked(mutants: list[ListedMutant], number: int | None, port: str) -> ListedMutant:
    if number is None:
        message = f"no bug of {port} is planted here: plant one with --write"
        raise Problem("practice", f"{message}, or give a number")
    if not 1 <= number <= len(mutants):
        message = f"there is no bug {number} in {port}"
        raise Problem("practice", f"{message}: give a number from 1 to {len(mutants)}")
    return mutants[number - 1]


def _list(mutants: list[ListedMutant], as_json: bool) -> None:
    if as_json:
        names = ("number", "file")
        rows = [{name: getattr(each, name) for name in names} for each in mutants]
        print_json({"schema": 1, "bugs": rows})
        return
    for each in mutants:
        print(f"{each.number:>{WIDTH}}  {each.file}")
    print(MAY_BE_NONE)


def _open(note: Note, device: str) -> int:
    options = {"port": str(note.file), "device": device}
    status, run = open_dashboard(Settings(options, factory=PORT))
    if is_mended(run) and not run.doubts:
        _save(msgspec.structs.replace(note, solved=True), NOTE)
        again = f"maxwhisper practice {relative(note.of)}"
        print(f"bug {note.bug.number} is solved; the next one: {again}")
    return status
