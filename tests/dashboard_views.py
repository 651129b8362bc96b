"""Every view of the dashboard, as keys that lead there on the scripted engine."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fakes import ATTENTION, FakeEngine, mistake, settle, stats
from textual.pilot import Pilot

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Failed, Inspected, Progress, SourceSaved
from debug.protocol.values import OperationView, Place, SegmentView
from tui.dashboard.activity import Activity
from tui.dashboard.app import Dashboard


class Still(Activity):
    """Its clock stands, so that pictures are alike."""

    @property
    def elapsed(self) -> float:
        return 0.0


State = Callable[[Pilot], Awaitable[None]]


def engine() -> FakeEngine:
    return FakeEngine.instances[-1]


async def waiting(pilot: Pilot) -> None:
    """Nothing has run."""


async def busy(pilot: Pilot) -> None:
    engine().say(Progress("compiling 37 kernels, once on this machine: 1 to 3 minutes"))
    await settle(pilot)
    assert isinstance(pilot.app, Dashboard)
    state = pilot.app.state
    state.activity = Still(state.activity.phase, state.activity.what)
    pilot.app.view.show_status()


async def well(pilot: Pilot) -> None:
    await pilot.press("c")


async def wrong(pilot: Pilot) -> None:
    """Two layers with mistakes of their own; of the first the line is known."""
    engine().ratios = {ATTENTION: 300.0, 7: 120.0, 11: 6e6}
    engine().isolated = {ATTENTION: 280.0, 7: 110.0, 11: 6e6}
    await pilot.press("c")
    await settle(pilot)
    engine().say(mistake(ATTENTION, engine().source, engine().reference))
    await settle(pilot)
    await pilot.press("x")


async def stale(pilot: Pilot) -> None:
    await well(pilot)
    await settle(pilot)
    bad = Diagnostic("graph", "syntax error: '(' was never closed", engine().source, 4)
    engine().say(SourceSaved(engine().source), Failed(bad, fatal=False))


async def gone(pilot: Pilot) -> None:
    await wrong(pilot)
    engine().die()


async def taken_apart(pilot: Pilot) -> None:
    """The operations of the layer that is wrong."""
    await wrong(pilot)
    await settle(pilot)
    await pilot.press("i")
    await settle(pilot)
    ours, theirs = Place(engine().source, 13), Place(str(engine().reference), 16)
    code = SegmentView(
        "its result",
        [
            OperationView("matmul", ours, stats(), ["q", "k"], "matmul", True),
            OperationView("softmax", ours, stats(), ["matmul"], "", False),
        ],
        [
            OperationView("matmul", theirs, stats(), ["q", "k"], "", True),
            OperationView("softmax", theirs, stats(), ["matmul"], "", True),
        ],
        1,
    )
    engine().say(Inspected(1, ATTENTION, [code], disappears=0.54, appears=3e-5))


@dataclass(frozen=True)
class Sight:
    """A state, and the keys from there."""

    state: State
    keys: tuple[str, ...] = ()


VIEWS = {
    "start": Sight(waiting),
    "busy": Sight(busy),
    "well": Sight(well),
    "wrong": Sight(wrong),
    "stale": Sight(stale),
    "gone": Sight(gone),
    "statistics": Sight(wrong, ("2", "2")),
    "chart": Sight(wrong, ("3", "3")),
    "source": Sight(wrong, ("4", "4")),
    "log": Sight(wrong, ("5", "5")),
    "values": Sight(wrong, ("V",)),
    "error": Sight(stale, ("e",)),
    "operations": Sight(taken_apart),
    "columns": Sight(wrong, ("K",)),
    "search": Sight(wrong, ("slash", "a", "t")),
    "controls": Sight(wrong, ("E",)),
    "help": Sight(waiting, ("question_mark",)),
    "help-found": Sight(waiting, ("question_mark", "slash", "f", "l", "o")),
}
ON_TOP = ("error", "operations", "columns", "search", "controls", "help-found")
