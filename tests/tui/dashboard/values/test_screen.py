"""V shows the values of a layer; arrows, lists and the mouse lead through them."""

import pytest
from fakes import FakeEngine, asked, compared, settle
from shown import shown
from values import AXES, CHANNEL, WORST

from debug.protocol.diagnostic import LOOK, Diagnostic
from debug.protocol.messages import NotPossible, Stopped
from debug.protocol.survey import Excerpt, MapError, Region, Survey
from tui.dashboard.values.screen import ValuesScreen

SIZES = [(80, 24), (120, 36)]


async def opened(pilot, press, *keys: str) -> ValuesScreen:
    await press(pilot, "c", "g", "j", "V", *keys)
    await settle(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, ValuesScreen)
    return screen


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_it_opens_at_the_worst_element_with_both_sides(app, press, size):
    async with app.run_test(size=size) as pilot:
        await opened(pilot, press)
        text = shown(app)
        assert "conv  in the run  2×1500×384" in text
        assert "frame 299 (5.98 s), channel 111  PyTorch 299  MAX 300  off by 1" in text
        assert "frame 298" in text
        assert "channel 0" in text
        assert "29.98 s" in text
        assert len(asked(Survey)) == 1


@pytest.mark.parametrize(
    ("keys", "at"),
    [
        (["down", "right"], [0, 300, 112]),
        (["pageup"] * 61, [0, 0, 111]),
        (["left"] * 9, [0, 299, 102]),
        (["greater_than_sign"], [1, 299, 111]),
        (["greater_than_sign"] * 2, WORST),
        (["left", "down", "w"], WORST),
        (["t", "down"], [0, 299, 112]),
    ],
)
async def test_keys_move_the_element_and_the_numbers_follow(app, press, keys, at):
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, press)
        await pilot.press(*keys)
        await settle(pilot)
        assert screen._place.at == at
        assert screen.numbers.element is not None
        assert screen.numbers.element[0] == float(screen._place.at[screen._place.axes[0]])


async def test_within_what_is_shown_no_key_asks_the_engine(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, press)
        before = len(asked(Excerpt))
        await press(pilot, "down", "up", "right")
        assert len(asked(Excerpt)) == before
        await press(pilot, *["right"] * 3)
        assert len(asked(Excerpt)) == before + 1


async def test_who_holds_a_key_while_the_engine_is_busy_asks_once(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, press)
        engine, before = FakeEngine.instances[0], len(asked(Excerpt))
        engine.hangs = True
        await pilot.press(*["down"] * 30)
        await settle(pilot)
        assert len(asked(Excerpt)) == before + 1
        engine.hangs = False
        engine.send(asked(Excerpt)[-1])
        await settle(pilot)
        assert screen.numbers.element is not None
        assert screen._place.at == [0, 329, 111]


async def test_the_list_of_the_worst_leads_to_their_elements(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, press)
        await press(pilot, "4", "down", "enter")
        assert screen._place.at == [1, 20, CHANNEL]
        assert "channel 7" in shown(app)


async def test_the_map_zooms_around_the_element_and_out_again(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, press)
        await press(pilot, "plus", "plus")
        region = asked(MapError)[-1].region
        assert region is not None
        assert (region.bottom - region.top, region.right - region.left) == (375, 96)
        assert region.top <= 299 < region.bottom
        await press(pilot, "minus", "minus", "minus")
        whole = Region(0, 0, AXES[1].size, AXES[2].size)
        assert asked(MapError)[-1].region == whole
        assert screen.map.covers


async def test_a_click_on_the_map_goes_there(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, press)
        await pilot.click("#error-map", offset=(8, 1))
        await settle(pilot)
        assert screen._place.at[1] < 120
        assert screen._place.at[2] < 12
        assert screen.numbers.covers


async def test_alone_the_layer_is_asked_for_on_pytorchs_input(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, press, "i")
        assert asked(Survey)[-1].alone
        assert asked(Excerpt)[-1].alone
        assert "isolated, on PyTorch's input" in shown(app)


async def test_the_next_layer_is_shown_and_then_selected(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, press, "j", "j")
        assert "blocks.0.attn.query" in shown(app)
        await press(pilot, "escape")
        assert app.view.cursor == 3


async def test_after_a_save_the_numbers_are_asked_for_again_at_the_same_place(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, press, "down")
        engine = FakeEngine.instances[0]
        engine.load()
        await settle(pilot)
        assert "of an earlier save" in shown(app)
        engine.say(compared(0, generation=2), compared(1, generation=2), Stopped(2, 1, 0.1))
        await settle(pilot)
        assert len(asked(Survey)) == 2
        assert screen._place.at == [0, 300, 111]
        assert "of an earlier save" not in shown(app)


async def test_what_has_no_value_is_said_where_the_numbers_would_be(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "c")
        engine = FakeEngine.instances[0]
        engine.hangs = True
        await press(pilot, "V")
        engine.say(NotPossible(Diagnostic(LOOK, "MAX has no value of model")))
        await settle(pilot)
        assert "MAX has no value of model" in shown(app)
        await press(pilot, "w", "t", "plus", "down", "greater_than_sign", "Y", "escape")
        assert not isinstance(app.screen, ValuesScreen)


async def test_before_anything_has_run_v_says_so(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "V")
        assert not isinstance(app.screen, ValuesScreen)
        assert [n.message.startswith("nothing has run yet") for n in app._notifications]


async def test_the_numbers_can_be_copied(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, press, "Y")
        lines = app.clipboard.splitlines()
        assert lines[0].startswith(" conv")
        assert any(line.startswith("frame 299") for line in lines)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_values_of_a_layer(app, snap_compare, size):
    async def values(pilot) -> None:
        await settle(pilot)
        await pilot.press("c")
        await settle(pilot)
        await pilot.press("V")
        await settle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=values)
