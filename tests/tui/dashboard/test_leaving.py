"""How a person leaves without looking up the key."""

import asyncio
import os
import signal

from fakes import settle

from tui.dashboard import leaving
from tui.dashboard.leaving import Leaving


async def test_ctrl_c_says_how_to_leave_and_pressed_again_leaves(app, press):
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+c")
        (said,) = app._notifications
        assert said.message == "ctrl+c once more, or q, leaves"
        assert app.is_running
        await pilot.press("ctrl+c")
    assert app.return_value == 130


async def test_ctrl_c_long_after_another_only_says_how_to_leave(app, press, monkeypatch):
    monkeypatch.setattr(leaving, "AGAIN_SECONDS", 0.0)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+c", "ctrl+c")
        assert app.is_running
    assert app.return_value is None


async def test_a_terminal_that_is_gone_is_not_waited_for_without_end(monkeypatch):
    ended: list[object] = []
    monkeypatch.setattr(leaving.os, "_exit", ended.append)
    monkeypatch.setattr(leaving, "ENDING_SECONDS", 0.05)
    gone = Leaving(lambda _: None, lambda: ended.append("the engines"), has_terminal=True)
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        async with asyncio.timeout(30):
            while len(ended) < 2:
                await asyncio.sleep(0.05)
    finally:
        gone.over()
    assert ended == ["the engines", 128 + signal.SIGHUP]
