"""Which keys are worth a place in the last line now.

A person who needs a key rarely knows its name: `R` is offered when the engine is gone, `e`
when a save is broken, `a` while something runs. All keys work all the time; those that can
do nothing say why.
"""

from collections.abc import Sequence

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
    if not handed.found:
        return _names(state, (), ()), {}
    labels = {"copy": handed.copy_label, "page": handed.page_label}
    of_now = ("cause", "copy") if handed.save is None else ()
    return _names(state, of_now, ("copy", "page")), labels


def _names(state: State, causes: tuple[str, ...], taken: tuple[str, ...]) -> Sequence[str]:
    """
    Args:
        state: all that is known.
        causes: the keys that are about root causes of now.
        taken: those that take along what is known.
    """
    run, activity = state.results, state.activity
    if not causes and run.culprit() is not None:
        causes = ("cause",)
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
        return (*STEPPING, *causes, "operations", "values")
    if causes:
        looked = (*causes, "edit", "values", "operations", "history")
        return (*looked, "page", "filter", "weights", "float64")
    wanted = ("values", "operations", "in-out", "history", "weights")
    last = () if taken else ("page",)
    return (*taken, *wanted, "search", "float64", "what-runs", *last)
