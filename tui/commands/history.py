"""``maxwhisper bench --history``: saved figures as a table and as ``RESULTS.md``."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from core.messages import Memory
from debug.protocol.diagnostic import Problem
from tui import words
from tui.columns import Column, laid_out
from tui.commands.output import print_json, room, table_console
from tui.saving import save_text
from tui.streams import tell

KIND = "maxwhisper bench"
SPREAD_FROM = 110
"""Cells of a line from which the fastest and the slowest run are shown, too."""
"""What a saved file says that it is."""
PAGE = "RESULTS.md"
INTRODUCTION = """\
# Measured

Written by `maxwhisper bench --history` from the files in this folder, which
`maxwhisper bench --save FILE` writes: change none of it by hand. Times are seconds, the
median of the runs after a warm-up, with the fastest and the slowest in brackets. The
encoder and the decoder are parts of the total; loading and compiling are not. A compiled
encoder is kept: compile is what it took when that was done. Memory is the peak of the
process; a run that compiles first needs more.
"""


def run(folder: Path, as_json: bool) -> int:
    """Reads, prints and writes; its exit status.

    Raises:
        Problem: there is nothing to read, or the page can't be written.
    """
    saved = read_saved(folder)
    save_text(folder / PAGE, page(saved))
    if as_json:
        print_json({"schema": 1, "saved": saved})
    else:
        print_figures(table_console(), saved)
        print(f"written to {folder / PAGE}")
    return 0


def read_saved(folder: Path) -> list[dict[str, Any]]:
    """Every saved benchmark of a folder, the oldest first. Other files are ignored.

    Raises:
        Problem: the folder holds none.
    """
    saved = []
    for file in sorted(folder.glob("*.json")):
        try:
            contents = json.loads(file.read_text())
        except (OSError, ValueError) as error:
            tell(f"left out {file}: it is not JSON ({error})")
            continue
        if isinstance(contents, dict) and contents.get("kind") == KIND:
            saved.append({"file": file.name, **contents})
    if not saved:
        message = f"{folder} holds no saved benchmark"
        raise Problem("save", f"{message}; make one: maxwhisper bench --save FILE")
    return sorted(saved, key=lambda each: (each["date"], each["file"]))


def print_figures(console: Console, saved: Iterable[dict[str, Any]]) -> None:
    roomy = console.width >= SPREAD_FROM
    for measured in saved:
        console.print(headline(measured), style="bold")
        rows = [cells(row, spread=roomy) for row in measured["backends"]]
        console.print(laid_out([NAME, *FIGURES], rows, room()), crop=False)
        for row in measured["backends"]:
            console.print(remark(row), style="dim")
        console.print()


@dataclass(frozen=True)
class Row:
    """A backend that ran."""

    saved: dict[str, Any]
    """As in a saved file."""
    spread: bool
    """The fastest and the slowest run are shown, too."""

    @property
    def seconds(self) -> dict[str, Any]:
        return self.saved["seconds"]

    def times(self, part: str) -> str:
        return _times(self.seconds[part], self.spread)


def _compile(row: Row) -> str:
    compiled = row.seconds["compile"]
    return "-" if compiled is None else f"{compiled:.0f}"


NAME: Column[Row] = Column("backend", lambda row: row.saved["backend"])
FIGURES: list[Column[Row]] = [
    Column("dtype", lambda row: row.saved["dtype"]),
    Column("encoder", lambda row: row.times("encode"), right=True),
    Column("decoder", lambda row: row.times("decode"), right=True),
    Column("total", lambda row: row.times("total"), right=True),
    Column("real time", lambda row: f"{row.saved['real_time_factor']:.3f}", right=True),
    Column("load", lambda row: f"{row.seconds['load']:.1f}", right=True),
    Column("compile", _compile, right=True),
    Column("memory", lambda row: words.memory(Memory(**row.saved["memory"])), right=True),
]
"""What a backend that can't run has none of."""


def cells(saved: dict[str, Any], spread: bool = True) -> list[str]:
    """A backend's name and figures.

    Args:
        saved: a row of a saved file.
        spread: the fastest and the slowest run, too.
    """
    if "unavailable" in saved:
        return [saved["backend"], *("-" for _ in FIGURES)]
    row = Row(saved, spread)
    return [str(column.cell(row)) for column in (NAME, *FIGURES)]


def _times(part: dict[str, float], spread: bool) -> str:
    median, fastest, slowest = (_short(part[name]) for name in ("median", "min", "max"))
    return f"{median} [{fastest}, {slowest}]" if spread else median


def _short(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds < 10 else f"{seconds:.1f}"


def remark(row: dict[str, Any]) -> str:
    """Where a backend ran, or why it did not."""
    if reason := row.get("unavailable"):
        return f"{row['backend']} can't run: {reason}"
    return f"{row['backend']}: {row['device']}"


def headline(measured: dict[str, Any]) -> str:
    """What was measured, when and on what."""
    ran = next((row for row in measured["backends"] if "unavailable" not in row), None)
    subject = "nothing ran"
    if ran is not None:
        length = words.seconds(ran["audio_seconds"])
        subject = f"{ran['model']}, {ran['audio']} ({length}), {ran['runs']} runs"
    return f"{measured['date']} · {subject} · {_machine(measured['machine'])}"


def _machine(machine: dict[str, Any] | None) -> str:
    if machine is None:
        return "an unknown machine"
    gpu = f", {machine['gpu']}" if machine["gpu"] else ", no GPU"
    return f"{machine['processor']}, {machine['cores']} cores{gpu}"


def page(saved: Iterable[dict[str, Any]]) -> str:
    """The same tables in Markdown."""
    parts = [INTRODUCTION]
    for measured in saved:
        columns = [NAME, *FIGURES]
        rows = [[column.title for column in columns], ["---" for _ in columns]]
        rows += [cells(row) for row in measured["backends"]]
        machine = measured["machine"]
        versions = machine["versions"] if machine else {}
        parts += [
            f"## {headline(measured)}\n",
            "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n",
            "\n".join(f"- {remark(row)}" for row in measured["backends"]) + "\n",
            f"`{measured['command']}` ({measured['file']}); "
            + ", ".join(f"{name} {number}" for name, number in versions.items())
            + ".\n",
        ]
    return "\n".join(parts)
