"""From a save to the first and the last changed number, in the real dashboard.

Beside it, in the same run: a bare script that does the same work once, the time to the
first paint, and the memory of both processes.

Usage: python benchmarks/reload.py [--model random:tiny] [--runs 5] [--save FILE]
"""

import argparse
import asyncio
import json
import os
import platform
import pty
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from tui.dashboard.app import Dashboard
from tui.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "core" / "encoder.py"

EDITS = {
    "first layer": ("ops.gelu(self.conv1(x))", "ops.gelu(self.conv1(x * {}))"),
    "every block": ("d_head**-0.25", "d_head**-0.25 * {}"),
    "last layer": ("x = self.ln_post(x)", "x = self.ln_post(x * {})"),
    "comment only": ("class LayerNorm", "# {}\nclass LayerNorm"),
}


@dataclass
class Clock:
    """When numbers appeared after the last save."""

    saved: float = 0.0
    first: float | None = None
    last: float = 0.0
    shown: dict[int, float | None] = field(default_factory=dict)


class TimedDashboard(Dashboard):
    """The dashboard with a stop-watch behind its layers pane."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.clock = Clock()
        self._draw_rows = self.view.draw_rows
        self.view.draw_rows = self._draw_timed

    def _draw_timed(self) -> None:
        self._draw_rows()
        now = time.perf_counter() - self.clock.saved
        for index, result in self.state.results.results.items():
            error = result.chained.rel_l2
            if error != self.clock.shown.get(index):
                self.clock.shown[index] = error
                self.clock.first = self.clock.first or now
                self.clock.last = now


def save(path: Path, edit: tuple[str, str], number: int) -> None:
    """A new edit each time: one that was seen before would not be computed again."""
    old, new = edit
    path.write_text(SOURCE.read_text().replace(old, new.format(1 + number / 1000)))


async def settle(app: Dashboard, generation: int) -> None:
    while app.state.results.generation < generation or app.state.activity.busy:
        await asyncio.sleep(0.005)


async def measure_reloads(
    options: dict[str, str], runs: int, graph: Path
) -> tuple[dict, float]:
    """Seconds to the first and last changed number by edit, and peak GB of both."""
    app = TimedDashboard(Settings({**options, "graph": str(graph)}))
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in EDITS}
    memory = 0.0
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, 1)
        await pilot.press("c")
        await settle(app, 1)
        for name, edit in EDITS.items():
            for number in range(1, runs + 2):
                generation = app.state.results.generation
                app.clock = Clock(time.perf_counter(), shown=app.clock.shown)
                save(graph, edit, number)
                await settle(app, generation + 1)
                if number > 1:  # the first round warms up
                    unchanged = time.perf_counter() - app.clock.saved
                    first = app.clock.first or unchanged
                    times[name].append((first, app.clock.last or unchanged))
                memory = max(memory, resident())
    return times, memory


def resident() -> float:
    """GB of this process, which is the screen, and of the engine below it."""
    me = psutil.Process()
    return sum(p.memory_info().rss for p in [me, *me.children(recursive=True)]) / 1e9


def bare_script(model: str, graph: Path) -> float:
    command = [sys.executable, str(ROOT / "benchmarks" / "bare.py"), model, str(graph)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def first_paint() -> float:
    """Seconds from the start of the program to its panes on a terminal."""
    started = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "tui.dashboard"])
    seen = b""
    while b"layers" not in seen:
        seen += os.read(terminal, 65536)
    painted = time.perf_counter() - started
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    os.close(terminal)
    return painted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="random:tiny")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--save", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "encoder.py"
        graph.write_text(SOURCE.read_text())
        bare = statistics.median(bare_script(arguments.model, graph) for _ in range(3))
        times, memory = asyncio.run(
            measure_reloads({"model": arguments.model}, arguments.runs, graph)
        )
    paint = statistics.median(first_paint() for _ in range(3))
    report = summarise(arguments.model, arguments.runs, times, bare, paint, memory)
    show(report)
    if arguments.save:
        arguments.save.write_text(json.dumps(report, indent=1) + "\n")


def summarise(
    model: str, runs: int, times: dict, bare: float, paint: float, memory: float
) -> dict:
    return {
        "command": " ".join(["python", "benchmarks/reload.py", *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores, no GPU used",
        "model": model,
        "runs": runs,
        "bare_script_seconds": round(bare, 2),
        "first_paint_seconds": round(paint, 2),
        "peak_memory_gb": round(memory, 2),
        "edits": {
            name: {
                "first_seconds": round(statistics.median(f for f, _ in pairs), 3),
                "last_seconds": round(statistics.median(last for _, last in pairs), 3),
                "worst_seconds": round(max(last for _, last in pairs), 3),
                "bare_over_last": round(bare / statistics.median(x for _, x in pairs), 1),
            }
            for name, pairs in times.items()
        },
    }


def show(report: dict) -> None:
    table = Table(title=f"{report['model']}: seconds after a save", box=None)
    for title in ("edit", "first number", "last number", "worst of all", "times faster"):
        table.add_column(title, justify="left" if title == "edit" else "right")
    for name, edit in report["edits"].items():
        table.add_row(name, *(str(value) for value in edit.values()))
    console = Console(width=90)
    console.print(table)
    console.print(
        f"bare script {report['bare_script_seconds']} s, first paint "
        f"{report['first_paint_seconds']} s, both processes {report['peak_memory_gb']} GB"
    )


if __name__ == "__main__":
    main()
