import pytest
import torch

from debug.measure.layout import is_flattened, laid_out, permutations_between

VALUE = torch.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, 6, 8), (6, 8)),
        ((6, 8), (1, 6, 1, 8)),
        ((2, 12, 64), (24, 64)),
        ((24, 64), (2, 12, 64)),
        ((2, 3, 4, 5), (24, 5)),
    ],
)
def test_axes_of_one_and_joined_leading_axes_change_no_number(one, other):
    assert is_flattened(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [((6, 8), (8, 6)), ((2, 12, 64), (2, 768)), ((2, 3), (7,)), ((1, 80, 30), (30, 80))],
)
def test_other_shapes_are_not_the_same_numbers_in_one_order(one, other):
    assert not is_flattened(one, other)


def test_a_value_in_its_shape_is_left_alone():
    assert laid_out(VALUE, (2, 3, 4)) is VALUE


def test_axes_change_places_where_there_is_only_one_way():
    assert torch.equal(laid_out(VALUE, (4, 2, 3)), VALUE.permute(2, 0, 1))


def test_where_there_are_several_ways_none_is_guessed():
    cube = torch.rand(3, 4, 4)
    assert laid_out(cube, (4, 3, 4)) is cube


def test_a_permutation_that_is_known_goes_first():
    cube = torch.rand(3, 4, 4)
    assert torch.equal(laid_out(cube, (4, 4, 3), (2, 1, 0)), cube.permute(2, 1, 0))


def test_a_shape_that_does_not_fit_leaves_the_value_as_it_is():
    assert laid_out(VALUE, (5, 5)) is VALUE


def test_permutations_are_found_in_both_directions():
    (axes,) = permutations_between((2, 3, 4), (4, 2, 3))
    assert VALUE.permute(axes).shape == (4, 2, 3)
    assert permutations_between((2, 3), (3, 4)) == []
