import pytest
from fakes import MISSING, ROWS, FakeEngine, compared, probed, settle
from rich.console import Console
from textual.widgets import Static

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import (
    Compared,
    Failed,
    Inject,
    Loaded,
    Progress,
    RunAgain,
    RunTo,
    SourceSaved,
    Stopped,
)
from debug.protocol.parent_end import Noise
from debug.protocol.values import Place
from tui.dashboard.app import Dashboard
from tui.dashboard.keys import KEYS
from tui.dashboard.panes.layers import LayersPane
from tui.dashboard.panes.log import LogPane
from tui.dashboard.panes.source import SourcePane
from tui.dashboard.panes.statistics import StatisticsPane
from tui.dashboard.panes.status import StatusBar

NAMES = [name for name, _ in ROWS]
LAST = len(ROWS) - 1


def engine() -> FakeEngine:
    return FakeEngine.instances[-1]


def cell(app: Dashboard, row: int, column: str) -> str:
    return app.query_one(LayersPane).get_cell(str(row), column).plain


def numbers(app: Dashboard) -> str:
    """What the pane of numbers shows, line by line."""
    plain = Console(width=200, color_system=None)
    with plain.capture() as captured:
        plain.print(app.query_one("#statistics-text", Static).content)
    return captured.get()


def status(app: Dashboard) -> str:
    return str(app.query_one(StatusBar).render())


def log_text(app: Dashboard) -> str:
    return "\n".join(strip.text for strip in app.query_one(LogPane).lines)


