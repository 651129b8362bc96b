"""The help page explains every word of the screen, and is searched."""

from fakes import settle
from rich.console import Console
from textual.app import App
from textual.widgets import Static

from debug.protocol.verdict import CHANNEL, LAYER, Verdict
from tui.dashboard.arrangement import ColumnKey
from tui.dashboard.glossary import SECTIONS, VERDICTS
from tui.dashboard.keys import KEYS
from tui.dashboard.panes.layer_columns import COLUMNS
from tui.dashboard.screens.help import HelpScreen


def text(app: App) -> str:
    console = Console(width=400, color_system=None)
    with console.capture() as captured:
        for static in app.screen.query(Static):
            console.print(static.content)
    return " ".join(captured.get().split())


async def test_the_help_page_explains_r_with_the_limits_that_decide(app, press):
    async with app.run_test() as pilot:
        await press(pilot, "question_mark")
        shown = text(app)
    assert "the layer's error ÷ PyTorch's own rounding error there" in shown
    ok, bug = f"{LAYER.ok_up_to:g}", f"{LAYER.watch_up_to:g}"
    assert f"up to {ok} is ok, above {bug} is a bug" in shown
    assert f"a channel up to {CHANNEL.ok_up_to:g}" in shown


def test_every_verdict_and_every_column_is_explained():
    assert set(VERDICTS) == set(Verdict)
    words = " ".join(word for rows in SECTIONS.values() for word in rows)
    plain = ColumnKey.VERDICT, ColumnKey.NAME, ColumnKey.SHAPE
    for column in COLUMNS:
        if column.label and column.key not in plain:
            assert column.label in words


async def test_a_search_leaves_the_keys_and_words_that_have_the_text(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "question_mark", "slash", *"breakp")
        shown = text(app.screen.app)
        assert "set or clear a breakpoint here" in shown
        assert "● a breakpoint" in shown
        assert "find a layer by name" not in shown
        await press(pilot, *"xyz")
        assert "No key and no word here has 'breakpxyz'." in text(app)
        await press(pilot, "escape")
        assert not isinstance(app.screen, HelpScreen)


async def test_a_task_is_a_column_of_keys(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "question_mark")
        shown = text(app)
        for group in {key.group for key in KEYS}:
            assert group in shown
