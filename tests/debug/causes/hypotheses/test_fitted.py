"""What a wrong value is of the right one."""

from collections.abc import Callable

import pytest
import torch
from recordings import numbers
from torch import Tensor

from debug.causes.hypotheses.fitted import Fit, Support, fits, local_fits, supports
from debug.causes.hypotheses.functions import shifted

FRAMES, WIDTH = 10, 6
RIGHT = numbers(FRAMES, WIDTH) + 1


def first_that_fits(found: list[Fit], wrong: Tensor, right: Tensor) -> str | None:
    for fit in found:
        supposed = fit.transform(right)
        if supposed.shape == wrong.shape and torch.allclose(supposed, wrong, atol=1e-12):
            return fit.text
    return None


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda r: r * 1.5, "it is multiplied by 1.5"),
        (lambda r: r + 0.25, "0.25 is added"),
        (lambda r: 2 * r + 0.5, "it is multiplied by 2, and 0.5 is added"),
        (lambda r: r.flip(0), "axis 0 is in reverse"),
        (lambda r: r.roll(2, 0), "axis 0 is rotated by 2"),
        (lambda r: r[:, [0, 2, 1, 3, 4, 5]], "axis 1 is in another order, from 1 to 2"),
        (lambda r: r[:, [0, 0, 2, 3, 4, 5]], "axis 1 is filled with the wrong slices"),
        (lambda r: shifted(r, 1, 0), "axis 0 is shifted by +1"),
    ],
)
def test_a_transform_of_the_whole_is_named(spoil: Callable[[Tensor], Tensor], text: str):
    wrong = spoil(RIGHT)
    assert first_that_fits(list(fits(wrong, RIGHT)), wrong, RIGHT) == text


def test_axes_that_changed_places_are_named():
    right = numbers(4, 4)
    wrong = right.T
    found = first_that_fits(list(fits(wrong, right)), wrong, right)
    assert found == "its axes are in the order (1, 0)"


def test_noise_fits_nothing():
    wrong = RIGHT + numbers(FRAMES, WIDTH, seed=5)
    assert first_that_fits(list(fits(wrong, RIGHT)), wrong, RIGHT) is None


def test_a_value_of_zeros_is_no_reason_to_divide_by_zero():
    zeros = torch.zeros(3, 3, dtype=torch.float64)
    found = list(fits(zeros + 2, zeros))
    assert first_that_fits(found, zeros + 2, zeros) == "2 is added"


# -- In a few slices -------------------------------------------------------------------


def test_an_error_in_few_slices_is_found_where_it_is():
    wrong = RIGHT.clone()
    wrong[[3, 7]] += 1
    (support,) = supports(wrong, RIGHT, 1e-9)
    assert (support.axis, support.indices) == (0, [3, 7])
    assert str(support) == "3, 7"


def test_an_error_everywhere_is_in_no_few_slices():
    assert supports(RIGHT + 1, RIGHT, 1e-9) == []


def test_the_narrowest_place_of_an_error_is_first():
    wrong = RIGHT.clone()
    wrong[3, 2] += 1
    assert [s.key for s in supports(wrong, RIGHT, 1e-9)] == [(0, 3), (1, 2)]


def test_many_slices_are_not_listed_in_full():
    assert str(Support(0, [1, 2, 3, 4, 5])) == "1, 2, 3, 4, ..."


def test_a_blend_is_wrong_in_its_slices_only():
    wrong = -RIGHT
    blended = Support(1, [2]).blend(RIGHT, wrong)
    assert torch.equal(blended[:, 2], wrong[:, 2])
    others = [n for n in range(WIDTH) if n != 2]
    assert torch.equal(blended[:, others], RIGHT[:, others])


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda part: part * 0, "zero at 4 of axis 0"),
        (lambda part: part * 3, "it is multiplied by 3 at 4 of axis 0"),
        (lambda part: part + 2, "2 is added at 4 of axis 0"),
        (lambda part: shifted(part, 1, 0), "axis 1 is shifted by +1 at 4 of axis 0"),
    ],
)
def test_what_happened_to_one_slice_is_named(spoil: Callable[[Tensor], Tensor], text: str):
    wrong = RIGHT.clone()
    wrong[4] = spoil(wrong[4])
    found = list(local_fits(wrong, RIGHT, Support(0, [4])))
    assert first_that_fits(found, wrong, RIGHT) == text
