"""The error of every layer as a column."""

import pytest
from fakes import MISSING, ROWS, compared, opened
from textual.app import App, ComposeResult

from debug.protocol.messages import Compared, Loaded
from debug.results.run import Run
from tui.dashboard.panes.chart import AXIS, ChartPane

COLUMNS_EACH = 4


class OneChart(App):
    def compose(self) -> ComposeResult:
        yield ChartPane()


@pytest.fixture
async def chart():
    width = AXIS + COLUMNS_EACH * len(ROWS)
    async with OneChart().run_test(size=(width, 10)) as pilot:
        yield pilot.app.query_one(ChartPane)


def run_with(*results: Compared) -> Run:
    run = Run()
    for event in (opened(), Loaded(1, {}, 0.1), *results):
        run.apply(event)
    return run


def lines(chart: ChartPane) -> list[str]:
    return [chart.render_line(y).text for y in range(chart.size.height)]


def column(chart: ChartPane, index: int) -> str:
    """From the top to the bottom, without the line of the marker."""
    x = AXIS + index * COLUMNS_EACH + 1
    return "".join(line[x] for line in lines(chart)[:-1])


async def test_a_larger_error_is_a_higher_column(chart):
    chart.show(0, run_with(compared(1, 1.0), compared(2, 1e3), compared(3, 1e6)))
    heights = [sum(cell in "▁▂▃▄▅▆▇█" for cell in column(chart, i)) for i in (1, 2, 3)]
    assert heights == sorted(heights)
    assert heights[0] < heights[2]


async def test_pytorchs_rounding_is_a_line_through_all_layers(chart):
    chart.show(0, run_with())
    assert all("─" in column(chart, index) for index in range(len(ROWS)))


async def test_a_layer_without_a_number_is_a_column_of_its_glyph(chart):
    chart.show(0, run_with(Compared(1, 2, None, MISSING, 0.0, False)))
    assert set(column(chart, 2)) == {"?"}


async def test_the_marker_names_the_selected_layer_on_the_side_that_has_room(chart):
    chart.show(1, run_with())
    assert lines(chart)[-1].strip() == "▲ conv"
    chart.show(len(ROWS) - 2, run_with())
    assert lines(chart)[-1].strip() in ("norm ▲", "▲ norm")


async def test_a_click_on_a_column_is_a_click_on_its_layer(chart):
    chart.show(0, run_with())
    for index in range(len(ROWS)):
        assert chart.layer_at(AXIS + index * COLUMNS_EACH + 2) == index
    assert chart.layer_at(AXIS - 1) is None


async def test_before_the_layers_are_known_nothing_can_be_clicked(chart):
    assert chart.layer_at(AXIS + 3) is None
    assert "".join(lines(chart)).strip() == ""