async def test_the_layers_wait_until_they_are_run(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert app.query_one(LayersPane).row_count == len(ROWS)
        assert cell(app, 0, "verdict") == "· waiting"
        assert "press s to step" in status(app)


async def test_stepping_runs_one_layer_at_a_time_and_selects_it(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "s", "s", "s")
        sent = [command for command in engine().sent if isinstance(command, RunTo)]
        assert sent == [RunTo(0), RunTo(1), RunTo(2)]
        assert app.view.cursor == app.state.results.position == 2
        assert cell(app, 2, "verdict") == "✓ ok"
        assert cell(app, 3, "verdict") == "· waiting"


async def test_next_and_finish_and_continue_run_over_blocks(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "s", "n", "n")
        assert NAMES[app.view.cursor] == "blocks.0"
        await press(pilot, "c")
        assert app.view.cursor == LAST
        assert "11 of 11 layers ok" in status(app)


async def test_going_back_shows_what_was_recorded_and_asks_the_engine_nothing(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        count = len(engine().sent)
        await press(pilot, "S", "S")
        assert app.view.cursor == LAST - 2
        await press(pilot, "s")
        assert app.view.cursor == LAST - 1
        assert len(engine().sent) == count


async def test_continue_stops_at_a_breakpoint(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "j", "j", "j", "b", "g", "c")
        assert app.view.cursor == app.state.results.position == 3
        assert app.state.breakpoints == {"blocks.0.attn.query"}
        await press(pilot, "c")
        assert app.state.results.position == LAST
        assert cell(app, 3, "mark") == "●"


async def test_a_step_from_a_row_that_is_not_computed_starts_at_the_last_that_is(
    app, press
):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "s", "G", "s")
        assert app.state.results.position == 1


async def test_run_to_the_selected_layer(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "j", "j", "j", "j", "t")
        assert app.state.results.position == 4


async def test_the_culprit_is_one_key_away(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        engine().ratios = {5: 300.0, 7: 200.0, LAST: 100.0}
        await press(pilot, "c")
        assert "first wrong: blocks.0.attn" in status(app)
        await press(pilot, "x")
        assert NAMES[app.view.cursor] == "blocks.0.attn"
        assert cell(app, 5, "verdict") == "✗ diverged"


async def test_a_save_says_for_each_layer_whether_it_got_better(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        engine().ratios = {5: 300.0}
        await press(pilot, "c", "k", "k")
        selected = app.view.cursor
        engine().ratios = {}
        engine().reload()
        await settle(pilot)
        assert cell(app, 5, "change") == "↑ better"
        assert cell(app, 4, "change") == "="
        assert app.view.cursor == selected
        engine().ratios = {2: 50.0}
        engine().reload()
        await settle(pilot)
        assert cell(app, 2, "change") == "↓ worse"


async def test_breakpoints_survive_a_reload(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "j", "j", "b", "g", "c")
        engine().reload()
        await settle(pilot)
        assert cell(app, 2, "mark") == "▶"
        await press(pilot, "s")
        assert cell(app, 2, "mark") == "●"


async def test_a_bad_save_keeps_the_results_and_says_that_they_are_stale(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        bad = Diagnostic("graph", "syntax error: '(' was never closed", engine().source, 4)
        engine().say(SourceSaved(engine().source), Failed(bad, fatal=False))
        await settle(pilot)
        assert "STALE" in status(app)
        assert cell(app, 3, "verdict") == "✓ ok"
        shown = app.query_one(SourcePane).candidate
        assert "MAX model.py:4: syntax error" in str(shown.border_title)
        assert "syntax error" in log_text(app)
        engine().reload()
        await settle(pilot)
        assert "STALE" not in status(app)


async def test_an_engine_that_dies_leaves_its_results_and_can_be_restarted(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        engine().die(-9)
        await settle(pilot)
        assert "the engine is gone (killed by SIGKILL)" in status(app)
        assert cell(app, 3, "verdict") == "✓ ok"
        await press(pilot, "s")
        await press(pilot, "R")
        await settle(pilot)
        assert len(FakeEngine.instances) == 2
        assert "11 of 11 layers ok" in status(app)


async def test_what_can_not_be_opened_is_said_and_the_dashboard_goes_on(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        bad = Diagnostic("audio", "there is no file x.wav; give the path of an audio file")
        engine().say(Failed(bad, fatal=True))
        engine().die(0)
        await settle(pilot)
        assert "there is no file x.wav" in status(app)
        await press(pilot, "e")
        assert app.screen.__class__.__name__ == "DetailsScreen"
        await press(pilot, "escape")


async def test_a_long_stage_is_named_with_its_elapsed_time(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        engine().say(Progress("compiling 37 kernels, once on this machine"))
        await settle(pilot)
        app.state.activity.since -= 75
        app.view.show_status()
        assert "75." in status(app).partition(" s, compiling 37 kernels, once on this")[0]


async def test_abort_asks_first_and_kills_second(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        engine().hangs = True
        await press(pilot, "c", "a")
        assert "stopping" in status(app)
        await press(pilot, "a")
        assert "the engine is gone (stopped after 0 s without a word)" in status(app)


async def test_run_again_reads_the_source_and_runs_as_far(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "s", "s", "r")
        assert engine().sent[-1] == RunAgain(1)
        assert app.state.results.generation == 2
        assert app.state.results.position == 1


async def test_a_missing_layer_has_no_number_and_says_why(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "s")
        engine().say(Compared(1, 1, None, MISSING, 0.0, False), Stopped(1, 1, 0.1))
        await settle(pilot)
        assert cell(app, 1, "verdict") == "? missing"
        assert cell(app, 1, "ratio") == "-"


async def test_probes_are_listed_with_the_numbers_of_their_layer(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "s", "s", "s")
        engine().say(probed(2, f"{NAMES[2]}.y"), probed(2, f"{NAMES[2]}.z", 50.0))
        await settle(pilot)
        app.view.draw_rows()
        await settle(pilot)
        shown = numbers(app)
        assert "✓ ok y, R 1.5" in shown
        assert "✗ diverged z, R 50.0" in shown
        await press(pilot, "k")
        assert "diverged z" not in numbers(app)


async def test_search_finds_a_layer_and_its_neighbours(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"attn", "enter")
        assert NAMES[app.view.cursor] == "blocks.0.attn.query"
        await press(pilot, "full_stop")
        assert NAMES[app.view.cursor] == "blocks.0.attn.key"
        await press(pilot, "comma")
        assert NAMES[app.view.cursor] == "blocks.0.attn.query"


async def test_out_and_in_move_between_a_block_and_its_parts(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "j", "j", "j", "u")
        assert NAMES[app.view.cursor] == "blocks.0.attn"
        await press(pilot, "d")
        assert NAMES[app.view.cursor] == "blocks.0.attn.query"


async def test_where_there_is_little_room_one_other_pane_is_shown(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.query_one(StatisticsPane).display
        assert not app.query_one(SourcePane).display
        await press(pilot, "4")
        assert app.query_one(SourcePane).display
        assert not app.query_one(StatisticsPane).display
        assert "shape" not in app.query_one(LayersPane).columns


async def test_the_columns_follow_the_size_of_the_terminal(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        await pilot.resize_terminal(160, 50)
        await settle(pilot)
        assert cell(app, 3, "shape") == "1×1500×384"
        assert cell(app, 3, "verdict") == "✓ ok"


async def test_what_the_engine_prints_is_shown_as_it_is(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        engine().say(Noise("[red]no markup[/nonsense]"))
        await settle(pilot)
        assert "[red]no markup[/nonsense]" in log_text(app)


@pytest.mark.parametrize(("key", "run_mode"), [("v", "compiled"), ("w", "float64")])
async def test_a_second_run_stands_beside_the_first(app, press, key, run_mode):
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "c", key)
        await settle(pilot)
        column = app.query_one(LayersPane).columns["second"]
        assert str(column.label) == run_mode
        assert cell(app, 3, "second") == "✓ ok"
        FakeEngine.instances[0].say(SourceSaved("model.py"))
        FakeEngine.instances[0].reload()
        await settle(pilot)
        assert app.state.second_run is not None
        assert app.state.second_run.run.stale is not None


async def test_p_asks_for_the_other_sides_value(app, press):
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "c", "p")
        assert Inject(app.view.cursor) in engine().sent
        engine().say(Loaded(2, {}, 0.1, [app.state.results.layers[3].name]))
        app.view.show_all()
        await settle(pilot)
        assert cell(app, 3, "mark") == "⇐"
        assert "⇐ PyTorch's" in status(app)


async def test_light_and_dark_both_colour_the_verdicts(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        dark = app.query_one(LayersPane).get_cell("3", "verdict").style
        await press(pilot, "l")
        light = app.query_one(LayersPane).get_cell("3", "verdict").style
        assert dark != light


async def test_events_of_an_unknown_row_can_not_hurt(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        engine().say(compared(0, generation=99))
        await settle(pilot)
        assert app.is_running


@pytest.mark.parametrize("key", ["f", "S", "N", "F", "C", "u", "d", "x", "comma", "o", "a"])
async def test_no_key_hurts_before_anything_has_run(app, press, key):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, key)
        assert app.is_running


async def test_the_command_palette_knows_every_key_by_name(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        commands = {
            command.title: command for command in app.get_system_commands(app.screen)
        }
        assert {f"{key.group.lower()}: {key.label}" for key in KEYS} <= set(commands)
        await commands["step: cont"].callback()
        await settle(pilot)
        assert app.state.results.position == LAST


async def test_quitting_stops_the_engine(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "q")
    assert app.return_code == 0
    assert not engine().alive


async def test_a_click_beside_a_line_breaks_at_the_layers_that_it_calls(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "c")
        source = app.view.source_pane.candidate
        place = Place(FakeEngine.instances[-1].source, 4)
        source.post_message(source.LineChosen(place))
        await settle(pilot)
        assert app.state.breakpoints == {"blocks.0.norm", "blocks.1.norm"}
        source.post_message(source.LineChosen(place))
        await settle(pilot)
        assert app.state.breakpoints == set()
