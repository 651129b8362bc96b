"""Slices at another place."""

from collections.abc import Callable

import pytest
import torch
from recordings import numbers
from torch import Tensor

from debug.causes.hypotheses.axes import Axis, unnamed
from debug.causes.hypotheses.moved_slices import moved, reordered, shifted

FRAMES = Axis(0, "frame")
RIGHT = numbers(12, 6)


def said_of(wrong: Tensor, right: Tensor = RIGHT) -> str | None:
    for fit in moved(wrong, right, FRAMES):
        if torch.equal(fit.transform(right), wrong):
            return fit.about("x")
    return None


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda r: shifted(r, 1, 0), "the frames of x are shifted by +1"),
        (lambda r: shifted(r, -2, 0), "the frames of x are shifted by -2"),
        (lambda r: r.flip(0), "the frames of x are in reverse"),
        (lambda r: r.roll(2, 0), "the frames of x are rotated by 2"),
        (
            lambda r: r[[0, 2, 1, *range(3, 12)]],
            "the frames of x are in another order, from 1 to 2",
        ),
        (lambda r: r[[5] * 12], "frame 5 of x is in the place of all"),
        (
            lambda r: torch.cat([r[:7], r[6:11]]),
            "frame 6 of x is there twice, and each frame after it is one later",
        ),
        (
            lambda r: torch.cat([r[:3], r[:3], r[6:]]),
            "frames 3 to 5 of x are copies of frames 0 to 2",
        ),
        (lambda r: r[[0, 1, 2, 1, *range(4, 12)]], "frame 3 of x is a copy of frame 1"),
        (
            lambda r: r[[0, 5, 2, 3, 7, 5, 6, 7, 8, 0, 10, 11]],
            "the frames of x are filled with the wrong slices",
        ),
    ],
)
def test_slices_at_another_place_are_named(spoil: Callable[[Tensor], Tensor], text: str):
    assert said_of(spoil(RIGHT)) == text


def test_of_equal_slices_the_one_that_keeps_step_is_meant():
    right = RIGHT.clone()
    right[8:] = right[8]  # silence at the end
    wrong = torch.cat([right[:4], right[3:11]])
    text = "frame 3 of x is there twice, and each frame after it is one later"
    assert said_of(wrong, right) == text


def test_axes_that_changed_places_are_named():
    right = numbers(4, 4)
    found = reordered(right.T, right, unnamed(2))
    fit = next(fit for fit in found if torch.equal(fit.transform(right), right.T))
    assert fit.about("x") == "the axes of x are in the order (1, 0)"


def test_halves_that_change_places_are_called_that():
    right = numbers(5, 8)
    wrong = right.roll(4, 1)
    found = moved(wrong, right, Axis(1, "channel"))
    same = (fit for fit in found if torch.equal(fit.transform(right), wrong))
    assert next(same).about("x") == "the halves of the channels of x change places"


def test_slices_that_are_repeated_in_turn_and_not_in_a_row_are_said():
    once = numbers(3, 6)
    in_a_row, in_turn = once.repeat_interleave(2, 0), once.repeat(2, 1)
    said = said_of(in_turn, in_a_row)
    assert (
        said == "the frames of x are repeated 2 times, all in turn; PyTorch's each in a row"
    )
    said = said_of(in_a_row, in_turn)
    assert (
        said == "the frames of x are repeated 2 times, each in a row; PyTorch's all in turn"
    )


def test_one_of_several_equal_slices_in_the_place_of_all_is_said_by_the_first():
    right = numbers(3, 6).repeat_interleave(2, 0)
    assert said_of(right[[3] * 6], right) == "frame 2 of x is in the place of all"
