"""``maxwhisper doctor``: what is installed, and what to do about what is missing."""

import json
import subprocess
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from debug.client import ROOT

TIMEOUT_SECONDS = 120


def examine() -> list[dict[str, Any]]:
    """Asks a child process, for the screen's own loads neither torch nor MAX."""
    command = [sys.executable, "-m", "core.doctor"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return _no_answer(f"no answer within {TIMEOUT_SECONDS} s")
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        lines = done.stderr.strip().splitlines()
        return _no_answer(lines[-1] if lines else f"exit status {done.returncode}")


def _no_answer(reason: str) -> list[dict[str, Any]]:
    remedy = "install the project again: make install"
    return [{"name": "installation", "ok": False, "detail": reason, "remedy": remedy}]


def print_findings(findings: list[dict[str, Any]]) -> None:
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        glyph = "✓" if finding["ok"] else "✗"
        table.add_row(glyph, finding["name"], finding["detail"])
        if finding["remedy"]:
            table.add_row("", "", f"→ {finding['remedy']}")
    Console(highlight=False, markup=False).print(table)
