"""A few operations of a candidate beside the steps that they should be."""

import torch
import torch.nn.functional as F
from recordings import numbers, recording_of
from torch import Tensor

from debug.candidate.operations import Evaluation, Operation, OperationIndex
from debug.causes.segment import Segment, Target

X = numbers(5, 4)


def code(_: object, x: Tensor) -> Tensor:
    scaled = x * 0.5
    active = F.gelu(scaled)
    return active.tanh()


RECORDING = recording_of(code, X)


def segment(
    *values: Tensor, uses: tuple[tuple[int, ...], ...] = ((), (0,), (1,))
) -> Segment:
    """Operations by their values and what they use; the last makes the target."""
    assert RECORDING.result is not None
    ops = [
        Operation(f"op{n}", None, tuple(map(OperationIndex, uses[n])), value.float(), True)
        for n, value in enumerate(values)
    ]
    target = Target("layer", False, RECORDING.result, None)
    made = Evaluation(ops, values[-1].float(), OperationIndex(len(ops) - 1))
    return Segment(RECORDING, target, made)


SCALED = X * 0.5
ACTIVE = F.gelu(SCALED)
RIGHT = ACTIVE.tanh()


def test_a_target_is_named_by_its_layer():
    assert RECORDING.result is not None
    assert str(Target("a", True, RECORDING.result, None)) == "input of a"
    assert str(Target("a", False, RECORDING.result, None)) == "result of a"


def test_what_ends_as_the_reference_does_is_right():
    found = segment(SCALED, ACTIVE, RIGHT)
    assert not found.wrong
    assert found.right == [True, True, True]
    assert found.culprit is None
    assert str(found.matches[1][0]) == "equals active"


def test_the_first_operation_that_is_not_right_is_the_culprit():
    wrong = F.relu(SCALED)
    found = segment(SCALED, wrong, wrong.tanh())
    assert found.wrong
    assert found.right == [True, False, False]
    assert found.culprit == 1
    assert [step.name for step in found.frontier] == ["gelu"]


def test_another_way_to_a_right_value_is_no_mistake():
    found = segment(X * 7, ACTIVE, RIGHT)
    assert all(match.suspicious for match in found.matches[0])
    assert found.right[0]
    assert found.culprit is None


def test_the_maker_of_a_wrong_target_is_wrong_though_it_is_another_of_the_values():
    found = segment(SCALED, ACTIVE, ACTIVE)
    assert not all(match.suspicious for match in found.matches[2])
    assert found.right == [True, True, False]
    assert found.culprit == 2


def test_what_makes_nan_comes_before_all_that_is_wrong():
    nan = RIGHT * torch.nan
    found = segment(X * 7, nan, nan)
    assert found.wrong
    assert found.culprit == 1


def test_another_shape_is_wrong():
    found = segment(SCALED, ACTIVE, RIGHT[1:])
    assert found.value is None
    assert found.wrong


def test_a_reference_that_makes_the_same_mistake_finds_it_right():
    wrong = F.relu(SCALED)
    found = segment(SCALED, wrong, wrong.tanh())
    (gelu,) = (step for step in found.steps if step.name == "gelu")
    supposed = found.supposing({gelu.result: lambda args, _: F.relu(args[0])}, {})
    assert not supposed.wrong
    assert found.wrong
