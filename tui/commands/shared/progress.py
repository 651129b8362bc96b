"""What is slow, said on stderr: bars on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    SpinnerColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars

from debug.protocol.messages import Progress
from tui.commands.shared.event_log import EventLog

PLAIN_SECONDS = 5.0
"""Between two lines about the same thing, where lines stay."""

Show = Callable[[Progress, str], None]
"""Is given what is going on, and in which of several rows: ``""`` where there is one."""


class Reporter:
    """Shows what is going on, and logs it."""

    def __init__(self, log: EventLog, show: Show) -> None:
        self.log = log
        self._show = show
        self._stages: dict[str, str] = {}

    def progress(self, news: Progress, row: str = "") -> None:
        """Every stage is logged once, however often it gets on."""
        if self._stages.get(row) != news.what:
            self._stages[row] = news.what
            backend = {"backend": row} if row else {}
            self.log.write("stage", what=news.what, **backend)
        self._show(news, row)


@contextmanager
def reporting(log: EventLog, rows: Sequence[str] = ("",)) -> Iterator[Reporter]:
    """Shows what is slow while the block runs."""
    console = Console(stderr=True)
    with _bars(console, rows) if console.is_terminal else _lines() as show:
        yield Reporter(log, show)


@contextmanager
def _bars(console: Console, rows: Sequence[str]) -> Iterator[Show]:
    bars = Bars(
        SpinnerColumn(),
        TextColumn("{task.fields[row]}", style="bold"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    tasks: dict[str, Task] = {}
    stages: dict[str, str] = {}

    def show(news: Progress, row: str) -> None:
        over = news.done is not None and news.done == news.total
        task = tasks[row]
        if stages.get(row) != news.what and not over:  # the clock starts again
            bars.reset(task.id)
        stages[row] = news.what
        task.total = news.total  # rich's update would take None for no change
        bars.update(task.id, description=news.what, completed=news.done or 0.0)

    with bars:
        for row in rows:
            what = "waiting" if row else "starting"
            bars.add_task(what, total=None, row=row, start=not row)
            tasks[row] = bars.tasks[-1]
        yield show


@contextmanager
def _lines() -> Iterator[Show]:
    said: dict[str, tuple[str, float]] = {}

    def show(news: Progress, row: str) -> None:
        what, when = said.get(row, ("", 0.0))
        over = news.done is not None and news.done == news.total
        recent = over or news.done is None or time.monotonic() - when < PLAIN_SECONDS
        if what == news.what and recent:
            return
        said[row] = news.what, time.monotonic()
        prefix = f"{row}: " if row else ""
        share = f" {news.done / news.total:.0%}" if news.done and news.total else ""
        line = news.what if over else f"{news.what}{share} ..."
        print(f"{prefix}{line}", file=sys.stderr, flush=True)

    yield show
