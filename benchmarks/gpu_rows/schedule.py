"""In which order rows run, and what runs beside what.

The first is alone: MAX builds a small library when a machine first imports it, and two
processes that do so at once break each other's. Then what compiles runs beside what only
looks, a few at a time and on cores of their own: a compiler takes all that it gets, and a
row beside four of them took ten times as long as alone. Of what looks, the first row whose
needs are met is next, so that no minute is spent on waiting for a compiler. What is timed
runs last, and has the machine to itself. None begins after its time.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

from benchmarks.gpu_rows.children import Children
from benchmarks.gpu_rows.plan import Row
from benchmarks.gpu_rows.report import Report

CORES_A_BUILD = 4
CORES_TO_LOOK = 4
"""Of a machine that has as many to spare."""
CPU_PATIENCE = 10.0
"""The rows' limits are those of a GPU's machine with many cores."""
POLL_SECONDS = 0.1
LEAST_SECONDS = 5.0
"""What a row needs at least: its process takes that long to load PyTorch and MAX."""


def run_rows(rows: list[Row], children: Children, report: Report, seconds: float) -> None:
    """Runs all rows, each within its own limit and all within ``seconds``."""
    deadline = time.monotonic() + seconds
    ended, interrupted = {row.name: Event() for row in rows}, Event()
    builders = ThreadPoolExecutor(max((os.cpu_count() or 1) // CORES_A_BUILD, 1))

    def run(row: Row) -> None:
        try:
            run_row(row, children, report, deadline)
        finally:
            ended[row.name].set()

    def look(waiting: list[Row]) -> None:
        while waiting and not interrupted.is_set():
            row = _next_of(waiting, ended, deadline)
            waiting.remove(row)
            run(row)

    first, rest = rows[:1], rows[1:]
    looker = Thread(target=look, args=[[r for r in rest if not (r.builds or r.alone)]])
    try:
        for row in first:
            run(row)
        for row in rest:
            if row.builds:
                builders.submit(run, row)
        looker.start()
        for row in rest:
            if not row.alone:
                ended[row.name].wait(max(deadline - time.monotonic(), 0))
        for row in rest:
            if row.alone:
                run(row)
        looker.join()
    finally:
        interrupted.set()
        children.end()
        builders.shutdown(cancel_futures=True)


def _next_of(waiting: list[Row], ended: dict[str, Event], deadline: float) -> Row:
    """The first row whose needs have ended, once there is one; after the deadline, the
    first of all."""

    def is_ready(row: Row) -> bool:
        return all(ended[name].is_set() for name in row.needs if name in ended)

    while time.monotonic() < deadline:
        if ready := next(filter(is_ready, waiting), None):
            return ready
        time.sleep(POLL_SECONDS)
    return waiting[0]


def _cores_of(row: Row) -> set[int]:
    """All, where a row is alone or there are too few to divide."""
    cores = sorted(os.sched_getaffinity(0))
    if row.alone or len(cores) < 3 * CORES_TO_LOOK:
        return set(cores)
    return set(cores[CORES_TO_LOOK:] if row.builds else cores[:CORES_TO_LOOK])


def run_row(row: Row, children: Children, report: Report, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left < LEAST_SECONDS:
        report.end(row, "not run", 0.0)
        return
    report.begin(row)
    started = time.monotonic()
    limit = row.limit * (CPU_PATIENCE if children.device == "cpu" else 1.0)
    end = children.run(
        row, min(limit, left), lambda news: report.hear(row, news), _cores_of(row)
    )
    report.end(row, end, time.monotonic() - started)
