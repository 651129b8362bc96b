"""The dashboard on an engine that plays a script."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import FakeEngine, settle
from textual.pilot import Pilot

from tui import link
from tui.app import Dashboard
from tui.panes import log
from tui.settings import Settings

SOURCE = """\
class Model:
    def __call__(self, x):
        noise = x
        x = self.conv(x)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)
"""


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Dashboard:
    monkeypatch.setattr(link, "EngineClient", FakeEngine)
    monkeypatch.setattr(log.time, "strftime", lambda _: "12:00:00")
    FakeEngine.instances.clear()
    source = tmp_path / "model.py"
    source.write_text(SOURCE)
    monkeypatch.setattr(FakeEngine, "_file", str(source), raising=False)
    return Dashboard(Settings({"model": "imaginary"}))


@pytest.fixture
def press() -> Callable:
    async def press_and_settle(pilot: Pilot, *keys: str) -> None:
        for key in keys:
            await pilot.press(key)
            await settle(pilot)

    return press_and_settle
