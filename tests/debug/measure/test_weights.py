"""One weight of a port beside PyTorch's."""

import pytest
import torch

from debug.measure.weights import likened
from debug.protocol.weights import Likeness

WEIGHT = torch.randn(6, 4, 3, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("candidate", "layout"),
    [
        (WEIGHT, ""),
        (WEIGHT.permute(2, 1, 0), "axes 2, 1, 0"),
        (WEIGHT.reshape(6, 12), "reshaped"),
        (WEIGHT.to(torch.bfloat16), ""),
    ],
)
def test_equal_are_the_same_numbers_in_whatever_layout_and_precision(candidate, layout):
    found = likened(WEIGHT, candidate)
    assert (found.likeness, found.layout) == (Likeness.EQUAL, layout)


def test_a_matrix_is_transposed_even_where_its_shape_does_not_tell():
    square = WEIGHT[:4, :, 0]
    found = likened(square, square.T)
    assert (found.likeness, found.layout) == (Likeness.EQUAL, "transposed")


def test_numbers_that_no_order_of_axes_brings_together_are_in_another_order():
    assert likened(WEIGHT, WEIGHT.flip(0)).likeness is Likeness.OTHER_ORDER


def test_what_is_off_by_more_than_rounding_is_different_and_by_how_much_is_measured():
    found = likened(WEIGHT, WEIGHT * 1.25)
    assert found.likeness is Likeness.DIFFERENT
    assert found.error == pytest.approx(0.25, rel=1e-6)
    assert likened(WEIGHT, WEIGHT * (1 + 2**-23)).likeness is Likeness.ROUNDED
    other_size = likened(WEIGHT, WEIGHT[:5])
    assert (other_size.likeness, other_size.error) == (Likeness.DIFFERENT, None)
