"""The help page."""

from rich.console import Console
from textual.app import App
from textual.widgets import Static

from debug.protocol.verdict import CHANNEL, LAYER, Verdict
from tui.dashboard.screens.help import VERDICTS, HelpScreen


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
