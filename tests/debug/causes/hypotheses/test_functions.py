"""Each known mistake is one of its own, and gives other numbers than what is right."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from recordings import Code, numbers, recording_of
from torch import Tensor

from debug.causes.hypotheses.functions import mistakes
from debug.causes.hypotheses.mistake import Mistake
from debug.causes.hypotheses.moved_slices import shifted
from debug.reference.recording import Recording, Step, run_step

WIDTH = 4


@dataclass(frozen=True)
class Case:
    code: Code
    x: Tensor
    weights: Mapping[str, Tensor]
    says: tuple[str, ...]
    """Some of the mistakes that must be known."""

    def recording(self) -> Recording:
        return recording_of(self.code, self.x, **self.weights)


def case(code: Code, shape: tuple[int, ...], *says: str, **weights: Tensor) -> Case:
    return Case(code, numbers(*shape), weights, says)


def _masked(_: object, x: Tensor) -> Tensor:
    hidden = torch.ones(3, 3).bool().triu(1)
    return x.masked_fill(hidden, -9.0)


BIAS = numbers(WIDTH, seed=1)
SQUARE = numbers(WIDTH, WIDTH, seed=2)
CASES = {
    "linear": case(
        lambda m, x: F.linear(x, m.weight, m.bias),
        (1, 3, WIDTH),
        "bias is left out",
        "bias is added twice",
        "bias is subtracted",
        "weight is not transposed",
        "linear in TF32",
        weight=SQUARE,
        bias=BIAS,
    ),
    "conv1d": case(
        lambda m, x: F.conv1d(x, m.weight, m.bias, padding=1),
        (1, WIDTH, 6),
        "bias is left out",
        "the kernel is flipped",
        "the convolution is padded behind only, PyTorch's on both sides",
        "the convolution is padded by reflect",
        "tap 2 of the kernel is left out",
        "weight has its channels transposed",
        weight=numbers(WIDTH, WIDTH, 3, seed=2),
        bias=BIAS,
    ),
    "layer_norm": case(
        lambda m, x: F.layer_norm(x, (WIDTH,), m.weight, m.bias),
        (1, 3, WIDTH),
        "epsilon is 1e-06, PyTorch's is 1e-05",
        "weight is left out",
        "the layer norm is left out",
        "the variance is divided by n - 1",
        "the norm is taken over the other axis",
        weight=numbers(WIDTH, seed=3),
        bias=BIAS,
    ),
    "softmax": case(
        lambda _, x: F.softmax(x, dim=-1),
        (1, 2, 3, 3),
        "softmax over axis 2 instead of the last",
        "softmax is left out",
        "softmax with one more in the sum",
    ),
    "gelu": case(
        lambda _, x: F.gelu(x),
        (1, 3, WIDTH),
        "GELU by tanh instead of erf",
        "GELU is applied twice",
        "ReLU instead of GELU",
    ),
    "add": case(
        lambda m, x: x + m.bias,
        (1, 3, WIDTH),
        "the argument is not added",
        "bias is not added",
        "bias is added twice",
        "a product instead of a sum",
        bias=BIAS,
    ),
    "mul": case(
        lambda _, x: x * 0.25,
        (1, 3, WIDTH),
        "the factor 0.25 is left out",
        "the square root of the factor 0.25 is taken",
        "division by 0.25 instead of a product",
    ),
    "matmul": case(
        lambda m, x: x @ m.weight,
        (WIDTH, WIDTH),
        "the factors change places",
        "weight is transposed",
        "matmul in TF32",
        weight=SQUARE,
    ),
    "permute": case(
        lambda _, x: x.permute(0, 2, 1),
        (1, 3, WIDTH),
        "the argument is reshaped where axes should change places",
    ),
    "addmm": case(
        lambda m, x: torch.addmm(m.bias, x, m.weight),
        (3, WIDTH),
        "bias is left out",
        "weight is transposed",
        weight=SQUARE,
        bias=BIAS,
    ),
    "conv2d": case(
        lambda m, x: F.conv2d(x, m.weight, m.bias, padding=1),
        (1, WIDTH, 5, 6),
        "bias is left out",
        "the kernel is flipped",
        "height and width of the kernel change places",
        "the convolution is padded behind only, PyTorch's on both sides",
        weight=numbers(WIDTH, WIDTH, 3, 3, seed=2),
        bias=BIAS,
    ),
    "batch_norm": case(
        lambda m, x: F.batch_norm(x, m.mean, m.variance, m.weight, m.bias),
        (2, WIDTH, 5),
        "epsilon is 0.001, PyTorch's is 1e-05",
        "the norm's weight is left out",
        "the variance is taken for its root",
        "the batch's own mean and variance are taken",
        mean=numbers(WIDTH, seed=3).abs(),
        variance=numbers(WIDTH, seed=4).abs(),
        weight=numbers(WIDTH, seed=5),
        bias=BIAS,
    ),
    "relu": case(lambda _, x: F.relu(x), (1, 3, WIDTH), "ReLU is left out"),
    "split": case(
        lambda _, x: x.split(2, -1)[1],
        (1, 3, 6),
        "part 1 of the argument in place of part 2",
    ),
    "masked_fill": case(
        _masked,
        (1, 3, 3),
        "hidden is not applied",
        "hidden hides each position from itself, too",
        "hidden lets each position see one that follows it",
    ),
    "view": case(
        lambda _, x: x.permute(0, 2, 1).view(1, 6, 2, 2),
        (1, WIDTH, 6),
        "axes are not put back before the reshape",
    ),
}


def known(name: str) -> tuple[Recording, Step, list[Mistake]]:
    """The step of the function, and the mistakes that are known of it."""
    recording = CASES[name].recording()
    step = recording.maker(recording.result) if recording.result is not None else None
    assert step is not None
    assert step.name == name
    return recording, step, list(mistakes(step, recording))


@pytest.mark.parametrize("name", CASES)
def test_the_mistakes_of_a_function_are_known(name: str):
    _, _, found = known(name)
    assert {*CASES[name].says} <= {mistake.text for mistake in found}


@pytest.mark.parametrize("name", CASES)
def test_each_mistake_gives_other_numbers(name: str):
    recording, step, found = known(name)
    right = recording.values[step.result]
    for mistake in found:
        wrong = run_step(step, recording.values, mistake.replacement)
        assert wrong.shape == right.shape, mistake.text
        assert not torch.equal(wrong, right), mistake.text
        assert wrong.isfinite().all(), mistake.text


@pytest.mark.parametrize("name", sorted({*CASES} - {"conv1d"}))
def test_no_two_mistakes_at_a_step_have_the_same_key(name: str):
    _, _, found = known(name)
    assert len({mistake.key for mistake in found}) == len(found)


@pytest.mark.parametrize(
    "function",
    [F.gelu, lambda x: F.layer_norm(x, (WIDTH,)), lambda x: x * 0.5],
    ids=["gelu", "layer_norm", "mul"],
)
def test_the_same_mistakes_at_two_steps_have_the_same_keys(
    function: Callable[[Tensor], Tensor],
):
    recording = recording_of(lambda _, x: function(function(x)), numbers(1, 3, WIDTH))
    first, second = recording.steps
    one, other = ([m.key for m in mistakes(s, recording)] for s in (first, second))
    assert one == other
    assert len(one) > 0


def test_another_factor_is_another_mistake():
    recording = recording_of(lambda _, x: x * 0.5 * 0.25, numbers(1, 3, WIDTH))
    one, other = (
        {m.key for m in mistakes(step, recording) if m.key[0] == "factor"}
        for step in recording.steps
    )
    assert one
    assert other
    assert not one & other


def test_a_function_that_nothing_is_known_of_may_still_be_in_fewer_bits():
    recording = recording_of(lambda _, x: x.atan2(x[:, :1]), numbers(1, 3, WIDTH))
    found = mistakes(recording.steps[-1], recording)
    assert {mistake.key[0] for mistake in found} == {"computed in", "arguments in"}


@pytest.mark.parametrize(
    ("by", "expected"), [(1, [0, 1, 2]), (-1, [2, 3, 0]), (2, [0, 0, 1])]
)
def test_what_is_shifted_leaves_zeros_behind(by: int, expected: list[int]):
    assert shifted(torch.tensor([1.0, 2.0, 3.0]), by, 0).tolist() == expected
