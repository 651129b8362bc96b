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


def test_who_is_silent_has_a_countdown_and_who_speaks_has_none():
    activity = Activity(Phase.LOADING, limit=300)
    assert activity.left is None
    activity.heard -= 100
    assert activity.left == pytest.approx(200, abs=5)
    activity.extend()
    assert activity.left == pytest.approx(500, abs=5)
    activity.heard -= 1000
    assert activity.left == 0


def test_an_idle_engine_may_be_silent_for_as_long_as_it_likes():
    activity = Activity(Phase.STOPPED, limit=300)
    activity.heard -= 1000
    assert activity.left is None


def test_of_what_may_take_an_hour_a_person_sees_the_end_of_the_countdown_only():
    activity = Activity(Phase.LOADING, limit=3600)
    activity.heard -= 600
    assert activity.left is None
    activity.heard -= 2400
    assert activity.left == pytest.approx(600, abs=5)
