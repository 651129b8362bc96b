"""The last error in full."""

import pytest
from textual.app import App
from textual.widgets import Static

from debug.protocol.diagnostic import Diagnostic
from tui.dashboard.screens.details import DetailsScreen
from tui.dashboard.state import State


@pytest.mark.parametrize("key", ["escape", "q", "e", "enter"])
async def test_any_usual_key_closes_a_sheet(key: str):
    app = App()
    async with app.run_test() as pilot:
        state = State()
        state.trouble(Diagnostic("graph", "syntax error", "a.py", 4))
        await app.push_screen(DetailsScreen(state))
        shown = [str(static.content).strip() for static in app.screen.query(Static)]
        assert shown == ["a.py:4: syntax error", "Nothing more is known."]
        await pilot.press(key)
        assert not isinstance(app.screen, DetailsScreen)
