"""Bugs to practise on: patches of a right port, with what is true of each.

They are tables in the files of ``pack/``. Each says which of the ports in ``bases/`` it
breaks and how, and what a debugger should find: the layer, the line, the cause. Those of
``held_out.toml`` are for measuring only: whoever works on the debugger does not look at
them, so that they show how it does on bugs that nobody thought of.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.practice.bases import BASES
from debug.protocol.diagnostic import Problem

PACK = Path(__file__).with_name("pack")
FILES = (
    *("encoder_functions", "encoder_projections", "encoder_whole"),
    *("steps", "added", "numbers", "scores", "limits", "frames", "heads", "weights"),
    *("several", "formulas"),
)
"""In the order of the bugs' numbers. A new bug goes to the end of the last one, or into a
file after it, so that the others keep theirs."""
HELD_OUT = "held_out"


@dataclass(frozen=True)
class Bug:
    name: str
    kind: str
    """What sort of mistake it is, such as "padding"."""
    base: str
    """The port that it is planted in, one of `BASES`."""
    hint: str
    layer: str
    """Whose own code is wrong, first."""
    also: tuple[str, ...]
    """Other layers with a mistake of their own."""
    line: tuple[str, ...]
    """Parts of lines that may be named; none where the graph has no such line."""
    cause: tuple[str, ...]
    """All of these are in the true cause; ``clamp|limited`` is either of two words."""
    edits: tuple[tuple[str, str], ...]

    def is_named_by(self, cause: str) -> bool:
        """Whether what a debugger says is the true cause."""
        return all(any(word in cause for word in each.split("|")) for each in self.cause)


@cache
def bugs() -> tuple[Bug, ...]:
    """All that are to be practised on."""
    return tuple(bug for name in FILES for bug in _read(name))


@cache
def held_out() -> tuple[Bug, ...]:
    """Those that nobody looks at: for `scripts.bugpack` alone."""
    return _read(HELD_OUT)


def _read(name: str) -> tuple[Bug, ...]:
    read = tomllib.loads((PACK / f"{name}.toml").read_text())["bug"]
    return tuple(_bug(each) for each in read)


def _bug(table: Mapping[str, Any]) -> Bug:
    return Bug(
        table["name"],
        table["kind"],
        table.get("base", "encoder"),
        table["hint"],
        table["layer"],
        tuple(table.get("also", ())),
        tuple(table["line"]),
        tuple(table["cause"]),
        tuple((old, new) for old, new in table["edits"]),
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


def shipped(base: str) -> str:
    """A port's source as it is, without a bug."""
    return BASES[base].read_text()


def planted(bug: Bug) -> str:
    """The source of the bug's port with the bug in it."""
    source = shipped(bug.base)
    for old, new in bug.edits:
        if old not in source:
            raise ValueError(f"{bug.name}: {old!r} is not in {BASES[bug.base].name}")
        source = source.replace(old, new)
    return source
