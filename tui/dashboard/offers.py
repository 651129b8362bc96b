"""Which keys are worth a place in the last line now.

A person who needs a key rarely knows its name: `R` is offered when the engine is gone, `e`
when a save is broken, `a` while something runs. All keys work all the time; those that can
do nothing say why.
"""

from collections.abc import Sequence

from debug.results.root_causes import root_causes
from tui.dashboard.activity import Phase
from tui.dashboard.state import State

ALWAYS = ("help", "quit")
"""At the right end, whatever the room."""
STEPPING = ("step", "next", "finish", "cont", "break")


def offered(state: State) -> Sequence[str]:
    """The names of keys (`Key.name`), the most wanted first."""
    run, activity = state.results, state.activity
    found = root_causes(run) if run.position >= 0 else []
    causes = ("cause", "copy") if found else ()
    if activity.phase is Phase.DEAD:
        return ("restart", "error", *causes, "page")
    if activity.phase is Phase.FAILED:
        return ("what-runs", "restart", "error")
    if activity.busy:
        return ("abort", *causes, "log")
    if run.stale:
        return ("error", "edit", "again", *causes)
    if run.position < 0:
        return (*STEPPING, "what-runs")
    if not run.is_complete:
        return (*STEPPING, *causes, "inspect", "values")
    if found:
        looked = (*causes, "edit", "values", "inspect", "history")
        return (*looked, "only", "weights", "float64", "page")
    wanted = ("values", "inspect", "in-out", "history", "weights")
    return (*wanted, "search", "float64", "what-runs", "page")
