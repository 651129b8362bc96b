"""A logarithmic scale on the rows of a terminal."""

import itertools

import pytest

from tui.dashboard.panes.log_scale import LogScale


@pytest.mark.parametrize("height", range(2, 40))
@pytest.mark.parametrize("span", [1, 4, 8, 20])
def test_ticks_are_as_many_rows_apart_as_decades_and_all_decades_have_room(height, span):
    scale = LogScale.fitting(-8, -8 + span, height)
    ticks = [(row, tick) for row in range(height) if (tick := scale.tick(row)) is not None]
    rows = {b[0] - a[0] for a, b in itertools.pairwise(ticks)}
    decades = {b[1] - a[1] for a, b in itertools.pairwise(ticks)}
    assert (rows, decades) == ({scale.rows}, {scale.decades})
    assert ticks[0] == (0, -8)
    assert scale.height_of(10.0 ** (-8 + span)) < height


def test_a_decade_lies_in_the_middle_of_the_row_of_its_tick():
    scale = LogScale.fitting(-8, 0, 20)
    for row in range(20):
        tick = scale.tick(row)
        if tick is not None and tick < 0:
            assert scale.row_of(10.0**tick) == (row, pytest.approx(0.5))


def test_what_is_no_error_at_all_is_at_the_lower_edge_and_what_is_huge_at_the_upper():
    scale = LogScale.fitting(-8, 0, 12)
    assert scale.height_of(0.0) == 0.0
    assert scale.row_of(1e30) == (11, 1.0)
