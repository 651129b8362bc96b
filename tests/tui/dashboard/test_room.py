"""How the screen is divided: tabs where there is little room, and lines that move."""

import pytest
from fakes import FakeEngine, settle
from textual.widgets import Static

from tui.dashboard.app import Dashboard
from tui.dashboard.room import PANES, Division, PaneSizes, division

WIDE = (120, 36)


def width(app: Dashboard, pane: str) -> int:
    return app.query_one(f"#{pane}").outer_size.width


def height(app: Dashboard, pane: str) -> int:
    return app.query_one(f"#{pane}").outer_size.height


def seen(app: Dashboard) -> set[str]:
    return {name for name in PANES if app.query_one(f"#{name}").region.area}


def tabs(app: Dashboard) -> str:
    return str(app.query_one("#tabs", Static).render())


def test_what_is_wanted_is_fitted_to_what_there_is():
    assert division(PaneSizes(), WIDE, 33) == Division(71, 16, 8)
    assert division(PaneSizes(500, 500, 500), WIDE, 33) == Division(96, 4, 25)
    assert division(PaneSizes(3, 3, 3), WIDE, 33) == Division(24, 4, 4)


async def test_in_sixty_columns_one_pane_is_seen_and_tabs_name_the_others(app, press):
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        assert seen(app) == {"layers"}
        for number, name in enumerate(PANES, start=1):
            assert f"{number} {name}" in tabs(app)
            if name != "layers":
                await press(pilot, str(number))
                assert seen(app) == {name}
        await press(pilot, "1")
        assert seen(app) == {"layers"}


async def test_in_eighty_columns_the_layers_and_one_other_are_seen(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert seen(app) == {"layers", "statistics"}
        await press(pilot, "3", "1")
        assert seen(app) == {"layers", "chart"}
        await pilot.resize_terminal(*WIDE)
        await settle(pilot)
        assert seen(app) == set(PANES)
        assert not app.query_one("#tabs").display


async def test_a_tab_is_clicked(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.click("#tabs", offset=(tabs(app).index("4 source"), 0))
        await settle(pilot)
        assert seen(app) == {"layers", "source"}


async def test_keys_make_the_pane_that_has_the_focus_larger_and_smaller(app, press):
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        before = width(app, "layers")
        await press(pilot, "right_square_bracket")
        assert width(app, "layers") == before + 2
        await press(pilot, "2", "right_square_bracket", "right_square_bracket")
        assert width(app, "layers") == before - 2
        high, low = height(app, "statistics"), height(app, "chart")
        await press(pilot, "right_curly_bracket", "3", "right_curly_bracket")
        assert (height(app, "statistics"), height(app, "chart")) == (high + 2, low + 2)
        await press(pilot, "0")
        assert (width(app, "layers"), height(app, "chart")) == (before, low)


async def test_a_size_that_has_no_room_now_is_back_when_there_is(app, press):
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await press(pilot, *["right_square_bracket"] * 12)
        wanted = width(app, "layers")
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert width(app, "layers") <= 80 - 24
        await pilot.resize_terminal(160, 50)
        await settle(pilot)
        assert width(app, "layers") == wanted


async def drag(pilot, begin: tuple[int, int], end: tuple[int, int]) -> None:
    await pilot.mouse_down(offset=begin)
    await pilot.hover(offset=end)
    await pilot.mouse_up(offset=end)
    await settle(pilot)


async def test_the_mouse_drags_the_lines_between_panes(app):
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        line, top = app.query_one("#layers").region.right, app.query_one("#source").region.y
        await drag(pilot, (line, 10), (50, 10))
        assert app.query_one("#layers").region.right == 50
        await drag(pilot, (90, top), (90, top - 5))
        assert app.query_one("#source").region.y == top - 5
        low = app.query_one("#chart").region.y
        await drag(pilot, (20, low), (20, low - 4))
        assert app.query_one("#chart").region.y == low - 4


async def test_a_click_elsewhere_moves_no_line(app):
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await drag(pilot, (20, 8), (40, 12))
        assert app.view.panes.sizes == PaneSizes()


@pytest.mark.parametrize(("number", "name"), enumerate(PANES, start=1))
async def test_each_pane_is_enlarged_with_its_number_twice(app, press, number, name):
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        if name == "layers":
            await press(pilot, "2")
        await press(pilot, str(number))
        assert seen(app) == set(PANES)
        await press(pilot, str(number))
        assert width(app, name) >= WIDE[0] - 2
        await press(pilot, str(number))
        assert seen(app) == set(PANES)


async def test_the_last_line_offers_what_works_now(app, press):
    def offered() -> str:
        return str(app.query_one("#keys", Static).render())

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "s step" in offered()
        engine = FakeEngine.instances[-1]
        engine.hangs = True
        await press(pilot, "c")
        assert "a abort" in offered()
        assert "s step" not in offered()
        engine.die()
        await settle(pilot)
        assert offered().startswith(" R restart  e error")
        assert "? help  q quit" in offered()
        await pilot.click("#keys", offset=(offered().index("R restart"), 0))
        await settle(pilot)
        assert len(FakeEngine.instances) == 2
