import math

import numpy as np
import pytest
import torch

from core.backends.features import Sums, mel_windows
from core.messages import Features, decode_answer
from debug.measure.divergence import compare
from debug.measure.statistics import describe
from debug.measure.truth import measure_reference
from debug.protocol.messages import encode


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    reference = torch.randn(3, 20, 8, generator=generator) * 2 + 1
    return reference + 1e-3 * torch.randn(3, 20, 8, generator=generator), reference


def test_sums_over_windows_are_those_of_the_whole(pair):
    value, reference = pair
    sums = Sums()
    for window in range(3):
        sums.add(value[window], reference[window])
    features = sums.features("max", 3, is_reference=False)
    whole = describe(value)
    divergence = compare(value, measure_reference(reference.double(), reference), "float32")
    assert features.mean == pytest.approx(whole.mean)
    assert features.std == pytest.approx(whole.std)
    assert (features.min, features.max) == (whole.min, whole.max)
    assert features.rel_l2 == pytest.approx(divergence[1].rel_l2)
    assert features.cosine_distance == pytest.approx(divergence[1].cosine_distance)


def test_the_reference_has_no_distance_from_itself(pair):
    sums = Sums()
    sums.add(pair[1], pair[1])
    features = sums.features("cpu", 1, is_reference=True)
    assert features.rel_l2 is None
    assert features.cosine_distance is None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_features_that_are_no_numbers_reach_the_command_as_none(pair, value: float):
    sums = Sums()
    sums.add(torch.full_like(pair[0], value), pair[1])
    heard = decode_answer(encode(sums.features("max", 1, is_reference=False)))
    assert isinstance(heard, Features)
    assert (heard.mean, heard.std, heard.rel_l2) == (None, None, None)


@pytest.mark.parametrize(("seconds", "count"), [(1, 1), (30, 1), (31, 2), (61, 3)])
def test_every_30_seconds_are_a_window(seconds: int, count: int):
    windows = list(mel_windows(np.zeros(seconds * 16_000, np.float32), 80))
    assert len(windows) == count
    assert {window.shape for window in windows} == {(80, 3000)}
