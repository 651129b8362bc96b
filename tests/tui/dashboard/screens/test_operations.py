"""The sheet that shows a layer's operations."""

import pytest
from fakes import stats
from msgspec.structs import replace
from rich.console import Console
from textual.app import App
from textual.widgets import Static

from debug.protocol.messages import Inspected
from debug.protocol.values import Layer, OperationView, Place, SegmentView, Sensitivity
from tui.dashboard.screens.operations import OperationsScreen


def operation(name: str, line: int, match: str = "", right: bool = True) -> OperationView:
    return OperationView(name, Place("/somewhere/port.py", line), stats(), [], match, right)


LAYER = Layer("blocks.0.attn", "blocks.0", False, stats(), 3e-7, row="token")
INSPECTED = Inspected(
    1,
    3,
    [
        SegmentView(
            "the result of blocks.0.attn",
            [operation("matmul", 7, "equals qk"), operation("softmax", 8, right=False)],
            [operation("matmul", 130), operation("softmax", 135, right=False)],
            1,
        ),
        SegmentView("input of blocks.0.attn.key", [], [], None),
    ],
    0.5,
    0.25,
    Sensitivity(itself=0.0, whole=1.2e-6, frame=3e-6),
)


@pytest.mark.parametrize(
    ("disappears", "others", "says"),
    [
        (0.0, ["a", "b"], "0 % of the final error would go: other layers have errors of "),
        (0.0, [], "0 % of the final error would go."),
        (1.0, ["a", "b"], "100 % of the final error would go."),
    ],
)
async def test_an_error_that_others_would_make_as_well_is_told_with_their_names(
    disappears: float, others: list[str], says: str
):
    app = App()
    async with app.run_test(size=(160, 50)) as pilot:
        inspected = replace(INSPECTED, disappears=disappears)
        await app.push_screen(OperationsScreen(LAYER, inspected, others))
        await pilot.pause()
        plain = Console(width=300, color_system=None)
        with plain.capture() as captured:
            plain.print(app.screen.query_one(Static).content)
    assert says in captured.get()
    assert ("their own: a, b." in captured.get()) == ("errors of" in says)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_it_shows_both_sides_and_marks_the_culprit(size: tuple[int, int]):
    app = App()
    async with app.run_test(size=size) as pilot:
        await app.push_screen(OperationsScreen(LAYER, INSPECTED))
        await pilot.pause()
        sheet = app.screen.query_one(Static)
        plain = Console(width=120, color_system=None)
        with plain.capture() as captured:
            plain.print(sheet.content)
        text = captured.get()
        await pilot.press("escape")
        assert not isinstance(app.screen, OperationsScreen)
    assert "❱✗ softmax" in text
    assert "❱✗ softmax port.py:8" in text if size[0] > 100 else "❱✗ softmax 8" in text
    assert "equals qk" in text
    assert "passed through unchanged" in text
    assert "50 % of the final error would go" in text
    assert "PyTorch compared with itself is off by 0" in text
    assert "detected from 1.2e-6 everywhere, 3.0e-6 in one token." in text
