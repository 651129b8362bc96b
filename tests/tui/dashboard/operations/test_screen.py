"""i takes a layer apart: an overlay that is open at once, and filled by the engine."""

import pytest
from fakes import ATTENTION, FakeEngine, asked, say, settle, stats
from msgspec.structs import replace
from shown import shown

from debug.protocol.diagnostic import INSPECT, Diagnostic
from debug.protocol.messages import Inspect, Inspected, NotPossible
from debug.protocol.values import OperationView, Place, SegmentView, Sensitivity
from tui.dashboard.operations.screen import OperationsScreen
from tui.dashboard.operations.table import rows_of


def operation(
    name: str, line: int, match: str = "", right: bool = True, pair: int | None = None
) -> OperationView:
    error = None if pair is None else 0.25
    return OperationView(
        name, Place("port.py", line), stats(), [], match, right, pair, error
    )


CODE = SegmentView(
    "the result of blocks.0.attn",
    [
        operation("mul", 7, "equals q times 2"),
        operation("matmul", 8, "equals qk", pair=1),
        operation("softmax", 9, right=False, pair=2),
    ],
    [operation("view", 130), operation("bmm", 131), operation("softmax", 135, right=False)],
    2,
)
INSPECTED = Inspected(
    1,
    ATTENTION,
    [CODE, SegmentView("input of blocks.0.attn.key", [], [], None)],
    0.5,
    0.25,
    Sensitivity(itself=0.0, whole=1.2e-6, frame=3e-6),
)


async def opened(pilot, press, ratio: float = 300.0) -> OperationsScreen:
    await settle(pilot)
    engine = FakeEngine.instances[0]
    engine.ratios = engine.isolated = {ATTENTION: ratio}
    await press(pilot, "c", "x", "i")
    screen = pilot.app.screen
    assert isinstance(screen, OperationsScreen)
    return screen


def test_both_sides_stand_in_one_row_and_in_their_order():
    rows = [
        (row.ours and row.ours.name, row.theirs and row.theirs.name)
        for row in rows_of(CODE)
    ]
    assert rows == [
        ("mul", None),
        (None, "view"),
        ("matmul", "bmm"),
        ("softmax", "softmax"),
    ]
    assert [row.is_culprit for row in rows_of(CODE)] == [False, False, False, True]


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_it_is_open_at_once_and_fills_itself(app, press, size):
    async with app.run_test(size=size) as pilot:
        await opened(pilot, press)
        assert "the engine takes it apart" in shown(app)
        await say(pilot, replace(INSPECTED, disappears=None, more_to_come=True))
        text = shown(app)
        assert "is being tried" in text
        assert "passed through unchanged" in text
        [line] = [each for each in text.splitlines() if "❱✗" in each]
        assert line.count("softmax") == 2
        assert "0.25" in line
        await say(pilot, INSPECTED)
        text = app.screen.table.as_text()
        assert "50 % of the final error would go" in text
        assert "is being tried" not in text
        await press(pilot, "escape")
        assert app.view.cursor == ATTENTION


@pytest.mark.parametrize(
    ("disappears", "others", "says"),
    [
        (0.0, {8: 300.0}, "0 % of the final error would go: other layers have errors of"),
        (0.0, {}, "0 % of the final error would go."),
        (1.0, {8: 300.0}, "100 % of the final error would go."),
    ],
)
async def test_an_error_that_others_would_make_as_well_is_told_with_their_names(
    app, press, disappears, others, says
):
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        engine = FakeEngine.instances[0]
        engine.ratios = engine.isolated = {ATTENTION: 300.0, **others}
        await press(pilot, "c", "x", "i")
        app.screen._index = ATTENTION
        await say(pilot, replace(INSPECTED, disappears=disappears))
        text = app.screen.table.as_text()
        assert says in text
        assert ("their own: blocks.1." in text) == ("errors of" in says)


async def test_the_next_layer_is_asked_for_and_then_selected(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, press)
        await press(pilot, "j")
        assert [each.index for each in asked(Inspect)] == [ATTENTION, ATTENTION + 1]
        await say(pilot, INSPECTED)
        assert "softmax" not in shown(app)  # it is about the layer before
        await press(pilot, "escape")
        assert app.view.cursor == ATTENTION + 1


async def test_after_a_save_it_looks_old_until_the_layer_was_asked_for_again(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, press)
        await say(pilot, INSPECTED)
        engine = FakeEngine.instances[0]
        engine.load()
        await say(pilot)
        assert "of an earlier save" in shown(app)
        assert len(asked(Inspect)) == 1
        engine.compute(ATTENTION)
        await settle(pilot)
        assert len(asked(Inspect)) == 2
        await say(pilot, replace(INSPECTED, generation=2))
        assert "of an earlier save" not in shown(app)


async def test_why_a_layer_can_not_be_taken_apart_stands_in_its_place(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, press)
        await say(pilot, NotPossible(Diagnostic(INSPECT, "noise is an [input]")))
        assert "noise is an [input]" in shown(app)
