"""What lies on top of the dashboard, or over a part of it, takes nothing away."""

import pytest
from dashboard_views import stale, wrong
from fakes import FakeEngine, settle
from shown import shown

from tui.dashboard.app import Dashboard
from tui.dashboard.habits.config import Config
from tui.dashboard.habits.habits import Habits
from tui.dashboard.palette import commands_within
from tui.dashboard.screens.columns import ColumnsScreen
from tui.dashboard.screens.help import HelpScreen
from tui.settings import Settings


@pytest.mark.parametrize("key", ["V", "H", "I", "i", "W", "K", "E", "A"])
async def test_help_opens_on_top_of_any_screen_and_closes_again(app, press, key):
    async with app.run_test(size=(120, 36)) as pilot:
        await wrong(pilot)
        await press(pilot, key)
        before = app.screen
        if key == "E":
            await press(pilot, "f1")  # a form takes other keys for its text
        else:
            await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        await press(pilot, "question_mark")
        assert app.screen is before


async def test_help_begins_with_the_keys_of_the_screen_below(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await wrong(pilot)
        await press(pilot, "H", "question_mark")
        text = shown(app)
        assert "In the history" in text
        assert "run the next layer" not in text.partition("In the history")[0]


async def test_an_enlarged_pane_leaves_the_bar_and_the_keys(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await wrong(pilot)
        await press(pilot, "4", "4")
        assert app.view.source_pane.size.width == 120
        for line in (app.view.status_bar, app.view.keys_line, app.view.causes_pane):
            assert line.region.height > 0
        await press(pilot, "z")
        assert app.view.source_pane.size.width < 120
        assert app.view.layers_pane.region.area


async def test_what_is_said_for_a_moment_lies_over_the_last_line_only(app, press):
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wrong(pilot)
        await press(pilot, "Y")
        await pilot.pause(0.1)
        lines = shown(app).splitlines()
        assert ["copied: statistics" in line for line in lines] == [False] * 23 + [True]


async def test_a_column_has_a_box_that_is_ticked_or_not(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await wrong(pilot)
        await press(pilot, "K")
        assert isinstance(app.screen, ColumnsScreen)
        assert "[x] R " in shown(app)
        assert "[ ] rel. L2" in shown(app)
        await press(pilot, "down", "space")
        assert "[ ] R " in shown(app)


async def test_the_palette_has_no_command_that_makes_no_sense_here(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        titles = [each.title for each in app.get_system_commands(app.screen)]
        assert len(titles) == len(set(titles))
        assert not {"Theme", "Keys", "Maximize", "Quit", "Screenshot"} & set(titles)
        await wrong(pilot)
        await press(pilot, "H")
        within = [each.title for each in app.get_system_commands(app.screen)]
        assert within == [each.title for each in commands_within(app.screen)]


async def test_messages_name_the_keys_as_a_person_has_them(app):
    config = Config(keys={"restart": "f8", "step": "f6", "page": "f3"})
    own = Dashboard(Settings({"model": "imaginary"}, paused=True), Habits(config))
    async with own.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "press f6 to step" in shown(own)
        FakeEngine.instances[-1].die()
        await settle(pilot)
        assert "f8 restarts it" in shown(own)
        await pilot.press("H")
        await settle(pilot)
        assert "P page" in shown(own)  # an overlay's keys are its own


async def test_a_mended_error_is_told_to_be_mended_and_when_it_was(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await stale(pilot)
        await settle(pilot)
        await press(pilot, "e")
        assert "the last error, of 12:00:00 ─" in shown(app)
        await press(pilot, "escape")
        FakeEngine.instances[-1].reload()
        await settle(pilot)
        await press(pilot, "e")
        assert "the last error, of 12:00:00, mended since" in shown(app)
