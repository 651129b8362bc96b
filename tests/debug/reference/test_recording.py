"""What a layer's own code is called, as its source has it, and that it runs again."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from debug.reference.recorder import recorded
from debug.reference.recording import Recording

WIDTH = 4


def halves(x: Tensor) -> tuple[Tensor, Tensor]:
    low, high = x[..., :2], x[..., 2:]
    return low, high


class Sums(nn.Module):
    """Every way in which a line of source gives a value a name, and some that do not."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        once = twice = F.relu(x).mul(3.0)
        spread = torch.add(
            once.exp(),
            twice.abs(),
        )
        left, right = halves(spread)
        shape = right.sqrt().shape
        listed = [part.neg() for part in (left, right)]
        y = self.inner(x)
        y = y.view(*shape[:-1], -1)
        if (doubled := y * 2).shape[-1] == WIDTH:
            y = doubled
        y += 1
        return torch.cat(listed, -1) + y


def record(x: Tensor) -> tuple[Recording, Sums]:
    torch.manual_seed(0)
    sums = Sums().double().eval()
    with torch.inference_mode(), recorded(sums, sums, {"inner": sums.inner}) as made:
        sums(x)
    return made, sums


X = torch.arange(1.0, 9.0, dtype=torch.float64).reshape(2, WIDTH)


def made_by(recording: Recording, function: str) -> list[str]:
    """What the results of a function are called."""
    return [recording.name(s.result) for s in recording.steps if s.name == function]


def test_a_value_is_called_what_the_source_calls_it():
    recording, _ = record(X)
    assert made_by(recording, "mul")[0] == "once"
    assert recording.variables["once"] == recording.variables["twice"]


def test_only_the_outermost_call_of_a_statement_has_its_name():
    recording, _ = record(X)
    assert made_by(recording, "add")[0] == "spread"
    assert made_by(recording, "exp")[0].startswith("the result of exp (line ")
    assert made_by(recording, "abs")[0].startswith("the result of abs (line ")


def test_what_a_function_returns_as_two_has_two_names():
    recording, _ = record(X)
    assert made_by(recording, "getitem") == ["left", "right"]
    assert recording.variables["left"] == recording.variables["low"]


def test_a_value_that_is_only_asked_something_has_no_name():
    recording, _ = record(X)
    assert made_by(recording, "sqrt")[0].startswith("the result of sqrt (line ")
    assert all(name.startswith("the result of neg") for name in made_by(recording, "neg"))
    assert "shape" not in recording.variables


def test_a_name_that_is_given_again_has_its_line():
    recording, _ = record(X)
    assert len(recording.variables["y"]) > 2
    (line,) = (s.place.line for s in recording.steps if s.in_place and s.place)
    assert made_by(recording, "add")[1] == f"y (line {line})"


def test_the_argument_and_what_layers_return_keep_their_names():
    recording, _ = record(X)
    assert recording.name(recording.variables["x"][0]) == "the argument"
    assert recording.name(recording.variables["y"][0]) == "inner's result"


def test_code_that_writes_into_its_values_runs_again_to_the_same_end():
    recording, sums = record(X)
    assert recording.argument is not None
    assert recording.result is not None
    other = -X
    known = {recording.argument: other, recording.results["inner"]: sums.inner(other)}
    again = recording.starting_from(known)
    assert torch.equal(again.values[recording.result], sums(other))
    assert not torch.equal(again.values[recording.result], sums(X))


class WritesOver(nn.Module):
    """Takes its argument's place, as vision models do to save memory."""

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(x * 2, inplace=True)
        y += x
        return F.leaky_relu(y, 0.1, True)


def recorded_alone(module: nn.Module) -> tuple[Recording, nn.Module]:
    with torch.inference_mode(), recorded(module, module, {}) as made:
        module(X)
    return made, module


def test_what_writes_over_its_argument_is_a_step_with_its_own_value():
    recording, module = recorded_alone(WritesOver())
    names = [step.name for step in recording.steps]
    assert names == ["mul", "relu", "add", "leaky_relu"]
    doubled, positive, *_ = (recording.values[s.result] for s in recording.steps)
    assert torch.equal(doubled, X * 2)
    assert torch.equal(positive, (X * 2).relu())
    assert recording.result is not None
    assert torch.equal(recording.values[recording.result], module(X))


def test_a_mistake_in_a_step_that_writes_leaves_the_recording_as_it_was():
    recording, _ = recorded_alone(WritesOver())
    before = [value.clone() for value in recording.values]
    (step,) = (s for s in recording.steps if s.name == "add")
    assert recording.result is not None

    def twice(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        return step.function(*args, **kwargs).mul_(2)

    wrong = recording.replay(recording.result, {step.result: twice})
    assert not torch.equal(wrong, before[recording.result])
    assert all(map(torch.equal, recording.values, before))
