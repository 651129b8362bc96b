"""I shows what goes in, with the error under it, and what the result is used for."""

import pytest
from fakes import LAST_ROW, FakeEngine, asked, say, settle
from shown import shown

from debug.protocol.messages import Idle, OutcomeKnown
from debug.protocol.survey import Sketch
from debug.protocol.values import Outcome
from tui.dashboard.ends.screen import EndsScreen

SIZES = [(80, 24), (120, 36), (160, 50)]
OUTCOME = Outcome("it is one five now", "it is one red bottle now", 10, 1.71, 0.6)


async def opened(pilot, press, *keys: str) -> EndsScreen:
    await press(pilot, *keys, "I")
    screen = pilot.app.screen
    assert isinstance(screen, EndsScreen)
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_the_input_has_the_error_of_the_selected_layer_under_it(app, press, size):
    async with app.run_test(size=size) as pilot:
        await opened(pilot, press, "c", "g", "j")
        text = shown(app)
        assert "noise  1×1500×384  ✓ ok" in text
        assert "29.98 s" in text or "channel 383" in text
        assert "error of conv over frames" in text
        await press(pilot, "j")
        assert "error of blocks.0.norm over frames" in shown(app)
        await press(pilot, "escape")
        assert app.view.cursor == 2


async def test_words_that_differ_are_marked_and_counted(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, press, "c")
        assert "nobody has said what the result is used for" in shown(app)
        await say(pilot, OutcomeKnown(1, OUTCOME))
        text = screen.outcome.as_text()
        assert "it is one five now" in text
        assert "it is one red bottle now" in text
        assert "2 of 5 words differ" in text
        assert "KL 1.71 nats" in text


async def test_before_anything_has_run_it_says_so_and_nobody_is_asked(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await opened(pilot, press)
        assert "not run yet" in shown(app)
        assert "c runs them" in shown(app)
        assert asked(Sketch) == []


async def test_after_a_save_it_looks_old_until_it_was_asked_again(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, press, "c")
        engine = FakeEngine.instances[0]
        engine.load()
        await settle(pilot)
        assert "of an earlier save" in shown(app)
        assert screen.input.has_class("gone")
        engine.compute(LAST_ROW)
        await say(pilot, Idle(2))
        assert "of an earlier save" not in shown(app)
        assert len(asked(Sketch)) == 2


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_both_ends(app, snap_compare, press, size):
    async def ends(pilot) -> None:
        await press(pilot, "c", "g", "j")
        await say(pilot, OutcomeKnown(1, OUTCOME))
        await opened(pilot, press)

    assert snap_compare(app, terminal_size=size, run_before=ends)
