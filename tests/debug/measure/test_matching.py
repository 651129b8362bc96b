"""Values are known by their numbers, whatever their layout."""

import math

import pytest
import torch
from recordings import numbers

from debug.measure.matching import (
    Sought,
    find,
    in_shape_of,
    relative_error,
    reorderings,
    share_explained,
)
from debug.protocol.verdict import FLOAT32_HALF_ULP

SQUARE, OBLONG = numbers(5, 5), numbers(3, 5, seed=1)


def sought(value: torch.Tensor, label: str = "it") -> Sought:
    return Sought.of(label, value, value.float())


def test_a_value_is_found_through_rounding_and_axes_of_one():
    value = OBLONG.reshape(1, 3, 1, 5).float()
    (match,) = find(value, [sought(SQUARE, "square"), sought(OBLONG, "oblong")])
    assert str(match) == "equals oblong"
    assert not match.suspicious


def test_a_value_that_is_off_by_more_than_rounding_is_not_found():
    assert find(OBLONG * (1 + 1e-5), [sought(OBLONG)]) == []


def test_other_numbers_of_the_same_norm_are_not_found():
    assert find(OBLONG.flip(0), [sought(OBLONG)]) == []


def test_a_transposed_value_is_found_and_said_to_be():
    (match,) = find(OBLONG.T, [sought(OBLONG)])
    assert str(match) == "equals it transposed"
    assert not match.suspicious


def test_a_transposed_value_that_does_not_look_so_is_suspicious():
    (match,) = find(SQUARE.T, [sought(SQUARE)])
    assert match.suspicious


def test_a_match_in_the_same_order_of_axes_is_first():
    found = find(SQUARE, [sought(SQUARE.T, "transposed"), sought(SQUARE, "straight")])
    assert [match.sought.label for match in found] == ["straight", "transposed"]


def test_a_reference_that_overflows_is_not_equal_to_everything():
    large = OBLONG * 1e6
    overflowed = Sought.of("it", large, large.half())
    assert find(torch.full_like(large, math.inf), [overflowed]) == []
    assert find(large * 1.01, [overflowed]) == []


def test_what_rounds_to_nothing_still_has_the_floor_of_one_rounding():
    exact = torch.ones(4, dtype=torch.float64)
    assert Sought.of("ones", exact, exact.float()).floor == FLOAT32_HALF_ULP
    assert Sought.of("zeros", exact * 0, exact * 0).limit == 0


@pytest.mark.parametrize(
    ("given", "wanted", "orders"),
    [
        ((2, 3), (3, 2), [(1, 0)]),
        ((2, 3), (2, 3), []),
        ((2, 2), (2, 2), [(1, 0)]),
        ((2, 3), (2, 4), []),
        ((2, 3, 4), (4, 2, 3), [(2, 0, 1)]),
        ((2, 3, 4, 5, 6), (2, 4, 3, 5, 6), [(0, 2, 1, 3, 4)]),
        ((1, 1, 1, 1, 1, 1), (1, 1, 1, 1, 1, 1), []),
    ],
)
def test_the_orders_of_axes_that_make_one_shape_of_another(given, wanted, orders):
    assert reorderings(given, wanted) == orders


def test_a_value_is_brought_into_the_layout_of_another_the_nearest_of_several():
    laid = in_shape_of(OBLONG.T, OBLONG)
    assert laid is not None
    assert torch.equal(laid, OBLONG)
    cube = numbers(2, 2, 3)
    laid = in_shape_of(cube.permute(2, 0, 1), cube)
    assert laid is not None
    assert torch.equal(laid, cube)
    assert in_shape_of(numbers(4, 4), OBLONG) is None


def test_what_is_near_in_no_layout_keeps_its_numbers_in_their_order():
    joined, other = numbers(6, 4), numbers(2, 3, 4, seed=1)
    laid = in_shape_of(other, joined)
    assert laid is not None
    assert torch.equal(laid, other.reshape(6, 4).double())


def test_the_relative_error_of_nothing_is_nothing_or_infinite():
    zeros = torch.zeros(3)
    assert relative_error(zeros, zeros) == 0
    assert relative_error(zeros + 1, zeros) == math.inf
    assert relative_error(OBLONG * 1.5, OBLONG) == pytest.approx(0.5)


def test_a_hypothesis_explains_what_it_leaves_no_error_of():
    wrong = OBLONG + 1
    assert share_explained(wrong, OBLONG, wrong) == 1
    assert share_explained(wrong, OBLONG, OBLONG) == 0
    assert share_explained(wrong, OBLONG, OBLONG + 0.5) == pytest.approx(0.75)
    assert share_explained(wrong, OBLONG, OBLONG - 1) == 0


def test_a_hypothesis_of_another_shape_or_without_numbers_explains_nothing():
    wrong = OBLONG + 1
    assert share_explained(wrong, OBLONG, wrong[:1]) == 0
    assert share_explained(wrong, OBLONG, wrong * math.inf) == 0
    assert share_explained(OBLONG, OBLONG, OBLONG) == 0
