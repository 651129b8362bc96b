"""The search for a layer."""

import pytest
from textual.app import App

from tui.dashboard.screens.search import SearchScreen


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
