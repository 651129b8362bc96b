"""The reference's side of a layer."""

import math
from dataclasses import replace

import pytest
import torch
from recordings import numbers

from debug.measure.truth import (
    in_layout,
    measure_isolated,
    measure_reference,
    quotient,
    slice_norms,
)
from debug.protocol.verdict import FLOAT32_HALF_ULP

EXACT = numbers(2, 5, 6)


def test_norms_are_those_of_each_frame_and_each_channel():
    norms = slice_norms(EXACT)
    assert torch.allclose(norms.frames, EXACT.transpose(0, 1).flatten(1).norm(dim=1))
    assert torch.allclose(norms.channels, EXACT.flatten(0, 1).norm(dim=0))
    assert norms.total == pytest.approx(EXACT.norm().item())


def test_a_vector_is_frames_of_one_channel():
    norms = slice_norms(torch.tensor([3.0, 4.0]))
    assert norms.frames.tolist() == [3.0, 4.0]
    assert norms.channels.tolist() == [5.0]


def test_heads_are_channels_one_after_the_other():
    heads = slice_norms(EXACT).heads(3)
    expected = [EXACT[..., n : n + 2].norm().item() for n in (0, 2, 4)]
    assert heads.tolist() == pytest.approx(expected)


def test_the_floor_is_how_far_rounding_takes_the_reference():
    truth = measure_reference(EXACT, EXACT.half())
    error = (EXACT.half().double() - EXACT).norm() / EXACT.norm()
    assert truth.floor == pytest.approx(error.item())
    assert truth.stats.dtype == "float16"


def test_the_floor_is_never_below_one_rounding():
    assert measure_reference(EXACT, EXACT).floor == FLOAT32_HALF_ULP


def test_what_overflows_in_the_reference_is_no_yardstick():
    exact = EXACT.clone()
    exact[0, 0, 0], exact[0, 0, 1] = 1e6, -1e6
    rest = torch.where(exact.abs() < 1e5, exact.half().double() - exact, 0.0)
    truth = measure_reference(exact, exact.half())
    assert truth.rounding.total == pytest.approx(rest.norm().item())
    assert truth.floor == 2.0**-11


def test_a_truth_is_in_the_candidates_layout_and_knows_the_way_back():
    truth = measure_reference(EXACT, EXACT.float(), (2, 0, 1))
    assert torch.equal(truth.exact, EXACT.permute(2, 0, 1))
    assert truth.axes_back is not None
    assert torch.equal(truth.exact.permute(truth.axes_back), EXACT)
    assert measure_reference(EXACT, EXACT.float()).axes_back is None


def test_an_isolated_argument_is_in_the_candidates_layout_too():
    truth = measure_reference(EXACT, EXACT.float(), (0, 2, 1))
    argument = numbers(2, 5, 3)
    isolated = measure_isolated(truth, argument, EXACT.float()).isolated
    assert isolated is not None
    assert torch.equal(isolated.argument, argument.permute(0, 2, 1))
    assert isolated.rounding.total == pytest.approx(truth.rounding.total)


def test_a_layer_in_isolation_has_the_larger_of_two_floors():
    truth = measure_reference(EXACT, EXACT.float())
    coarse = measure_isolated(truth, EXACT, EXACT.half())
    fine = measure_isolated(truth, EXACT, EXACT)
    assert coarse.when_isolated.floor > 100 * truth.floor
    assert fine.when_isolated.floor == truth.floor
    assert replace(fine, isolated=None).when_isolated.floor == truth.floor


def test_a_value_is_permuted_only_where_that_gives_the_shape():
    value = numbers(2, 3)
    exact = numbers(3, 2)
    truth = measure_reference(exact, exact.float(), axes=(1, 0))
    assert in_layout(value, truth) is value
    assert torch.equal(in_layout(value.T, truth), value)
    assert in_layout(numbers(2, 4), truth).shape == (2, 4)


def test_a_map_is_compared_in_the_shape_of_positions_and_stays_wrong_in_another_order():
    tokens = numbers(2, 16, 6)
    truth = measure_reference(tokens, tokens.float())
    image = tokens.reshape(2, 4, 4, 6)
    assert torch.equal(in_layout(image, truth), tokens)
    assert torch.equal(in_layout(image.permute(0, 3, 1, 2), truth), tokens)
    assert not torch.equal(in_layout(image.transpose(1, 2), truth), tokens)


def test_nothing_over_nothing_is_no_error():
    assert quotient(0.0, 0.0) == 0.0
    assert quotient(1.0, 0.0) == math.inf
    assert quotient(1.0, 4.0) == 0.25
