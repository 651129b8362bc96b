"""The numbers that a person expects to see."""

import math

import pytest
import torch

from debug.measure.statistics import describe, finite


def test_what_is_not_finite_is_counted_and_left_out():
    stats = describe(torch.tensor([1.0, math.nan, 3.0, math.inf, -math.inf]))
    assert stats.nonfinite == 3
    assert (stats.mean, stats.min, stats.max) == (2.0, 1.0, 3.0)
    assert stats.std == pytest.approx(1.0)


def test_a_constant_has_no_spread():
    assert describe(torch.full((7,), 0.1)).std == 0.0


def test_nothing_at_all_has_no_statistics():
    stats = describe(torch.empty(0, 4))
    assert stats.shape == [0, 4]
    assert (stats.mean, stats.min, stats.nonfinite) == (None, None, 0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_type_is_the_values_own_though_sums_are_wide(dtype: str):
    value = torch.full((1000,), 100.0, dtype=getattr(torch, dtype))
    stats = describe(value)
    assert stats.dtype == dtype
    assert stats.mean == 100.0


def test_a_wide_copy_at_hand_is_used():
    value = torch.tensor([0.1, 0.2])
    assert describe(value, value.double() + 1).mean == pytest.approx(1.15)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_lacks_is_none(number: float):
    assert finite(number) is None
    assert finite(1.5) == 1.5
