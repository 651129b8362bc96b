"""What the commands' outputs have in common."""

import json
import os
import shutil
import sys

from rich.console import Console

BOUNDLESS = 10_000
"""Cells of a line where nothing says how many there are."""


def print_json(value: object) -> None:
    print(json.dumps(value, indent=1, allow_nan=False))


def room() -> int | None:
    """Cells of a line on stdout: what COLUMNS says, else the terminal. None in a pipe,
    where a line may be as long as it needs."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return int(columns)
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table_console() -> Console:
    """For tables on stdout, and what is said about them."""
    return Console(highlight=False, markup=False, width=room() or BOUNDLESS)
