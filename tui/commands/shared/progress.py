"""What is slow, said on stderr: bars on a terminal, plain lines elsewhere.

A compilation says nothing for minutes. So a clock reminds: what is still going on, for how
long, and what can be done about it, once a minute where lines stay.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

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
from rich.table import Column

from debug.protocol.messages import Progress
from debug.protocol.plain import plain
from tui import words
from tui.commands.shared.event_log import EventLog
from tui.streams import tell

PLAIN_SECONDS = 5.0
"""Between two lines about the same thing, where lines stay."""

REMIND_SECONDS = 60.0
"""Of silence, after which a person is told that it still goes on."""

Show = Callable[[Progress, str, str], None]
"""Is given what is going on, in which of several rows (``""`` where there is one), and what
is to be said of how long it takes."""


@dataclass
class Stage:
    """What one row is about, on the clock of `time.monotonic`."""

    news: Progress
    began: float
    heard: float
    """When something was last said about it."""


class Reporter:
    """Shows what is going on, and logs it."""

    def __init__(self, log: EventLog, show: Show) -> None:
        self.log = log
        self._show = show
        self._stages: dict[str, Stage] = {}
        self.latest = "starting"
        """What has begun last."""
        self.warnings: list[str] = []
        """What is to be said once nothing moves on the screen any more."""

    def progress(self, news: Progress, row: str = "") -> None:
        """Every stage is logged once, however often it gets on."""
        now, stage = time.monotonic(), self._stages.get(row)
        self.latest = news.what
        if stage is None or stage.news.what != news.what:
            self._stages[row] = Stage(news, now, now)
            backend = {"backend": row} if row else {}
            self.log.write("stage", what=news.what, **backend)
        else:
            stage.news, stage.heard = news, now
        self._show(news, row, "")

    def warn(self, text: str) -> None:
        """Keeps what a person should know, once, however often it is told."""
        if text not in self.warnings:
            self.warnings.append(text)

    def remind(self) -> None:
        """Says of what has been silent for long that it still goes on."""
        now = time.monotonic()
        for row, stage in list(self._stages.items()):
            over = stage.news.done is not None and stage.news.done == stage.news.total
            if over or now - stage.heard < REMIND_SECONDS:
                continue
            stage.heard, elapsed = now, now - stage.began
            hint = stage.news.hint if elapsed >= words.PATIENCE else ""
            so_far = f"{elapsed / 60:.0f} min so far"
            self._show(stage.news, row, f"{so_far}; {hint}" if hint else so_far)


@contextmanager
def reporting(
    log: EventLog, rows: Sequence[str] = ("",), quiet: bool = False
) -> Iterator[Reporter]:
    """Shows what is slow while the block runs; if it is to be quiet, only logs it."""
    console = Console(stderr=True, markup=False)
    if quiet:
        showing = nullcontext(_show_nothing)
    else:
        showing = _bars(console, rows) if console.is_terminal else _lines()
    reporter: Reporter | None = None
    try:
        with showing as show:
            reporter = Reporter(log, show)
            with _reminding(reporter):
                yield reporter
    finally:
        for warning in reporter.warnings if reporter else ():
            tell(f"warning: {plain(warning)}")


@contextmanager
def _reminding(reporter: Reporter) -> Iterator[None]:
    over = threading.Event()

    def remind() -> None:
        while not over.wait(REMIND_SECONDS / 10):
            reporter.remind()

    thread = threading.Thread(target=remind, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _show_nothing(*_: object) -> None: ...


@contextmanager
def _bars(console: Console, rows: Sequence[str]) -> Iterator[Show]:
    bars = Bars(
        SpinnerColumn(),
        TextColumn("{task.fields[row]}", style="bold", markup=False),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=False)),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    tasks: dict[str, Task] = {}
    stages: dict[str, str] = {}

    def show(news: Progress, row: str, waited: str) -> None:
        over = news.done is not None and news.done == news.total
        task = tasks[row]
        if stages.get(row) != news.what and not over:  # the clock starts again
            bars.reset(task.id)
        stages[row] = news.what
        task.total = news.total  # rich's update would take None for no change
        what = ": ".join(part for part in (news.what, waited) if part)
        bars.update(task.id, description=what, completed=news.done or 0.0)

    with bars:
        for row in rows:
            what = "waiting" if row else "starting"
            bars.add_task(what, total=None, row=row, start=not row)
            tasks[row] = bars.tasks[-1]
        yield show


@contextmanager
def _lines() -> Iterator[Show]:
    said: dict[str, tuple[str, float]] = {}

    def show(news: Progress, row: str, waited: str) -> None:
        what, when = said.get(row, ("", 0.0))
        over = news.done is not None and news.done == news.total
        recent = over or news.done is None or time.monotonic() - when < PLAIN_SECONDS
        if what == news.what and recent and not waited:
            return
        said[row] = news.what, time.monotonic()
        prefix = f"{row}: " if row else ""
        share = f" {news.done / news.total:.0%}" if news.done and news.total else ""
        text = f"{news.what}{share}{f', {waited}' if waited else ''}"
        line = news.what if over else f"{text} ..."
        tell(f"{prefix}{line}")

    yield show
