"""What the commands' outputs have in common."""

import json
import sys

from rich.console import Console

PIPE_WIDTH = 110
"""Columns where no terminal says how many there are."""


def print_json(value: object) -> None:
    print(json.dumps(value, indent=1, allow_nan=False))


def table_console() -> Console:
    """For tables on stdout."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
