"""Functions in fewer bits, as mistakes."""

import pytest
import torch
import torch.nn.functional as F
from recordings import causes_of, numbers, recording_of

from debug.causes.hypotheses.precision import in_fewer_bits, round_to, to_int8
from debug.reference.recording import run_step


def test_a_value_is_rounded_and_keeps_its_own_type():
    x = numbers(5)
    rounded = round_to(x, torch.bfloat16)
    assert rounded.dtype == torch.float64
    assert torch.equal(rounded, x.bfloat16().double())
    assert not torch.equal(rounded, x)


@pytest.mark.parametrize("given", [2, None, "constant"])
def test_what_is_no_tensor_is_not_rounded(given: object):
    assert round_to(given, torch.float16) is given


@pytest.mark.parametrize("name", ["permute", "reshape"])
def test_what_moves_numbers_about_rounds_nothing(name: str):
    codes = {
        "permute": lambda _, x: x.permute(1, 0),
        "reshape": lambda _, x: x.reshape(6),
    }
    recording = recording_of(codes[name], numbers(2, 3))
    assert recording.steps[0].name == name
    assert list(in_fewer_bits(recording.steps[0])) == []


def test_only_products_are_made_in_tf32():
    x, weight = numbers(2, 3), numbers(3, 3, seed=1)
    recording = recording_of(lambda m, x: F.relu(F.linear(x, m.weight)), x, weight=weight)
    linear, relu = (
        [mistake.key for mistake in in_fewer_bits(step)] for step in recording.steps
    )
    assert ("computed in", "TF32") in linear
    assert ("computed in", "TF32") not in relu


def test_arguments_in_fewer_bits_are_not_the_result_in_fewer_bits():
    recording = recording_of(lambda _, x: x * x[:1], numbers(2, 3))
    *_, step = recording.steps
    made = {
        mistake.key: run_step(step, recording.values, mistake.replacement)
        for mistake in in_fewer_bits(step)
    }
    right = recording.values[0]
    only_arguments = made["arguments in", "float16"]
    half = right.half().double()
    assert torch.equal(only_arguments, half * half[:1])
    both = made["computed in", "float16"]
    assert torch.equal(both, only_arguments.half().double())


@pytest.mark.parametrize(
    ("edit", "cause"),
    [
        (
            lambda x, w: (to_int8(x, by_row=True), w),
            "the input of linear quantised to int8, a scale for each row",
        ),
        (
            lambda x, w: (x, to_int8(w, by_row=False)),
            "the weight of linear quantised to int8, one scale",
        ),
        (
            lambda x, w: (
                round_to(x, torch.float8_e4m3fn),
                round_to(w, torch.float8_e4m3fn),
            ),
            "the input and weight of linear quantised to float8 (e4m3)",
        ),
    ],
)
def test_a_product_of_8_bits_is_named_with_what_was_quantised(edit, cause: str):
    def right(layer, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, layer.weight)

    def wrong(layer, x: torch.Tensor) -> torch.Tensor:
        return F.linear(*edit(x, layer.weight))

    weight = numbers(4, 8, seed=1)
    assert causes_of(right, wrong, numbers(6, 8), weight=weight)[0] == cause
