from textual.app import App
from textual.widgets import Input

from tui.dashboard.screens.search import SearchScreen


async def test_the_search_gives_back_what_was_typed():
    found: list[str | None] = []
    typed: list[str] = []

    def has(text: str) -> bool:
        typed.append(text)
        return "x" not in text

    app = App()
    async with app.run_test() as pilot:
        await app.push_screen(SearchScreen(has), found.append)
        await pilot.press(*" out", "x")
        await pilot.pause()
        assert app.screen.query_one(Input).has_class("unknown")
        await pilot.press("backspace", "enter")
        await app.push_screen(SearchScreen(has), found.append)
        await pilot.press(*"out", "escape")
        await pilot.pause()
    assert found == ["out", ""]
    assert {"o", "ou", "out", "outx"} <= set(typed)
