"""All fits of a wrong value, whole and in a few slices."""

from collections.abc import Callable, Iterable

import pytest
import torch
from recordings import numbers
from torch import Tensor

from debug.causes.hypotheses.axes import Axis, unnamed
from debug.causes.hypotheses.every_fit import fits, fits_of_ids, local_fits
from debug.causes.hypotheses.fit import Fit, Support
from debug.causes.hypotheses.moved_slices import shifted

FRAMES, WIDTH = 10, 6
RIGHT = numbers(FRAMES, WIDTH) + 1
IDS = torch.arange(12.0).expand(2, 12)
NAMED = [Axis(0, "frame"), Axis(1, "channel")]


def first_that_fits(found: Iterable[Fit], wrong: Tensor, right: Tensor) -> str | None:
    for fit in found:
        supposed = fit.transform(right)
        if supposed.shape == wrong.shape and torch.allclose(supposed, wrong, atol=1e-12):
            return fit.about("x")
    return None


def said_of(wrong: Tensor) -> str | None:
    return first_that_fits(fits(wrong, RIGHT, NAMED), wrong, RIGHT)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda r: r * 1.5, "x is multiplied by 1.5"),
        (lambda r: r + 0.25, "0.25 is added to x"),
        (lambda r: 2 * r + 0.5, "x is multiplied by 2, and 0.5 is added"),
        (lambda r: r * 0, "x is zero"),
        (lambda r: r.clamp(max=1.5), None),
        (lambda r: r.abs(), "the absolute value of x is taken"),
        (lambda r: r.flip(0), "the frames of x are in reverse"),
    ],
)
def test_a_transform_of_the_whole_is_named(
    spoil: Callable[[Tensor], Tensor], text: str | None
):
    said = said_of(spoil(RIGHT))
    assert said == text if text else said and said.startswith("x is clamped to at most 1.5")


def test_noise_fits_nothing():
    assert said_of(RIGHT + numbers(FRAMES, WIDTH, seed=5)) is None


def test_a_value_of_zeros_is_no_reason_to_divide_by_zero():
    zeros = torch.zeros(3, 3, dtype=torch.float64)
    found = fits(zeros + 2, zeros, unnamed(2))
    assert first_that_fits(found, zeros + 2, zeros) == "2 is added to x"


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda part: part * 0, "frame 4 of x is zero"),
        (lambda part: part * 3, "frame 4 of x is multiplied by 3"),
        (lambda part: part + 2, "2 is added to frame 4 of x"),
        (lambda part: part.clamp(max=1), "frame 4 of x is clamped to at most 1"),
        (
            lambda part: shifted(part, 1, 0),
            "the channels of frame 4 of x are shifted by +1",
        ),
    ],
)
def test_what_happened_to_one_slice_is_named(spoil: Callable[[Tensor], Tensor], text: str):
    wrong = RIGHT.clone()
    wrong[4] = spoil(wrong[4])
    found = local_fits(wrong, RIGHT, Support(0, [4]), NAMED)
    assert first_that_fits(found, wrong, RIGHT) == text


def test_what_happened_to_several_slices_is_said_of_them_all():
    wrong = RIGHT.clone()
    wrong[2:5] *= 3
    found = local_fits(wrong, RIGHT, Support(0, [2, 3, 4]), NAMED)
    assert first_that_fits(found, wrong, RIGHT) == "frames 2 to 4 of x are multiplied by 3"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (IDS + 1, "1 is added to ids"),
        (IDS * 0, "ids is 0 everywhere"),
        (IDS.flip(-1), "ids counts down from 11"),
        (IDS * 2, "ids is multiplied by 2"),
    ],
)
def test_positions_that_are_counted_otherwise_are_named(wrong: Tensor, says: str):
    found = [
        fit.about("ids")
        for fit in fits_of_ids(wrong, IDS, unnamed(2))
        if torch.equal(fit.transform(IDS), wrong)
    ]
    assert found[0] == says
