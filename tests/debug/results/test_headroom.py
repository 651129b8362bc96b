import pytest

from debug.protocol.statistics import Stats
from debug.results.headroom import float16_headroom, squared_headroom


def stats(low: float, high: float) -> Stats:
    return Stats([4], "float16", 0.0, 1.0, low, high, 0)


def test_headroom_is_to_the_largest_value_of_either_sign():
    assert float16_headroom(stats(-655.04, 1.0)) == pytest.approx(100)


def test_a_value_that_fits_may_not_fit_squared():
    room, squared = float16_headroom(stats(0, 300)), squared_headroom(stats(0, 300))
    assert room is not None
    assert squared is not None
    assert room > 200
    assert squared < 1


def test_zeros_have_no_headroom_to_speak_of():
    assert float16_headroom(stats(0, 0)) is None
