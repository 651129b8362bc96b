"""In which order rows run, and what runs beside what.

The first is alone: MAX builds a small library when a machine first imports it, and two
processes that do so at once break each other's. Then what compiles runs beside what only
looks, a few at a time and on cores of their own: a compiler takes all that it gets, and a
row beside four of them took ten times as long as alone. What is timed runs last, and has
the machine to itself. None begins after its time.
"""

import os
import time
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor, wait

from benchmarks.gpu_rows.children import Children
from benchmarks.gpu_rows.plan import Row
from benchmarks.gpu_rows.report import Report

CORES_A_BUILD = 4
CORES_TO_LOOK = 4
"""Of a machine that has as many to spare."""
CPU_PATIENCE = 10.0
"""The rows' limits are those of a GPU's machine with many cores."""
LEAST_SECONDS = 5.0
"""What a row needs at least: its process takes that long to load PyTorch and MAX."""


def run_rows(rows: list[Row], children: Children, report: Report, seconds: float) -> None:
    """Runs all rows, each within its own limit and all within ``seconds``."""
    deadline = time.monotonic() + seconds
    cores = os.cpu_count() or 1
    builders = ThreadPoolExecutor(max(cores // CORES_A_BUILD, 1))
    looker = ThreadPoolExecutor(1)
    futures: dict[str, Future] = {}

    def run(row: Row) -> None:
        _wait_for(row.needs, futures, deadline)
        run_row(row, children, report, deadline)

    try:
        for row in rows[:1]:
            run_row(row, children, report, deadline)
        for row in [each for each in rows[1:] if not each.alone]:
            pool = builders if row.builds else looker
            futures[row.name] = pool.submit(run, row)
        for row in [each for each in rows[1:] if each.alone]:
            _wait_for(list(futures), futures, deadline)
            run(row)
        wait(futures.values(), timeout=max(deadline - time.monotonic(), 0))
    finally:
        children.end()
        builders.shutdown(cancel_futures=True)
        looker.shutdown(cancel_futures=True)


def _wait_for(names: Collection[str], futures: dict[str, Future], deadline: float) -> None:
    jobs = [futures[name] for name in names if name in futures]
    wait(jobs, timeout=max(deadline - time.monotonic(), 0))


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
