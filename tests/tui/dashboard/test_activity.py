"""What an engine is doing."""

import pytest

from tui.dashboard.activity import Activity, Phase

BUSY = {Phase.STARTING, Phase.LOADING, Phase.RUNNING, Phase.STOPPING}


@pytest.mark.parametrize("phase", Phase)
def test_an_engine_is_busy_until_it_waits_or_is_gone(phase: Phase):
    assert Activity(phase).busy == (phase in BUSY)


def test_its_clock_starts_with_the_phase():
    activity = Activity(Phase.RUNNING)
    activity.since -= 75
    assert 75 <= activity.elapsed < 80
