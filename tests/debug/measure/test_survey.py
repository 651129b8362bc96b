"""What is said of all values of a layer, on values whose faults are known."""

import math

import pytest
import torch
from torch import Tensor

from debug.measure.divergence import compare
from debug.measure.excerpt import error_map, excerpt, fits
from debug.measure.survey import (
    Sides,
    histogram,
    line_through,
    quantiles,
    worst_at,
    worst_slices,
)
from debug.measure.truth import measure_reference
from debug.protocol.survey import Cut, Region

NAMES = {"frame": "token", "channel": "channel", "head": "head"}


def sides(exact: Tensor, ours: Tensor, heads: int | None = None) -> Sides:
    truth = measure_reference(exact.double(), exact.float(), heads=heads)
    return Sides(truth, truth.exact, ours.double(), "float32")


@pytest.fixture
def exact() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 30, 12, generator=generator, dtype=torch.float64)


def test_a_single_bad_element_is_the_worst_and_the_largest_quantile(exact: Tensor):
    ours = exact.clone()
    ours[1, 7, 3] += 0.5
    both = sides(exact, ours)
    assert worst_at(both) == [1, 7, 3]
    found = {each.share: each.error for each in quantiles(both)}
    assert found[0.5] == found[0.99] == 0
    assert found[1.0] == pytest.approx(0.5)


def test_quantiles_are_those_that_sorting_gives(exact: Tensor):
    ours = exact + torch.linspace(0, 1, exact.numel(), dtype=torch.float64).reshape(
        exact.shape
    )
    ordered = (ours - exact).abs().flatten().sort().values
    for each in quantiles(sides(exact, ours)):
        assert each.error == ordered[math.ceil(each.share * len(ordered)) - 1]


def test_a_factor_is_the_slope_and_a_bias_the_intercept(exact: Tensor):
    slope, intercept = line_through(sides(exact, 1.25 * exact - 3))
    assert slope == pytest.approx(1.25)
    assert intercept == pytest.approx(-3)


def test_a_constant_has_no_line():
    ones = torch.ones(4, 4)
    assert line_through(sides(ones, ones)) == (None, None)


def test_both_histograms_are_on_one_range_and_count_every_value(exact: Tensor):
    found = histogram(sides(exact, exact * 3))
    assert found.high == pytest.approx(float(exact.max() * 3))
    assert sum(found.reference) == sum(found.candidate) == exact.numel()
    assert len(found.reference) == len(found.candidate)


def test_a_constant_falls_into_one_step():
    zeros = torch.zeros(3, 5)
    found = histogram(sides(zeros, zeros))
    assert found.reference == found.candidate
    assert max(found.reference) == 15


def test_what_is_not_finite_is_the_worst_and_counts_in_no_mean(exact: Tensor):
    ours = exact.clone()
    ours[0, 2, 5], ours[1, 0, 0] = math.nan, 1e9
    both = sides(exact, ours)
    assert worst_at(both) == [0, 2, 5]
    assert quantiles(both)[-1].error == pytest.approx(1e9, rel=1e-6)
    assert sum(histogram(both).candidate) == exact.numel() - 1
    assert excerpt(both, Cut((1, 2), [0, 2, 5], 1, 1)).candidate == [["nan"]]


def test_infinity_on_both_sides_is_no_error():
    mask = torch.full((4, 4), -math.inf).triu(1)
    ours = mask.clone()
    ours[3, 0] = 1.0
    assert worst_at(sides(mask, ours)) == [3, 0]


def test_the_worst_slices_come_first_with_their_worst_element(exact: Tensor):
    ours = exact.clone()
    ours[..., 9] += 0.01
    ours[0, 4, 9] += 0.5
    found = {each.name: each for each in worst_slices(sides(exact, ours, 3), NAMES)}
    assert found["channel"].slices[0].index == 9
    assert found["channel"].slices[0].at == [0, 4, 9]
    assert found["token"].slices[0].index == 4
    assert found["head"].slices[0].index == 2
    assert found["head"].slices[0].at == [0, 4, 9]
    assert len(found["channel"].slices) == 1, "the others have no error"


