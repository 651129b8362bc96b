"""What the debugger says of errors that it made itself."""

import pytest
import torch

from debug.measure.self_test import sensitivity
from debug.measure.truth import Truth, measure_reference


@pytest.fixture
def truth() -> Truth:
    generator = torch.Generator().manual_seed(1)
    exact = torch.randn(1, 600, 32, generator=generator, dtype=torch.float64)
    return measure_reference(exact, exact.float())


def test_the_reference_beside_itself_is_off_by_nothing(truth: Truth):
    assert sensitivity(truth, "float32").itself == 0


def test_the_smallest_error_that_is_seen_is_a_few_roundings(truth: Truth):
    whole = sensitivity(truth, "float32").whole
    assert whole is not None
    assert 4 * truth.floor / 2 < whole < 4 * truth.floor * 2


def test_an_error_in_one_frame_is_seen_before_it_shows_in_the_whole(truth: Truth):
    found = sensitivity(truth, "float32")
    assert found.whole is not None
    assert found.frame is not None
    in_the_whole = found.frame / truth.exact.shape[1] ** 0.5
    assert in_the_whole < found.whole / 4


def test_coarser_precision_hides_larger_errors(truth: Truth):
    half = measure_reference(truth.exact, truth.exact.half())
    coarse, fine = sensitivity(half, "float16").whole, sensitivity(truth, "float32").whole
    assert coarse is not None
    assert fine is not None
    assert coarse > 100 * fine


def test_samples_have_neither_frames_nor_channels():
    samples = torch.randn(100, dtype=torch.float64)
    found = sensitivity(measure_reference(samples, samples.float()), "float32")
    assert (found.frame, found.channel) == (None, None)
