"""The dashboard on an engine that plays a script."""

from collections.abc import Callable
from pathlib import Path

import pytest
import textual.app
import textual.pilot
from fakes import FakeEngine, settle
from quiet import wait_until_quiet
from textual.pilot import Pilot
from textual.widgets import Input

from tui.dashboard import engine_link, overlay, second_engine, view
from tui.dashboard.app import Dashboard
from tui.dashboard.panes import log
from tui.settings import Settings

SOURCE = """\
class Block(nn.Module):
    def __call__(self, x):
        # (batch, frames, channels)
        h = self.norm(x)
        h = self.attn(h)
        return x + self.mlp(h)


class Attention(nn.Module):
    def __call__(self, x):
        q = self.query(x)
        k = self.key(x)
        return ops.softmax(q @ k.T) @ x

class Model(nn.Module):
    def __call__(self, x):
        # (batch, frames, channels)
        x = self.conv(x)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)
"""
REFERENCE = "from torch import nn\n\n\n" + SOURCE.replace("__call__", "forward").replace(
    "ops.softmax(q @ k.T)", "F.softmax(q @ k.T, dim=-1)"
)


@pytest.fixture(autouse=True)
def _nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the dashboard gathers for a moment before it draws it is drawn at once."""
    for module in (textual.app, textual.pilot):
        monkeypatch.setattr(module, "wait_for_idle", wait_until_quiet)
    # A picture of a cursor that blinks shows it or not, as the machine is busy.
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.setattr(overlay, "GATHERING_SECONDS", 0.01)
    monkeypatch.setattr(view, "DRAW_SECONDS", 0.0)
    monkeypatch.setattr(view, "TICK_SECONDS", 0.01)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Dashboard:
    for module in (engine_link, second_engine):
        monkeypatch.setattr(module, "EngineClient", FakeEngine)
    monkeypatch.setattr(log.time, "strftime", lambda *_: "12:00:00")
    FakeEngine.instances.clear()
    source = tmp_path / "model.py"
    source.write_text(SOURCE)
    monkeypatch.setattr(FakeEngine, "_file", str(source), raising=False)
    reference = tmp_path / "openai.py"
    reference.write_text(REFERENCE)
    monkeypatch.setattr(FakeEngine, "_reference", str(reference), raising=False)
    made = Dashboard(Settings({"model": "imaginary"}, paused=True))
    made.state.arrangement.by_hand = True  # every layer keeps its row
    return made


@pytest.fixture
def press() -> Callable:
    async def press_and_settle(pilot: Pilot, *keys: str) -> None:
        for key in keys:
            await pilot.press(key)
            await settle(pilot)

    return press_and_settle
