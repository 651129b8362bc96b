"""Bugs to practise on: patches of the encoder, with what is true of each."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from debug.protocol.diagnostic import Problem

FILE = Path(__file__).with_name("bugs.toml")
ENCODER = Path(__file__).parents[1] / "encoder.py"


@dataclass(frozen=True)
class Bug:
    name: str
    hint: str
    layer: str
    """Whose own code is wrong, first."""
    also: tuple[str, ...]
    """Other layers with a mistake of their own."""
    line: tuple[str, ...]
    """Parts of lines that may be named; none where the graph has no such line."""
    cause: tuple[str, ...]
    """All of these words are in the true cause."""
    edits: tuple[tuple[str, str], ...]


@cache
def bugs() -> tuple[Bug, ...]:
    """The whole pack."""
    read = tomllib.loads(FILE.read_text())["bug"]
    return tuple(
        Bug(
            each["name"],
            each["hint"],
            each["layer"],
            tuple(each.get("also", ())),
            tuple(each["line"]),
            tuple(each["cause"]),
            tuple((old, new) for old, new in each["edits"]),
        )
        for each in read
    )


def find_bug(name: str) -> Bug:
    """
    Raises:
        Problem: there is no such bug.
    """
    for bug in bugs():
        if bug.name == name:
            return bug
    raise Problem("practice", f"there is no bug {name!r}: maxwhisper practice --list")


def planted(bug: Bug | None) -> str:
    """The encoder's source with a bug; as it is shipped with none."""
    source = ENCODER.read_text()
    for old, new in bug.edits if bug else ():
        if old not in source:
            raise ValueError(f"{bug and bug.name}: {old!r} is not in {ENCODER.name}")
        source = source.replace(old, new)
    return source
