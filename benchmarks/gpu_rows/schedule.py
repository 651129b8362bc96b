"""In which order rows run: those that compile beside the others, those that are timed
alone, and none after its time."""

import os
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

from benchmarks.gpu_rows.children import Children
from benchmarks.gpu_rows.plan import Row
from benchmarks.gpu_rows.report import Report

CORES_A_BUILD = 4
CPU_PATIENCE = 10.0
"""The rows' limits are those of a GPU's machine with many cores."""
LEAST_SECONDS = 5.0
"""What a row needs at least: its process takes that long to load PyTorch and MAX."""


def run_rows(rows: list[Row], children: Children, report: Report, seconds: float) -> None:
    """Runs all rows, each within its own limit and all within ``seconds``."""
    deadline = time.monotonic() + seconds
    workers = max((os.cpu_count() or 1) // CORES_A_BUILD, 1)
    builders = ThreadPoolExecutor(workers)
    futures: dict[str, Future] = {}
    try:
        for row in rows:
            if row.builds:
                job = builders.submit(run_row, row, children, report, deadline)
                futures[row.name] = job
        for row in rows:
            if not row.builds:
                _wait_for(row, futures, deadline)
                run_row(row, children, report, deadline)
        wait(futures.values(), timeout=max(deadline - time.monotonic(), 0))
    finally:
        children.end()
        builders.shutdown(cancel_futures=True)


def _wait_for(row: Row, futures: dict[str, Future], deadline: float) -> None:
    names = futures if row.alone else row.needs
    jobs = [futures[name] for name in names if name in futures]
    wait(jobs, timeout=max(deadline - time.monotonic(), 0))


def run_row(row: Row, children: Children, report: Report, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left < LEAST_SECONDS:
        report.end(row, "not run", 0.0)
        return
    report.begin(row)
    started = time.monotonic()
    limit = row.limit * (CPU_PATIENCE if children.device == "cpu" else 1.0)
    end = children.run(row, min(limit, left), lambda news: report.hear(row, news))
    report.end(row, end, time.monotonic() - started)