@pytest.mark.parametrize(
    ("at", "corner"), [([0, 0, 0], (0, 0)), ([1, 29, 11], (26, 7)), ([0, 15, 6], (13, 4))]
)
def test_an_excerpt_is_around_the_element_and_whole_at_the_edges(
    exact: Tensor, at: list[int], corner: tuple[int, int]
):
    found = excerpt(sides(exact, exact + 1), Cut((1, 2), at, 4, 5))
    assert (found.top, found.left) == corner
    assert (
        found.reference
        == exact[at[0]][corner[0] : corner[0] + 4, corner[1] : corner[1] + 5].tolist()
    )
    assert found.difference[0][0] == pytest.approx(1)


def test_an_excerpt_turns_with_its_axes(exact: Tensor):
    found = excerpt(sides(exact, exact), Cut((2, 0), [0, 3, 0], 12, 2))
    assert found.reference == exact[:, 3].T.tolist()


@pytest.mark.parametrize(
    "cut",
    [
        Cut((1, 1), [0, 0, 0], 4, 4),
        Cut((1, 3), [0, 0, 0], 4, 4),
        Cut((1, 2), [0, 0], 4, 4),
        Cut((1, 2), [0, 30, 0], 4, 4),
        Cut((1, 2), [0, 0, 0], 0, 4),
    ],
)
def test_what_a_value_does_not_have_is_not_cut_out_of_it(exact: Tensor, cut: Cut):
    assert not fits(cut, exact)


@pytest.mark.parametrize("size", [(3, 4), (7, 5), (30, 12), (100, 100)])
def test_no_bad_element_is_lost_in_a_map(exact: Tensor, size: tuple[int, int]):
    ours = exact.clone()
    ours[1, 29, 11] += 0.25
    both = sides(exact, ours)
    region, cells = error_map(both, (1, 2), *size, None)
    assert region == Region(0, 0, 30, 12)
    assert (len(cells), len(cells[0])) == (min(size[0], 30), min(size[1], 12))
    assert cells[-1][-1] == pytest.approx(0.25 / both.typical)
    assert sum(bool(cell) for row in cells for cell in row) == 1


def test_a_part_of_a_map_has_the_elements_themselves(exact: Tensor):
    ours = exact.clone()
    ours[0, 11, 2], ours[0, 12, 3] = math.inf, exact[0, 12, 3] + 1
    both = sides(exact, ours)
    _, cells = error_map(both, (1, 2), 9, 9, Region(10, 2, 13, 4))
    assert cells[1][0] is None
    assert cells[2][1] == pytest.approx(1 / both.typical)


def test_a_slice_is_as_wrong_here_as_where_it_is_judged(exact: Tensor):
    ours = exact.clone()
    ours[..., 1] += 0.5
    both = sides(exact, ours)
    (channels,) = [each for each in worst_slices(both, NAMES) if each.name == "channel"]
    judged = compare(ours.float(), both.truth, "float32")[1].channel
    assert judged is not None
    first = channels.slices[0]
    assert first.index == judged.index
    assert first.ratio == pytest.approx(judged.ratio, rel=1e-3)


def test_a_value_of_two_axes_has_a_map_either_way_round():
    exact = torch.arange(12.0, dtype=torch.float64).reshape(3, 4)
    ours = exact.clone()
    ours[2, 1] += 1
    for axes, cell in (((0, 1), (2, 1)), ((1, 0), (1, 2))):
        _, rows = error_map(sides(exact, ours), axes, 9, 9, None)
        worst = max(
            (v or 0.0, (r, c)) for r, row in enumerate(rows) for c, v in enumerate(row)
        )
        assert worst[1] == cell
