"""W shows each weight of both sides: an overlay that is open at once and fills itself."""

import pytest
from fakes import FakeEngine, asked, say, settle
from shown import shown

from debug.protocol.weights import (
    ComparedWeight,
    CompareWeights,
    Likeness,
    WeightsCompared,
)
from tui.dashboard.weights.screen import WeightsScreen

SIZES = [(80, 24), (120, 36), (160, 50)]


def weight(name: str, likeness: Likeness = Likeness.EQUAL, **more) -> ComparedWeight:
    told = {"layer": name.rpartition(".")[0], **more}
    return ComparedWeight(likeness, name, name, [8, 4], [4, 8], "float32", **told)


WEIGHTS = [
    weight("conv.weight", layout="transposed"),
    weight("blocks.0.norm.weight", Likeness.DIFFERENT, error=0.25),
    weight("norm.[bold]"),
]
LEFT = [
    ComparedWeight(Likeness.ONLY_PYTORCH, "norm.bias", "", [8], [], "float32"),
    ComparedWeight(Likeness.ONLY_MAX, "", "table", [], [8, 8], "float32"),
]


def begun() -> list[int]:
    """From which weight on the engine was asked each time."""
    return [each.begin for each in asked(CompareWeights)]


async def opened(pilot, press) -> WeightsScreen:
    await settle(pilot)
    await press(pilot, "W")
    screen = pilot.app.screen
    assert isinstance(screen, WeightsScreen)
    assert "the engine compares them" in shown(pilot.app)
    await say(pilot, WeightsCompared(1, 0, 5, WEIGHTS))
    assert "3 of 5" in shown(pilot.app)
    await say(pilot, WeightsCompared(1, 3, 5, LEFT))
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_all_are_asked_for_part_by_part_and_counted(app, press, size):
    async with app.run_test(size=size) as pilot:
        await opened(pilot, press)
        assert begun() == [0, 3]
        text = shown(app)
        assert "2 equal, 1 different, 1 only PyTorch, 1 only MAX" in text
        [line] = [each for each in text.splitlines() if "✗ different" in each]
        assert "weight" in line
        assert "0.25" in line
        [line] = [each for each in text.splitlines() if "conv.weight" in each]
        assert "8×4 → 4×8" in line
        assert "transposed" in line
        assert "norm.[bold]" in text


async def test_only_those_that_are_not_equal_can_be_left(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, press)
        await press(pilot, "h")
        assert "conv.weight" not in shown(app)
        assert [each.likeness for each in screen.table.rows] == [
            *(Likeness.DIFFERENT, Likeness.ONLY_PYTORCH, Likeness.ONLY_MAX),
        ]


@pytest.mark.parametrize("by", ["enter", "mouse"])
async def test_a_weight_leads_to_the_layer_that_holds_it(app, press, by):
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, press)
        if by == "enter":
            await press(pilot, "down", "enter")
        else:
            await pilot.click("#weights-rows", offset=(3, 1))
            await settle(pilot)
        assert app.view.cursor == 2
        assert not isinstance(app.screen, WeightsScreen)


async def test_after_a_save_all_are_asked_for_again_and_look_old_until_then(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, press)
        FakeEngine.instances[0].load()
        await say(pilot)
        assert "of an earlier save" in shown(app)
        assert screen.table.has_class("gone")
        assert begun() == [0, 3, 0]
        await say(pilot, WeightsCompared(2, 0, 1, WEIGHTS[:1]))
        assert "of an earlier save" not in shown(app)
        assert "1 equal" in shown(app)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_weights(app, snap_compare, press, size):
    async def weights(pilot) -> None:
        await opened(pilot, press)

    assert snap_compare(app, terminal_size=size, run_before=weights)
