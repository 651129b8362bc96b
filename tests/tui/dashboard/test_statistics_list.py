"""A statistic that is added to `Stats` is shown everywhere without another edit.

Here `Stats` grows a skewness. Whoever shows statistics goes through `STATISTICS`, the list
of its fields, so the dashboard and the JSON have it, too.
"""

from typing import Any

from fakes import FakeEngine, opened, settle
from msgspec.structs import fields, replace
from rich.console import Console
from textual.widgets import Static

from debug.protocol.messages import Compared, Inspected, Loaded
from debug.protocol.statistics import STATISTICS, Stats
from debug.protocol.values import Divergence, OperationView, SegmentView
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui.commands.check_json import report
from tui.dashboard.operations import table
from tui.dashboard.panes import statistics


class Skewed(Stats, frozen=True):
    """`Stats` after somebody has added a field to it."""

    skewness: float | None = 0.625


SKEWED = Skewed([2, 3], "float32", 0.5, 1.25, -4.0, 5.0, 0)
OK = Divergence(Verdict.OK, ratio=1.0)


def test_the_statistics_are_the_numbers_that_stats_has():
    assert STATISTICS == ("mean", "std", "min", "max")
    assert {each.name for each in fields(Stats)} - set(STATISTICS) == {
        "shape",
        "dtype",
        "nonfinite",
    }


def test_a_new_statistic_is_a_key_of_the_json():
    run = Run()
    run.apply(opened())
    run.apply(Loaded(1, {}, 0.1))
    for index in range(len(run.layers)):
        run.apply(Compared(1, index, SKEWED, OK, 0.1, False))
    layer: dict[str, Any] = report(run)["layers"][0]
    assert layer["candidate"]["skewness"] == 0.625
    assert list(layer["reference"]) == [
        *("shape", "dtype", "mean", "std", "min", "max", "nonfinite"),
    ]


def text_of(widget: Static) -> str:
    console = Console(width=160, color_system=None)
    with console.capture() as captured:
        console.print(widget.content)
    return captured.get()


async def test_a_new_statistic_is_a_row_of_the_pane_and_a_column_of_the_operations(
    app, monkeypatch
):
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        engine = FakeEngine.instances[-1]
        skewed = [replace(layer, reference=SKEWED) for layer in opened().layers]
        engine.say(replace(opened(), layers=skewed), Loaded(1, {}, 0.1))
        engine.say(Compared(1, 0, SKEWED, OK, 0.1, False))
        await settle(pilot)
        await pilot.press("i")
        for module in (statistics, table):
            monkeypatch.setattr(module, "STATISTICS", (*STATISTICS, "skewness"))
        operation = OperationView("matmul", None, SKEWED, [], "", True)
        engine.say(Inspected(1, 0, [SegmentView("its result", [operation], [], None)]))
        await settle(pilot)
        app.view.show_all()
        pane = text_of(app.view.statistics_pane.query_one(Static))
        assert pane.split("skewness")[1].split()[:3] == ["0.625", "0.625", "0"]
        operations = text_of(app.screen.table.query_one(Static))
        assert "skewness" in operations
        assert "0.625" in operations
