"""The error of every layer as a column."""

import pytest
from fakes import MISSING, ROWS, compared, isolated, opened
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
    assert lines(chart)[-1].strip() == "▲ conv  has not run yet"
    chart.show(len(ROWS) - 2, run_with())
    assert lines(chart)[-1].strip() in ("norm ▲", "norm  has not run yet ▲")


async def test_a_click_on_a_column_is_a_click_on_its_layer(chart):
    chart.show(0, run_with())
    for index in range(len(ROWS)):
        assert chart.layer_at(AXIS + index * COLUMNS_EACH + 2) == index
    assert chart.layer_at(AXIS - 1) is None


async def test_before_the_layers_are_known_nothing_can_be_clicked(chart):
    assert chart.layer_at(AXIS + 3) is None
    assert "".join(lines(chart)).strip() == ""


def save(run: Run, *results: Compared) -> Run:
    for event in (Loaded(2, {}, 0.1), *results):
        run.apply(event)
    return run


async def test_no_two_bars_touch_whatever_the_width():
    for width in (2 * len(ROWS), 17 + AXIS, 80, 160):
        async with OneChart().run_test(size=(width, 12)) as pilot:
            chart = pilot.app.query_one(ChartPane)
            rows = range(1, len(ROWS))
            chart.show(0, run_with(*(compared(index, 1e6) for index in rows)))
            for line in lines(chart)[:-1]:
                assert "██" not in line.replace("█" * max(chart._thickness, 1), "█")


async def test_every_layer_is_found_under_its_own_columns_and_the_whole_width_is_used():
    async with OneChart().run_test(size=(101, 12)) as pilot:
        chart = pilot.app.query_one(ChartPane)
        chart.show(0, run_with())
        found = [chart.layer_at(x) for x in range(AXIS, 101)]
        assert set(found) == set(range(len(ROWS)))
        assert found == sorted(found, key=lambda index: -1 if index is None else index)
        assert found[-1] == len(ROWS) - 1


async def test_what_a_layer_was_before_a_save_is_a_ghost_above_what_it_is(chart):
    run = run_with(compared(1, 1e6), compared(2, 1e6))
    chart.show(0, save(run, compared(1, 10.0, 2), compared(2, 1e6, 2)))
    assert "┄" in column(chart, 1)
    assert "┄" not in column(chart, 2)


async def test_a_layer_that_is_wrong_by_itself_has_a_diamond(chart):
    run = run_with(compared(1, 1e6), compared(2, 1e6))
    for event in (isolated(1, 1e6), isolated(2, 1.0)):
        run.apply(event)
    chart.show(0, run)
    beside = AXIS + COLUMNS_EACH - 1
    marks = [
        "".join(line[beside + index * COLUMNS_EACH] for line in lines(chart)[:-1])
        for index in (1, 2)
    ]
    assert ["◆" in mark for mark in marks] == [True, False]


async def test_several_layers_share_a_bar_where_there_is_no_room_and_the_worst_is_shown():
    async with OneChart().run_test(size=(AXIS + 4, 12)) as pilot:
        chart = pilot.app.query_one(ChartPane)
        chart.show(0, run_with(*(compared(n, 1e6 if n == 4 else 1.0) for n in range(12))))
        assert chart.layer_at(AXIS + 1) == 4


async def test_arrows_and_the_mouse_choose_layers(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "c", "g", "3", "right", "right", "left")
        assert app.view.cursor == 1
        await pilot.click("#chart", offset=(app.view.chart_pane.size.width - 2, 3))
        assert app.view.cursor == len(ROWS) - 1
