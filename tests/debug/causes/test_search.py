"""Hypotheses about wrong values, on a layer that has nothing to do with Whisper."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from recordings import causes_of, numbers
from torch import Tensor, nn

from debug.candidate.operations import Evaluation, Operation, OperationIndex
from debug.causes.hypotheses.precision import to_tf32
from debug.causes.search import find_causes
from debug.causes.segment import Segment, Target
from debug.measure.matching import Sought, find
from debug.reference.recorder import recorded
from debug.reference.recording import Recording

FRAMES, WIDTH = 12, 8
OPERANDS = [(), (0,), (1,), (0,), (2, 3), (4,), (5, 0), (6,), (7,), (8,)]
"""What each operation of `forward` uses, and one that comes after it."""


class Mixer(nn.Module):
    """Something like attention with one head, and a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(WIDTH, WIDTH)
        self.second = nn.Linear(WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        weights = F.softmax(
            (self.first(y) * 0.35) @ self.second(y).transpose(-1, -2), dim=-1
        )
        return x + F.gelu(weights @ y)


@pytest.fixture(scope="module")
def mixer() -> Mixer:
    torch.manual_seed(1)
    mixer = Mixer().double().eval()
    nn.init.normal_(mixer.norm.weight, 1.0, 0.3)
    nn.init.normal_(mixer.norm.bias, 0.0, 0.3)
    return mixer


@pytest.fixture(scope="module")
def x() -> Tensor:
    torch.manual_seed(2)
    return 2 * torch.randn(1, FRAMES, WIDTH, dtype=torch.float64)


@pytest.fixture(scope="module")
def recording(mixer: Mixer, x: Tensor) -> Recording:
    with torch.inference_mode(), recorded(mixer, mixer, {}) as made:
        mixer(x)
    return made


def explained(recording: Recording, values: list[Tensor]) -> list[str]:
    """The complete causes of what the last of a candidate's operations makes."""
    ops = [
        Operation(
            f"op{n}", None, tuple(map(OperationIndex, OPERANDS[n])), value.float(), True
        )
        for n, value in enumerate(values)
    ]
    assert recording.result is not None
    target = Target("mixer", False, recording.result, None)
    made = Evaluation(ops, values[-1].float(), OperationIndex(len(ops) - 1))
    segment = Segment(recording, target, made)
    assert segment.wrong
    with torch.inference_mode():
        return [c.hypothesis.text for c in find_causes(segment) if c.complete]


def forward(mixer: Mixer, x: Tensor, **change: object) -> list[Tensor]:
    """The mixer as a port writes it, with one change."""
    eps = change.get("eps", 1e-5)
    assert isinstance(eps, float)
    y = F.layer_norm(x, (WIDTH,), mixer.norm.weight, mixer.norm.bias, eps)
    bias = None if change.get("bias") == "none" else mixer.first.bias
    first = F.linear(y, mixer.first.weight, bias)
    factor = change.get("factor", 0.35)
    assert isinstance(factor, float)
    scaled = first * factor
    second = mixer.second(y)
    scores = scaled @ second.mT
    axis = change.get("axis", -1)
    assert isinstance(axis, int)
    weights = scores.softmax(axis)
    mixed = weights @ y
    out = F.gelu(mixed, approximate=str(change.get("gelu", "none")))
    result = out if change.get("residual") == "none" else x + out
    return [y, first, scaled, second, scores, weights, mixed, out, result]


def test_the_right_values_are_found_right(mixer: Mixer, x: Tensor, recording: Recording):
    values = forward(mixer, x)
    assert recording.result is not None
    for value in values:
        known = [Sought.of("", v, v.float()) for v in recording.values]
        assert find(value.float(), known)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"eps": 1e-3}, "epsilon is 0.001, PyTorch's is 1e-05"),
        ({"bias": "none"}, "first.bias is left out"),
        ({"factor": 0.35**2}, "the factor 0.35 is applied twice"),
        ({"axis": -2}, "softmax over axis 1 instead of the last"),
        ({"gelu": "tanh"}, "GELU by tanh instead of erf"),
        ({"residual": "none"}, "the argument is not added"),
    ],
)
def test_one_change_is_named(
    mixer: Mixer, x: Tensor, recording: Recording, change: dict[str, object], cause: str
):
    found = explained(recording, forward(mixer, x, **change))
    assert found[0] == cause


def test_two_changes_are_named_together(mixer: Mixer, x: Tensor, recording: Recording):
    found = explained(recording, forward(mixer, x, gelu="tanh", factor=0.35**2))
    assert "GELU by tanh" in found[0]
    assert "factor 0.35 is applied twice" in found[0]


def test_what_nothing_explains_has_no_cause(mixer: Mixer, x: Tensor, recording: Recording):
    values = forward(mixer, x)
    torch.manual_seed(3)
    values[-1] = values[-1] + torch.randn_like(values[-1])
    assert explained(recording, values) == []


def test_one_spoiled_frame_is_placed(mixer: Mixer, x: Tensor, recording: Recording):
    values = forward(mixer, x)
    spoiled = values[-1].clone()
    spoiled[:, 5] = 0
    found = explained(recording, [*values, spoiled])
    assert any(
        text.startswith("position 5 of ") and text.endswith("is zero") for text in found
    )


def test_what_was_done_to_a_value_is_told_though_the_candidate_has_it_right_before():
    def right(layer: Any, x: Tensor) -> Tensor:
        return torch.tanh(torch.tanh(x) @ layer.w) + layer.table

    def wrong(layer: Any, x: Tensor) -> Tensor:
        y = torch.tanh(x) @ layer.w
        silent = torch.cat([y[:, :1] * 0, y[:, 1:]], dim=1)
        return torch.tanh(silent) + layer.table

    table = numbers(FRAMES, WIDTH, seed=1)
    table[0] = torch.tensor([0.0] + [1.0] * 7)  # by chance it does the same
    weights = {"w": numbers(WIDTH, WIDTH, seed=2), "table": table}
    first, *_ = causes_of(right, wrong, numbers(FRAMES, WIDTH), **weights)
    assert first.startswith("channel 0 of the result of matmul")
    assert first.endswith("is zero")


def test_tf32_keeps_ten_bits_of_the_mantissa():
    assert to_tf32(torch.tensor(1 + 2.0**-10)).item() == 1 + 2.0**-10
    assert to_tf32(torch.tensor(1 + 2.0**-12)).item() == 1.0
    assert math.isclose(to_tf32(torch.tensor(math.pi)).item(), math.pi, rel_tol=2.0**-11)
