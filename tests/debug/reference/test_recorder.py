"""What is recorded of a layer's code while its model runs, and what is not."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from recordings import numbers, recording_of
from torch import Tensor, nn

from debug.reference.recorder import recorded
from debug.reference.recording import Recording


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4).double()
        self.bias = nn.Parameter(numbers(4, seed=1))

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x.exp()) + self.bias


def record(outer: Outer, x: Tensor) -> Recording:
    with torch.inference_mode(), recorded(outer, outer, {"inner": outer.inner}) as made:
        outer(x)
    return made


def names(recording: Recording) -> list[str]:
    return [step.name for step in recording.steps]


def test_the_code_of_a_layer_within_is_not_recorded():
    outer, x = Outer(), numbers(2, 4)
    recording = record(outer, x)
    assert names(recording) == ["exp", "add"]
    values = recording.values
    assert torch.equal(values[recording.inputs["inner"]], x.exp())
    assert torch.equal(values[recording.results["inner"]], outer.inner(x.exp()))


def test_a_weight_is_known_by_the_models_name_for_it():
    recording = record(Outer(), numbers(2, 4))
    assert [recording.names[index] for index in recording.weights] == ["bias"]
    assert set(recording.all_weights) == {"bias", "inner.weight", "inner.bias"}


def test_nothing_is_recorded_outside_of_the_model_or_afterwards():
    outer, x = Outer(), numbers(2, 4)
    with torch.inference_mode(), recorded(outer, outer, {"inner": outer.inner}) as made:
        given = x.tanh()
        outer(given)
        given.sin()
    assert names(made) == ["exp", "add"]
    assert not any(module._forward_hooks for module in outer.modules())
    assert not any(module._forward_pre_hooks for module in outer.modules())


def test_a_call_that_does_nothing_is_no_step():
    recording = recording_of(lambda _, x: x.to(x.dtype).contiguous().neg(), numbers(2, 3))
    assert names(recording) == ["neg"]


def test_each_of_several_tensors_that_a_function_returns_is_a_step():
    def code(_: object, x: Tensor) -> Tensor:
        low, high = x.chunk(2, -1)
        return low * high

    x = numbers(2, 4)
    recording = recording_of(code, x)
    low, high, product = recording.steps
    assert names(recording) == ["chunk", "chunk", "mul"]
    assert product.operands == [low.result, high.result]
    assert recording.name(high.result) == "high"
    again = recording.starting_from({low.operands[0]: 2 * x})
    assert torch.equal(again.values[product.result], (2 * x[:, :2]) * (2 * x[:, 2:]))


def test_an_attribute_that_transposes_is_known_by_its_name():
    recording = recording_of(lambda _, x: x.mT + x.T, numbers(2, 2))
    assert names(recording) == ["mT", "T", "add"]


ATTENTION = torch.nn.functional.scaled_dot_product_attention


BEFORE = ["transpose", "matmul"]
AFTER = ["softmax", "matmul"]


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({}, ["mul"]),
        ({"scale": 1.0}, []),
        ({"attn_mask": torch.linspace(-1, 1, 25).reshape(5, 5).double()}, ["mul", "add"]),
        (
            {"attn_mask": torch.ones(5, 5).tril().bool()},
            ["mul", "logical_not", "masked_fill"],
        ),
        ({"is_causal": True}, ["mul", "ones", "tril", "logical_not", "masked_fill"]),
    ],
)
def test_attention_is_recorded_step_by_step(options: dict[str, Any], steps: list[str]):
    x = numbers(2, 3, 5, 4)
    recording = recording_of(lambda _, x: ATTENTION(x, 2 * x, 3 * x, **options), x)
    assert names(recording)[2:] == [*BEFORE, *steps, *AFTER]
    assert recording.result is not None
    expected = ATTENTION(x, 2 * x, 3 * x, **options)
    assert torch.allclose(recording.values[recording.result], expected)


def test_attention_of_fewer_keys_than_queries_repeats_them_by_group():
    x, few = numbers(2, 4, 5, 4), numbers(2, 2, 5, 4)
    recording = recording_of(lambda _, x: ATTENTION(x, few, few, enable_gqa=True), x)
    assert recording.result is not None
    expected = ATTENTION(x, few, few, enable_gqa=True)
    assert torch.allclose(recording.values[recording.result], expected)


def test_a_value_that_is_written_over_is_recorded_as_it_was():
    def code(_: object, x: Tensor) -> Tensor:
        y = x.exp()
        z = y * 2
        y += 1
        return y * z

    x = numbers(2, 3)
    recording = recording_of(code, x)
    exp, doubled, added, product = recording.steps
    values = recording.values
    assert torch.equal(values[exp.result], x.exp())
    assert torch.equal(values[doubled.result], x.exp() * 2)
    assert torch.equal(values[added.result], x.exp() + 1)
    assert torch.equal(values[product.result], (x.exp() + 1) * x.exp() * 2)


def test_each_step_has_the_line_of_the_source_that_calls_it():
    recording = recording_of(lambda _, x: F.gelu(F.softmax(x, -1)), numbers(2, 3))
    assert {step.place.path for step in recording.steps if step.place} == {__file__}
