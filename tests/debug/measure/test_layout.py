import pytest
import torch

from debug.measure.layout import (
    is_flattened,
    is_regrouped,
    laid_out,
    nearest,
    permutations_between,
)

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


TOKENS = torch.randn(2, 64, 16)


@pytest.mark.parametrize(
    "shape",
    [(2, 8, 8, 16), (2, 4, 16, 16), (128, 16), (2, 64, 4, 4), (1, 2, 4, 2, 8, 4, 4)],
)
def test_axes_are_joined_and_parted_with_all_numbers_in_their_order(shape):
    laid = laid_out(TOKENS, shape)
    assert laid.shape == shape
    assert torch.equal(laid.flatten(), TOKENS.flatten())
    assert torch.equal(nearest(laid, TOKENS), TOKENS)


def test_axes_of_which_some_are_joined_and_others_parted_keep_every_number_in_place():
    windows = TOKENS.reshape(8, 16, 16)
    assert is_regrouped((2, 64, 16), (8, 16, 16))
    assert torch.equal(laid_out(TOKENS, (8, 16, 16)), windows)
    assert torch.equal(nearest(windows, TOKENS), TOKENS)
    assert not is_regrouped((4, 6), (3, 8))
    assert not is_regrouped((2, 4, 8, 8), (2, 16, 16))  # an image is no row of patches
    assert laid_out(torch.rand(4, 6), (3, 8)).shape == (4, 6)


def test_channels_change_places_with_positions_that_are_parted():
    image = TOKENS.reshape(2, 8, 8, 16).permute(0, 3, 1, 2)
    assert torch.equal(laid_out(TOKENS, image.shape), image)
    assert torch.equal(laid_out(image, TOKENS.shape), TOKENS)
    assert torch.equal(nearest(image, TOKENS), TOKENS)


def test_of_two_ways_the_numbers_say_which():
    tokens = torch.randn(2, 16, 16)
    channels_first = tokens.transpose(1, 2).reshape(2, 16, 4, 4)
    assert torch.equal(nearest(channels_first, tokens), tokens)
    assert torch.equal(nearest(tokens.reshape(2, 16, 4, 4), tokens), tokens)


def test_a_wrong_order_of_the_numbers_stays_wrong():
    exchanged = TOKENS.reshape(2, 8, 8, 16).transpose(1, 2)
    assert not torch.equal(nearest(exchanged, TOKENS), TOKENS)
    reshaped = TOKENS.reshape(2, 16, 64)  # where it had to be transposed
    assert not torch.equal(nearest(reshaped, TOKENS), TOKENS)
    reshaped = TOKENS.reshape(2, 16, 8, 8)
    assert not torch.equal(nearest(reshaped, TOKENS), TOKENS)
