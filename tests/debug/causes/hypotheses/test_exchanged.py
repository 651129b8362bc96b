"""Layers and weights that are taken for each other."""

import pytest
import torch
from recordings import numbers
from torch import Tensor, nn

from debug.candidate.operations import Evaluation
from debug.causes.hypotheses.exchanged import exchanged, weights_exchanged
from debug.causes.hypotheses.operands import Hypothesis
from debug.causes.segment import Segment, Target
from debug.reference.recorder import recorded

WIDTH = 4


class Three(nn.Module):
    """Three layers of the same shape, of which no two can change places unnoticed."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(WIDTH, WIDTH, bias=False)
        self.two = nn.Linear(WIDTH, WIDTH, bias=False)
        self.three = nn.Linear(WIDTH, WIDTH, bias=False)
        for seed, weight in enumerate(self.parameters()):
            weight.data = numbers(*weight.shape, seed=seed)

    def forward(self, x: Tensor) -> Tensor:
        return self.one(x) * 2 + self.two(x).abs() - self.three(x)


GIVEN = numbers(3, WIDTH, seed=9)


def segment_of(within: list[str]) -> Segment:
    three = Three()
    layers = {name: getattr(three, name) for name in within}
    with torch.inference_mode(), recorded(three, three, layers) as made:
        three(GIVEN)
    assert made.result is not None
    nothing_found = Evaluation([], torch.zeros(3, WIDTH), None)
    return Segment(made, Target("three", False, made.result, None), nothing_found)


def replayed(segment: Segment, hypothesis: Hypothesis) -> Tensor:
    steps, values = hypothesis.replaced_steps, hypothesis.replaced_values
    return segment.recording.replay(segment.target.value, steps, values)


@pytest.fixture(scope="module")
def of_layers() -> Segment:
    return segment_of(["one", "two", "three"])


@pytest.fixture(scope="module")
def of_weights() -> Segment:
    return segment_of([])


def test_layers_whose_results_have_one_shape_may_have_changed_places(of_layers: Segment):
    found = {each.text: each for each in exchanged(of_layers)}
    swap = found["one and three change places"]
    assert swap.swapped == ("one", "three")
    recording = of_layers.recording
    one, two, three = recording.results.values()
    values = recording.values
    expected = values[three] * 2 + values[two].abs() - values[one]
    assert torch.allclose(replayed(of_layers, swap), expected)


def test_a_layer_that_keeps_the_shape_may_have_been_left_out(of_layers: Segment):
    found = {each.text: each for each in exchanged(of_layers)}
    assert (
        found["one is left out: its input goes on in place of its result"].left_out == "one"
    )
    right = of_layers.recording.values[of_layers.target.value]
    assert not torch.allclose(
        replayed(
            of_layers, found["one is left out: its input goes on in place of its result"]
        ),
        right,
    )


def test_weights_of_one_shape_may_be_in_any_other_order(of_weights: Segment):
    found = {each.text: each for each in weights_exchanged(of_weights)}
    assert len(found) == 3 + 2  # pairs, and all three in a circle
    order = "three.weight, one.weight, two.weight in place of one.weight, two.weight, "
    circle = found[order + "three.weight"]
    model, x = Three().double(), GIVEN.double()
    expected = model.three(x) * 2 + model.one(x).abs() - model.two(x)
    assert torch.allclose(replayed(of_weights, circle), expected)
