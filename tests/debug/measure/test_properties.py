"""What holds of every comparison, whatever the numbers: few here, many in make torture.

The oracle is numpy in 80 bits, where no square of a float64 overflows or vanishes.
"""

import math
import os

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from debug.measure.divergence import compare
from debug.measure.statistics import describe
from debug.measure.truth import measure_reference
from debug.protocol.values import Divergence
from debug.protocol.verdict import FLOAT32_HALF_ULP, Verdict

EXAMPLES = int(os.environ.get("TORTURE_EXAMPLES", "15"))
often = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 100,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)
FULL = arrays.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=6)
DTYPES = ["float16", "bfloat16", "float32", "float64", "int8", "int32", "int64", "bool"]
ODD = [0.0, -0.0, 5e-324, 1e-310, 1e-45, 1e-38, 1e-7, 1.0, 65504.0, 3e38, 1e155, 1e308]
anything = st.one_of(st.sampled_from([*ODD, math.inf, -math.inf, math.nan]), st.floats())
numbers = st.one_of(
    st.sampled_from([*ODD, *(-each for each in ODD)]),
    st.floats(allow_nan=False, allow_infinity=False),
)
ordinary = st.floats(-100, 100, width=32)


def of(elements: st.SearchStrategy, shapes: st.SearchStrategy = SHAPES):
    """Tensors of float64, constants among them."""
    filled = shapes.flatmap(
        lambda shape: st.one_of(
            arrays.arrays(np.float64, shape, elements=elements),
            elements.map(lambda value: np.full(shape, value)),
        )
    )
    return filled.map(lambda array: torch.from_numpy(np.ascontiguousarray(array)))


def judged(candidate: torch.Tensor, exact: torch.Tensor, dtype: str) -> Divergence:
    rounded = exact.to(getattr(torch, dtype))
    return compare(candidate, measure_reference(exact, rounded), dtype)[1]


@often
@given(of(anything), st.sampled_from(DTYPES), st.data())
def test_nothing_raises_and_equal_bytes_never_diverge(exact, dtype, data):
    kind = getattr(torch, dtype)
    exact = (
        exact if kind.is_floating_point else torch.nan_to_num(exact, 0, 1, -1).clamp(-9, 9)
    )
    same = exact.to(kind)
    said = judged(same, same.double(), dtype)
    assert said.verdict is Verdict.OK
    assert said.ratio == 0.0
    other = data.draw(of(anything, st.just(tuple(exact.shape))))
    judged(other.to(kind) if kind.is_floating_point else same, exact, dtype)
    describe(other)


@often
@given(of(numbers), st.sampled_from(["float16", "bfloat16", "float32", "float64"]))
def test_what_pytorch_itself_computed_never_diverges(exact, dtype):
    rounded = exact.to(getattr(torch, dtype))
    said = judged(rounded, exact, dtype).verdict
    assert said is Verdict.OK or (said is Verdict.INVALID and not rounded.isfinite().all())


@often
@given(of(numbers, FULL), st.data())
def test_an_error_of_many_roundings_is_never_ok(exact, data):
    other = data.draw(of(numbers, st.just(tuple(exact.shape))))
    r, m = exact.numpy().astype(np.longdouble), other.numpy().astype(np.longdouble)
    size, error = np.sqrt((r**2).sum()), np.sqrt(((m - r) ** 2).sum())
    said = judged(other, exact, "float64")
    if error > 10.5 * FLOAT32_HALF_ULP * size:
        assert said.verdict is not Verdict.OK
    if said.rel_l2 is not None and size > 1e-300 and 1e-300 < error < 1e300:
        assert said.rel_l2 == pytest.approx(float(error / size), rel=1e-9)


@often
@given(of(numbers, FULL), st.sampled_from([math.nan, math.inf, -math.inf]), st.data())
def test_one_nan_anywhere_is_invalid_and_its_place_is_named(exact, odd, data):
    place = data.draw(st.integers(0, exact.numel() - 1))
    candidate = exact.clone()
    candidate.view(-1)[place] = odd
    said = judged(candidate, exact, "float64")
    assert said.verdict is Verdict.INVALID
    assert candidate[tuple(said.max_abs_at)].isfinite().item() is False


@often
@given(of(ordinary, FULL), st.integers(-60, 60), st.data())
def test_a_power_of_two_changes_nothing_and_no_order_of_frames_does(exact, power, data):
    noise = data.draw(of(ordinary, st.just(tuple(exact.shape)))) * 1e-6
    candidate = exact + noise
    plain = judged(candidate, exact, "float64")
    scale = 2.0**power
    scaled = judged(candidate * scale, exact * scale, "float64")
    order = torch.randperm(exact.shape[0], generator=torch.Generator().manual_seed(0))
    moved = judged(candidate[order], exact[order], "float64")
    for other in (scaled, moved):
        assert other.verdict is plain.verdict
        assert other.ratio == pytest.approx(plain.ratio, rel=1e-9)


@often
@given(of(numbers))
def test_statistics_are_numpys_to_twelve_digits(value):
    said = describe(value)
    wide = value.numpy().astype(np.longdouble)
    assert said.nonfinite == 0
    if not wide.size:
        assert said.mean is None
        return
    largest = float(np.abs(wide).max())
    assert (said.min, said.max) == (value.min().item(), value.max().item())
    assert said.mean == pytest.approx(float(wide.mean()), rel=1e-12, abs=1e-12 * largest)
    spread = float(wide.std())
    assert said.std == pytest.approx(spread, rel=1e-12, abs=1e-12 * largest)


@often
@given(of(anything))
def test_what_is_not_finite_is_left_out_of_statistics_and_counted(value):
    said, kept = describe(value), value[value.isfinite()]
    assert said.nonfinite == value.numel() - kept.numel()
    assert said.mean == describe(kept).mean
    for number in (said.mean, said.std, said.min, said.max):
        assert number is None or math.isfinite(number)


@often
@given(st.floats(1.0, 1e12), st.floats(1e-9, 1e-3), st.integers(2, 500))
def test_a_small_spread_beside_a_large_mean_keeps_its_digits(mean, share, count):
    value = mean * (1 + share * torch.linspace(-1, 1, count, dtype=torch.float64))
    spread = float(value.numpy().astype(np.longdouble).std())
    assert describe(value).std == pytest.approx(spread, rel=1e-12)
