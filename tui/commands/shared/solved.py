"""Which practice bugs a person has found and mended: a small file in XDG's state folder."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.practice.bugs import Bug, bugs
from core.practice.levels import LEVELS, level_of
from debug.protocol.diagnostic import Problem
from debug.protocol.message import DAMAGED
from debug.results.run import Run
from tui.paths import state_folder
from tui.saving import save_json

LARGEST = 1 << 20
"""Bytes of the file."""


def solved_path() -> Path:
    """``$XDG_STATE_HOME/maxwhisper/practice.json``."""
    return state_folder() / "practice.json"


def read_solved() -> set[str]:
    """The names of bugs; none where the file can't be read."""
    try:
        with solved_path().open("rb") as file:
            names = msgspec.json.decode(file.read(LARGEST), type=list[str])
    except (OSError, *DAMAGED):
        return set()
    return set(names) & {bug.name for bug in bugs()}


def add_solved(bug: Bug) -> None:
    """
    Raises:
        Problem: it can't be written.
    """
    path = solved_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"can't make {path.parent} ({error.strerror}); make it, or set"
        raise Problem("save", f"{message} XDG_STATE_HOME to where you can write") from error
    save_json(path, sorted(read_solved() | {bug.name}))


def is_mended(run: Run) -> bool:
    """Whether all of a model has run, and nothing in it is wrong."""
    is_known = run.is_complete and run.settled and run.stale is None
    return is_known and run.culprit() is None


def to_solve(level: int | None) -> Sequence[Bug]:
    """The bugs to draw from: of a level, or of the lowest that has any that is not solved;
    those that are solved only where no other is left."""
    done = read_solved()
    levels = LEVELS if level is None else (level,)
    for each in levels:
        if left := [b for b in bugs() if level_of(b) == each and b.name not in done]:
            return left
    return [bug for bug in bugs() if level_of(bug) in levels]


def tally() -> str:
    """How many of each level are solved: ``level 1: 4 of 103, level 2: 0 of 96``."""
    done = read_solved()
    parts = []
    for level in LEVELS:
        names = [bug.name for bug in bugs() if level_of(bug) == level]
        parts.append(f"level {level}: {len(done & set(names))} of {len(names)}")
    return ", ".join(parts)
