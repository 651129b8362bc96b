"""What all overlays have in common."""

import pytest
from fakes import FakeEngine, settle

from tui.dashboard.overlay import Overlay


@pytest.mark.parametrize("key", ["i", "W"])
async def test_what_only_an_engine_can_fill_stays_closed_without_one(app, press, key: str):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        FakeEngine.instances[0].die()
        await settle(pilot)
        await press(pilot, key)
        assert not isinstance(app.screen, Overlay)
        assert "R restarts" in [*app._notifications][-1].message
