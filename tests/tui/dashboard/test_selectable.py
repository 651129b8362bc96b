"""The mouse selects text in every pane, and ctrl+c copies it or says why not."""

import pytest
from fakes import settle
from textual.widget import Widget

from tui.dashboard.app import Dashboard


def said(app: Dashboard) -> str:
    return "".join(note.message for note in app._notifications)


async def dragged(pilot, widget: Widget, begin: tuple[int, int], end: tuple[int, int]):
    await pilot.mouse_down(widget, offset=begin)
    await pilot.hover(widget, offset=end)
    await pilot.mouse_up(widget, offset=end)
    await pilot.press("ctrl+c")
    await settle(pilot)


async def test_what_was_dragged_over_is_copied(app: Dashboard, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        text = app.query_one("#statistics-text")
        await dragged(pilot, text, (0, 1), (16, 3))
        first, *_, last = app.clipboard.splitlines()
        assert first.startswith("shape  1×1500×384")
        assert last.startswith("mean")
        assert "copied: shape" in said(app)


@pytest.mark.parametrize("pane", ["#log", "#causes", "#candidate"])
async def test_so_it_is_in_every_pane_with_text(app: Dashboard, press, pane: str):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        widget = app.query_one(pane)
        line = widget.render_line(0).text
        await dragged(pilot, widget, (4, 0 if pane == "#causes" else 1), (14, 1))
        assert app.clipboard.strip()
        assert app.clipboard.splitlines()[0].strip() in line


async def test_where_nothing_is_selected_ctrl_c_says_how(app: Dashboard):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+c")
        await settle(pilot)
        assert "nothing is selected" in said(app)
        assert app.clipboard == ""
