"""How a person leaves without looking up the key."""

from fakes import settle

from tui.dashboard import leaving


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
