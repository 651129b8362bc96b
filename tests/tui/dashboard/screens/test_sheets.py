"""What opens on top of the dashboard."""

import pytest
from rich.console import Console
from textual.app import App
from textual.widgets import Static

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.verdict import CHANNEL, LAYER, Verdict
from tui.dashboard.screens.details import DetailsScreen
from tui.dashboard.screens.help import VERDICTS, HelpScreen
from tui.dashboard.screens.search import SearchScreen


def text(app: App) -> str:
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        for static in app.screen.query(Static):
            console.print(static.content)
    return " ".join(captured.get().split())


async def test_the_help_page_explains_r_with_the_limits_that_decide():
    app = App()
    async with app.run_test():
        await app.push_screen(HelpScreen())
        shown = text(app)
    assert "R = the layer's error ÷ PyTorch's own rounding error there" in shown
    ok, bug = f"{LAYER.ok_up_to:g}", f"{LAYER.watch_up_to:g}"
    assert f"up to {ok} is ok, above {bug} is a bug" in shown
    assert f"a channel up to {CHANNEL.ok_up_to:g}" in shown


def test_every_verdict_is_explained():
    assert set(VERDICTS) == set(Verdict)


@pytest.mark.parametrize("key", ["escape", "q", "e", "enter", "question_mark"])
async def test_any_usual_key_closes_a_sheet(key: str):
    app = App()
    async with app.run_test() as pilot:
        await app.push_screen(DetailsScreen(Diagnostic("graph", "syntax error", "a.py", 4)))
        assert "a.py:4: syntax error" in text(app)
        assert "Nothing more is known." in text(app)
        await pilot.press(key)
        assert not isinstance(app.screen, DetailsScreen)


@pytest.mark.parametrize(
    ("keys", "answer"),
    [((*"attn", "enter"), "attn"), ((*"at", "escape"), ""), (("enter",), "")],
)
async def test_the_search_gives_back_what_was_typed(keys, answer):
    app, given = App(), []
    async with app.run_test() as pilot:
        await app.push_screen(SearchScreen(), given.append)
        await pilot.press(*keys)
        await pilot.pause()
    assert given == [answer]
