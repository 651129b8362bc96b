"""Everything that the dashboard shows, in one place.

The link to the engine changes it as events arrive, the keys change the breakpoints, and the
view draws it: none of the three needs to know the other two.
"""

import time
from dataclasses import dataclass, field

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Working
from debug.results.run import Run
from debug.results.stepper import Stepper
from tui.dashboard.activity import Activity, Phase
from tui.dashboard.arrangement import USUAL, Arrangement, ColumnKey
from tui.dashboard.keys import Keyboard
from tui.dashboard.saves import History
from tui.dashboard.second_run import SecondRun


@dataclass
class State:
    results: Run = field(default_factory=Run)
    """Of the engine that steps."""
    second_run: SecondRun | None = None
    """Of the same graph compiled, or in float64, once a person has asked for it."""
    stepper: Stepper = field(default_factory=lambda: Stepper([]))
    activity: Activity = field(default_factory=Activity)
    second_activity: Activity | None = None
    """What the second engine is doing, while there is one."""
    job: Working | None = None
    """The idle work of an engine that has stopped; the keys work all the while."""
    problem: Diagnostic | None = None
    """The last thing that went wrong."""
    problem_at: str = ""
    """When that was."""
    keyboard: Keyboard = field(default_factory=Keyboard)
    history: History = field(default_factory=History)
    """Every save, with what came of it."""
    breakpoints: set[str] = field(default_factory=set)
    """Names of layers: they survive a reload that changes the indices."""
    following: bool = False
    """Whether the selection moves along with the run, until the run stops."""
    arrangement: Arrangement = field(default_factory=Arrangement)
    """Which layers have a row."""
    columns: list[ColumnKey] = field(default_factory=lambda: list(USUAL))
    """What is shown of each, the most wanted first."""
    chosen: bool = False
    """Whether a person has selected a layer: then it stays selected."""

    def trouble(self, problem: Diagnostic) -> None:
        """Something has gone wrong now."""
        self.problem, self.problem_at = problem, time.strftime("%H:%M:%S")

    @property
    def is_mended(self) -> bool:
        """Whether what went wrong last is over."""
        ended = self.activity.phase in (Phase.DEAD, Phase.FAILED, Phase.WAITING)
        return self.results.stale is None and not ended
