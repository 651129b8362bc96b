"""Other places of an axis than those that the reference takes."""

import pytest
import torch
from recordings import Code, numbers, recording_of
from torch import Tensor

from debug.causes.hypotheses.functions import mistakes
from debug.reference.recording import run_step

X = numbers(2, 5, 6)


@pytest.mark.parametrize(
    ("code", "says", "made"),
    [
        (
            lambda _, x: x[:, 0],
            "the last place of axis 1 of x is taken instead of the first",
            lambda x: x[:, -1],
        ),
        (
            lambda _, x: x[..., -1],
            "the 5th place of axis 2 of x is taken instead of the last",
            lambda x: x[..., 4],
        ),
        (
            lambda _, x: x[:, 1:4],
            "the slice of axis 1 of x is 2 to 4, PyTorch's is 1 to 3",
            lambda x: x[:, 2:5],
        ),
        (
            lambda _, x: x.select(1, 2),
            "the 4th place of axis 1 of x is taken instead of the 3rd",
            lambda x: x[:, 3],
        ),
        (
            lambda _, x: x[:, 0],
            "the mean over axis 1 of x is taken instead of the first place",
            lambda x: x.mean(1),
        ),
        (
            lambda _, x: x[..., 2, 1:4],
            "the largest value over axis 1 of x is taken instead of the 3rd place",
            lambda x: x.amax(1)[:, 1:4],
        ),
        (
            lambda _, x: x.select(1, -1),
            "the mean over axis 1 of x is taken instead of the last place",
            lambda x: x.mean(1),
        ),
        (
            lambda _, x: torch.roll(x, (-2,), (1,)),
            "x is rolled the other way round",
            lambda x: torch.roll(x, 2, 1),
        ),
    ],
)
def test_another_place_may_have_been_taken(code: Code, says: str, made: Code):
    recording = recording_of(code, X)
    (step,) = recording.steps
    x = recording.name(step.operands[0])
    found = {each.text.replace(x, "x"): each for each in mistakes(step, recording)}
    value = run_step(step, recording.values, found[says].replacement)
    assert torch.equal(value, made(recording.values[step.operands[0]]))  # pyright: ignore


def test_a_whole_axis_is_no_slice_that_may_begin_elsewhere():
    def whole(_: object, x: Tensor) -> Tensor:
        return x[:, :, 2]

    recording = recording_of(whole, X)
    (step,) = recording.steps
    assert not any("slice" in each.text for each in mistakes(step, recording))
