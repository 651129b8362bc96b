"""The sheet that shows which layer is which module."""

import pytest
from rich.console import Console
from textual.app import App
from textual.widgets import Static

from debug.protocol.messages import Aligned
from debug.protocol.values import PairedLayer, UnpairedModule
from debug.results.run import Run
from tui.dashboard.screens.alignment import AlignmentScreen

PAIRS = [
    PairedLayer(
        f"vision_model.encoder.layers.{number}.self_attn.out_proj",
        f"model.vision_tower.blocks.{number}.attention.output",
        "name and weights",
    )
    for number in range(12)
]
UNPAIRED = [UnpairedModule("vision_model.head", True, "is not used by the port", False)]


@pytest.mark.parametrize("width", [80, 160])
async def test_long_names_keep_what_tells_them_apart(width: int):
    app = App()
    async with app.run_test(size=(width, 50)) as pilot:
        await app.push_screen(AlignmentScreen(Run(aligned=Aligned(1, PAIRS, UNPAIRED))))
        await pilot.pause()
        sheet = app.screen.query_one(Static)
        plain = Console(width=sheet.size.width, color_system=None)
        with plain.capture() as captured:
            plain.print(sheet.content)
    lines = captured.get().splitlines()
    rows = [line.split()[:2] for line in lines if "self_attn.out_proj" in line]
    for number, (theirs, ours) in enumerate(rows):
        assert theirs.endswith(f"{number}.self_attn.out_proj")
        assert ours.endswith(f"{number}.attention.output")
    assert len({theirs for theirs, _ in rows}) == len({ours for _, ours in rows}) == 12
    assert any("is not used by the port" in line for line in lines)
