"""What the commands' outputs have in common."""

import json
import sys
from pathlib import Path

from rich.console import Console

PIPE_WIDTH = 110
"""Columns where no terminal says how many there are."""


def print_json(value: object) -> None:
    print(json.dumps(value, indent=1, allow_nan=False))


def table_console() -> Console:
    """For tables on stdout."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def relative(path: str) -> str:
    """A path as a person in this folder would write it."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return path
