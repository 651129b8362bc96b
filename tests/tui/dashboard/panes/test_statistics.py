"""The numbers of the selected layer."""

import pytest
from fakes import MISSING, compared, divergence, isolated, opened, probed
from rich.console import Console
from textual.app import App, ComposeResult
from textual.widgets import Static

from debug.protocol.messages import Compared, Explained, Loaded
from debug.protocol.values import Cause, Finding, Place
from debug.protocol.verdict import LAYER
from debug.results.run import Run
from tui.dashboard.keys import Keyboard
from tui.dashboard.panes.statistics import StatisticsPane

LAYER_INDEX = 3


class OnePane(App):
    def compose(self) -> ComposeResult:
        yield StatisticsPane(Keyboard())


def run_with(*events) -> Run:
    run = Run()
    for event in (opened(), Loaded(1, {}, 0.1), *events):
        run.apply(event)
    return run


async def numbers(run: Run, width: int = 100) -> str:
    async with OnePane().run_test(size=(width, 40)) as pilot:
        pane = pilot.app.query_one(StatisticsPane)
        pane.show(LAYER_INDEX, run, None)
        console = Console(width=width, color_system=None)
        with console.capture() as captured:
            console.print(pane.query_one(Static).content)
        return captured.get()


async def test_before_a_layer_has_run_the_reference_stands_alone():
    shown = await numbers(run_with())
    assert "mean   0.5" in shown
    assert "verdict" not in shown


async def test_where_there_is_room_r_is_explained_where_it_is_first_read():
    run = run_with(compared(LAYER_INDEX, 300.0))
    ok = f"ok up to {LAYER.ok_up_to:g}"
    assert f"R 300.0 = error ÷ PyTorch's own rounding, {ok}" in await numbers(run)
    assert f"R 300.0 ({ok})" in await numbers(run, width=60)
    assert "ok up to" not in await numbers(run, width=40)


async def test_the_error_is_r_times_pytorchs_own():
    shown = await numbers(run_with(compared(LAYER_INDEX, 300.0)))
    assert "relative L2   9.0e-5 = R × 3.0e-7 (PyTorch's)" in shown


async def test_an_error_that_earlier_layers_have_made_is_amplified():
    run = run_with(compared(LAYER_INDEX, 300.0), isolated(LAYER_INDEX, 1.5))
    assert "isolated ✓ ok  R 1.5, amplified ×200" in await numbers(run)
    assert "×200" not in await numbers(run, width=38)


async def test_where_the_source_is_behind_it_a_wrong_layer_shows_its_line(tmp_path):
    port = tmp_path / "port.py"
    port.write_text("import x\n\nclass A:\n    h = self.query(x)\n")
    places = {"blocks.0.attn.query": Place(str(port), 4)}
    run = run_with(Loaded(1, places, 0.1), compared(LAYER_INDEX, 300.0))
    shown = await numbers(run, width=38)
    assert "source   port.py:4 (4 shows it)" in shown
    assert "❱ h = self.query(x)" in shown
    assert "port.py:4" not in await numbers(run)
    healthy = run_with(Loaded(1, places, 0.1), compared(LAYER_INDEX, 1.5))
    assert "port.py:4" not in await numbers(healthy, width=38)


async def test_the_causes_of_a_mistake_are_listed_below_its_place():
    cause = Cause("the bias is left out", 0.999, 1.0)
    place = Place("model.py", 7)
    finding = Finding("the result", None, "add", place, None, "", [cause])
    run = run_with(
        compared(LAYER_INDEX, 300.0),
        isolated(LAYER_INDEX, 300.0),
        Explained(1, LAYER_INDEX, [finding]),
    )
    shown = await numbers(run)
    assert "why      line 7, the result:" in shown
    assert "the bias is left out (explains 99.9 %)" in shown


@pytest.mark.parametrize(
    ("ratio", "says"),
    [
        (300.0, "no single operation is off by more than rounding"),
        (1.0, "a layer inside it"),
    ],
)
async def test_a_layer_without_a_finding_says_why_there_is_none(ratio: float, says: str):
    run = run_with(
        compared(LAYER_INDEX, 300.0),
        isolated(LAYER_INDEX, ratio),
        Explained(1, LAYER_INDEX, []),
    )
    assert says in await numbers(run)


async def test_a_missing_layer_has_a_reason_and_no_numbers():
    shown = await numbers(run_with(Compared(1, LAYER_INDEX, None, MISSING, 0.0, False)))
    assert "the candidate never calls it" in shown
    assert "relative L2" not in shown


async def test_what_was_not_computed_again_says_so():
    assert "unchanged, not rerun" in await numbers(
        run_with(compared(LAYER_INDEX, reused=True))
    )


async def test_the_probes_of_the_layer_are_listed():
    run = run_with(compared(LAYER_INDEX), probed(LAYER_INDEX, "blocks.0.attn.query.y"))
    assert "probes   ✓ ok y, R 1.5" in await numbers(run)


def test_the_fakes_floor_is_the_one_of_their_errors():
    assert divergence(1.0).rel_l2 == opened().layers[LAYER_INDEX].floor
