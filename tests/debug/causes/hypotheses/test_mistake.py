"""A recorded call as the generators of mistakes see it."""

import torch.nn.functional as F
from recordings import Code, numbers, recording_of

from debug.causes.hypotheses.mistake import Called

WEIGHT, BIAS = numbers(4, 3, seed=1), numbers(4, seed=2)


def called(code: Code) -> Called:
    recording = recording_of(code, numbers(2, 3), matrix=WEIGHT, offset=BIAS)
    return Called(recording.steps[0], recording)


def test_a_weight_has_the_models_name_whether_it_is_given_by_place_or_by_keyword():
    by_place = called(lambda m, x: F.linear(x, m.matrix, m.offset))
    by_keyword = called(lambda m, x: F.linear(x, weight=m.matrix, bias=m.offset))
    for call in (by_place, by_keyword):
        assert call.name == "linear"
        assert call.weight(1, "weight") == "matrix"
        assert call.weight(2, "bias") == "offset"


def test_what_is_no_weight_of_the_model_is_called_by_its_keyword():
    call = called(lambda m, x: F.linear(x, m.matrix * 2, None))
    recording = call.recording
    linear = Called(recording.steps[1], recording)
    assert linear.weight(1, "weight") == "weight"
    assert linear.weight(2, "bias") == "bias"


def test_a_bias_is_one_more_tensor():
    assert called(lambda m, x: F.linear(x, m.matrix, m.offset)).has_bias
    assert not called(lambda m, x: F.linear(x, m.matrix)).has_bias


def test_sizes_are_those_of_the_tensors_that_were_given():
    assert called(lambda m, x: F.linear(x, m.matrix, m.offset)).sizes == [
        [2, 3],
        [4, 3],
        [4],
    ]
