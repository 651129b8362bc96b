"""What may have been done to the operands of one step."""

import pytest
import torch
import torch.nn.functional as F
from recordings import numbers
from torch import Tensor, nn

from debug.candidate.operations import Evaluation
from debug.causes.hypotheses.operands import (
    Hypothesis,
    Kind,
    hypotheses_at,
    other_values,
)
from debug.causes.segment import Segment, Target
from debug.reference.recorder import recorded
from debug.reference.recording import Recording

WIDTH = 4


class Pair(nn.Module):
    """Two layers of the same shape, and a sum that they go into."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(WIDTH, WIDTH)
        self.other = nn.Linear(WIDTH, WIDTH)
        self.scale = nn.Parameter(torch.empty(WIDTH))
        self.shift = nn.Parameter(torch.empty(WIDTH))
        for seed, weight in enumerate(self.parameters()):
            weight.data = numbers(*weight.shape, seed=seed)

    def forward(self, x: Tensor) -> Tensor:
        active = F.gelu(self.one(x) * self.scale)
        return active - self.other(x)


@pytest.fixture(scope="module")
def recording() -> Recording:
    pair = Pair()
    within = {"one": pair.one, "other": pair.other}
    with torch.inference_mode(), recorded(pair, pair, within) as made:
        pair(numbers(3, WIDTH, seed=9))
    return made


@pytest.fixture(scope="module")
def segment(recording: Recording) -> Segment:
    assert recording.result is not None
    nothing_found = Evaluation([], torch.zeros(3, WIDTH), None)
    return Segment(recording, Target("pair", False, recording.result, None), nothing_found)


def at(segment: Segment, function: str) -> dict[str, Hypothesis]:
    """The hypotheses at the step of a function, by their texts."""
    (step,) = (step for step in segment.steps if step.name == function)
    return {each.text: each for each in hypotheses_at(segment, step)}


def replayed(segment: Segment, hypothesis: Hypothesis) -> Tensor:
    steps, values = hypothesis.replaced_steps, hypothesis.replaced_values
    with torch.inference_mode():
        return segment.recording.replay(segment.target.value, steps, values)


def test_a_weight_may_be_taken_for_another_of_its_shape(segment: Segment):
    found = at(segment, "mul")
    taken = {text for text, each in found.items() if each.kind is Kind.MISTAKEN}
    others = {"shift", "one.bias", "other.bias"}
    assert {f"{name} in place of scale" for name in others} <= taken
    assert "scale in place of scale" not in found


def test_a_value_is_not_taken_for_a_weight(segment: Segment):
    assert "the argument in place of one's result" in at(segment, "mul")
    assert "the argument in place of scale" not in at(segment, "mul")


def test_a_value_taken_for_another_gives_what_the_code_would(segment: Segment):
    hypothesis = at(segment, "mul")["shift in place of scale"]
    values, recording = segment.recording.values, segment.recording
    one, other = (values[recording.results[name]] for name in ("one", "other"))
    expected = F.gelu(one * recording.all_weights["shift"].detach()) - other
    assert torch.allclose(replayed(segment, hypothesis), expected)


def test_a_bias_too_many_is_supposed_of_given_values_only(segment: Segment):
    found = at(segment, "mul")
    assert found["shift is added to one's result"].weight == "shift"
    assert not any(text.endswith("is added to scale") for text in found)


def test_an_operand_may_have_been_rounded(segment: Segment):
    hypothesis = at(segment, "mul")["scale is rounded to bfloat16"]
    right = segment.recording.values[segment.target.value]
    wrong = replayed(segment, hypothesis)
    assert not torch.equal(wrong, right)
    assert torch.allclose(wrong, right, atol=0.1)


def test_a_step_may_have_got_an_operand_that_was_made_otherwise(segment: Segment):
    hypothesis = at(segment, "sub")["GELU is left out"]
    (gelu,) = (step for step in segment.steps if step.name == "gelu")
    assert gelu.result not in hypothesis.replaced_steps
    directly = at(segment, "gelu")["GELU is left out"]
    assert hypothesis.keys == directly.keys
    assert torch.allclose(replayed(segment, hypothesis), replayed(segment, directly))


def test_a_mistake_in_one_operand_does_not_undo_one_in_the_other(segment: Segment):
    gelu = at(segment, "gelu")["GELU is left out"]
    rounded = at(segment, "sub")["other's result is rounded to bfloat16"]
    steps = {**gelu.replaced_steps, **rounded.replaced_steps}
    recording = segment.recording
    one, other = (recording.values[recording.results[n]] for n in ("one", "other"))
    scaled = one * recording.all_weights["scale"].detach()
    expected = scaled - other.bfloat16().double()
    assert torch.allclose(recording.replay(segment.target.value, steps), expected)


def test_another_given_value_may_be_passed_through(segment: Segment):
    target = segment.recording.results["one"]
    texts = {each.text for each in other_values(segment, target)}
    expected = {"the argument in place of one's result"}
    assert texts == expected | {"other's result in place of one's result"}


def test_all_weights_of_a_step_may_be_another_layers():
    pair = Pair()
    with torch.inference_mode(), recorded(pair, pair.one, {}) as made:
        pair.one(numbers(3, WIDTH, seed=9))
    assert made.result is not None
    nothing_found = Evaluation([], torch.zeros(3, WIDTH), None)
    alone = Segment(made, Target("one", False, made.result, None), nothing_found)
    hypothesis = at(alone, "linear")["the weights of other in place of those of one"]
    expected = pair.other(numbers(3, WIDTH, seed=9).to(pair.other.weight.dtype))
    assert torch.allclose(replayed(alone, hypothesis), expected.double())
