"""The rows and columns of the layers."""

import pytest
from fakes import MISSING, ROWS, compared, isolated, opened
from textual.app import App, ComposeResult

from debug.protocol.messages import Compared, Loaded
from debug.results.run import Run
from debug.results.stepper import Stepper
from tui.dashboard.panes.layer_columns import COLUMNS
from tui.dashboard.panes.layers import LayersPane
from tui.dashboard.second_run import FLOAT64, SecondRun
from tui.dashboard.state import State

WIDTHS = {80: 40, 120: 70, 160: 82}
"""By the width of the terminal: what app.tcss leaves for the rows, beside a scroll bar."""


class OneTable(App):
    def compose(self) -> ComposeResult:
        pane = LayersPane()
        pane.styles.width = WIDTHS[self.size.width] + 1
        yield pane


def run_with(*events) -> Run:
    run = Run()
    for event in (opened(), Loaded(1, {}, 0.1, ["conv"]), *events):
        run.apply(event)
    return run


async def filled(pilot, run: Run, second_run: SecondRun | None = None) -> LayersPane:
    state = State(run, second_run, Stepper(run.layers), breakpoints={"norm"})
    pane = pilot.app.query_one(LayersPane)
    pane.fill(state, 0)
    for index in range(len(ROWS)):
        pane.show(index, state)
    await pilot.pause()
    return pane


def cell(pane: LayersPane, row: int, column: str) -> str:
    return pane.get_cell(str(row), column).plain


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("second", [None, SecondRun(FLOAT64)], ids=["one", "two"])
async def test_the_columns_fit_and_every_label_is_whole(width, second):
    async with OneTable().run_test(size=(width, 30)) as pilot:
        pane = await filled(pilot, run_with(), second)
        assert sum(column.width for column in pane.columns.values()) <= WIDTHS[width]
        labels = [str(column.label) for column in pane.columns.values()]
        assert "isolated" in labels
        assert ("float64" in labels) == (second is not None and width > 100)


async def test_a_row_shows_both_verdicts_of_a_layer_and_what_is_special_about_it():
    events = [compared(1, 300.0), compared(3, 300.0), isolated(3, 1.5), compared(10)]
    async with OneTable().run_test(size=(120, 30)) as pilot:
        pane = await filled(pilot, run_with(*events))
        assert cell(pane, 3, "verdict") == "✗ diverged"
        assert cell(pane, 3, "ratio") == "300.0"
        assert cell(pane, 3, "isolated") == "1.5"
        assert cell(pane, 4, "verdict") == "· waiting"
        assert cell(pane, 1, "mark") == "⇐"
        assert cell(pane, 10, "mark") == "▶"


async def test_where_there_is_little_room_the_verdict_is_its_glyph():
    gone = Compared(1, 3, None, MISSING, 0.0, False)
    async with OneTable().run_test(size=(80, 24)) as pilot:
        pane = await filled(pilot, run_with(gone))
        assert cell(pane, 3, "verdict") == "?"
        assert cell(pane, 3, "name") == "blocks.0.attn.query"
        assert "shape" not in pane.columns


async def test_a_second_run_takes_the_place_of_the_bar_which_the_chart_shows_too():
    async with OneTable().run_test(size=(160, 30)) as pilot:
        pane = await filled(pilot, run_with(), SecondRun(FLOAT64))
        assert "bar" not in pane.columns
        assert "second" in pane.columns


def test_no_two_columns_show_the_same():
    assert len({column.key for column in COLUMNS}) == len(COLUMNS)
