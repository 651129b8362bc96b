"""Several backends, one after the other: one that can't run does not end the rest."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from core.messages import INPUT_KINDS, Unavailable
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Progress
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import Reporter, reporting

T = TypeVar("T")


def run_each(
    names: Sequence[str], log: EventLog, run_one: Callable[[str, Reporter], T]
) -> dict[str, T | Unavailable]:
    """What became of each backend, with a row of progress for every one.

    Raises:
        Problem: one that all of them would meet, such as a clip that is not there.
    """
    outcomes: dict[str, T | Unavailable] = {}
    with reporting(log, names) as reporter:
        for name in names:
            try:
                outcomes[name] = run_one(name, reporter)
                reporter.progress(Progress("done", 1, 1), name)
            except Problem as problem:
                if problem.diagnostic.kind in INPUT_KINDS:
                    raise
                missing = Unavailable(name, str(problem.diagnostic))
                outcomes[name] = missing
                log.write("unavailable", **msgspec.structs.asdict(missing))
                reporter.progress(Progress("unavailable", 1, 1), name)
    return outcomes


def missing_row(missing: Unavailable) -> dict[str, str]:
    """What ``--json`` says of a backend that can't run."""
    return {"backend": missing.backend, "unavailable": missing.reason}
