"""Which keys are worth a place in the last line now.

A person who needs a key rarely knows its name: `R` is offered when the engine is gone, `e`
when a save is broken, `a` while something runs. All keys work all the time; those that can
do nothing say why.
"""

from collections.abc import Sequence

from debug.results.root_causes import root_causes
from tui.dashboard.activity import Phase
from tui.dashboard.handing import handed_now
from tui.dashboard.state import State

ALWAYS = ("help", "quit")
"""At the right end, whatever the room."""
STEPPING = ("step", "next", "finish", "cont", "break")


def offered(state: State) -> tuple[Sequence[str], dict[str, str]]:
    """The names of keys (`Key.name`), the most wanted first; and what those that take
    something along are called now, by their names."""
    handed = handed_now(state.results, state.history)
    has_causes = bool(root_causes(handed.run))
    labels = {"copy": handed.copy_label, "page": handed.page_label} if has_causes else {}
    return _names(state, ("copy", "page") if has_causes else ()), labels


def _names(state: State, taken: tuple[str, ...]) -> Sequence[str]:
    """``taken`` are the keys that take along what is known."""
    run, activity = state.results, state.activity
    found = run.position >= 0 and root_causes(run)
    differs = run.culprit() is not None
    causes = ("cause", *taken[:1]) if found else ("cause",) if differs else ()
    if activity.phase is Phase.DEAD:
        return ("restart", "error", *(causes or taken[:1]), "page")
    if activity.phase is Phase.FAILED:
        return ("what-runs", "restart", "error")
    if activity.busy:
        return ("abort", *causes, "log")
    if run.stale:
        return ("error", "edit", "again", *taken)
    if run.position < 0:
        return (*STEPPING, "what-runs")
    if not run.is_complete:
        return (*STEPPING, *causes, "inspect", "values")
    if causes:
        looked = (*causes, "edit", "values", "inspect", "history")
        return (*looked, "page", "only", "weights", "float64")
    wanted = ("values", "inspect", "in-out", "history", "weights")
    last = () if taken else ("page",)
    return (*taken, *wanted, "search", "float64", "what-runs", *last)
