import pytest
import torch
import torch.nn.functional as F

from tests.recordings import causes_of, numbers, segment_of

X = numbers(2, 4, 15)
IMAGE = numbers(1, 4, 9, 8)
WEIGHTS = {"weight": numbers(4, 4, 3, seed=1), "bias": numbers(4, seed=2)}
KERNELS = {"weight": numbers(4, 4, 3, 3, seed=1), "bias": numbers(4, seed=2)}
GROUPED = {"weight": numbers(8, 2, 3, seed=1), "bias": numbers(8, seed=2)}


def conv(sides=(0, 0), mode="constant", **settings):
    """Padded by the convolution where that is possible, else before it."""
    return lambda layer, x: F.conv1d(
        F.pad(x, sides, mode), layer.weight, layer.bias, **settings
    )


def conv2d(sides=(0, 0, 0, 0), **settings):
    return lambda layer, x: F.conv2d(F.pad(x, sides), layer.weight, layer.bias, **settings)


@pytest.mark.parametrize(
    ("right", "wrong", "text"),
    [
        (
            conv((2, 0)),
            conv((0, 2)),
            "is padded by 2 behind, PyTorch's by 2 in front",
        ),
        (
            conv((4, 0), dilation=2),
            conv(padding=2, dilation=2),
            "the convolution is padded by 2 on both sides, PyTorch's by 4 in front",
        ),
        (
            conv((0, 1), stride=2),
            conv(padding=1, stride=2),
            "the convolution is padded by 1 on both sides, PyTorch's by 1 behind",
        ),
        (
            conv(padding=1, stride=3),
            conv((2, 1), stride=3),
            "is padded by 2 in front and 1 behind, PyTorch's by 1 on both sides",
        ),
        (
            conv(padding=2, dilation=2),
            conv(padding=1),
            "the dilation is 1, PyTorch's is 2, and the convolution is padded "
            "by 1 on both sides, PyTorch's by 2 on both sides",
        ),
        (
            conv(padding=1),
            conv((1, 1), "reflect"),
            "the convolution is padded with reflection, PyTorch's with zeros",
        ),
        (
            conv((1, 1), "circular"),
            conv(padding=1),
            "the convolution is padded with zeros, PyTorch's with the other end",
        ),
    ],
)
def test_another_setting_of_the_same_size_is_named(right, wrong, text):
    best, *_ = causes_of(right, wrong, X, **WEIGHTS)
    assert text in best


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (conv(padding=1), "the stride is 1, PyTorch's is 2"),
        (
            conv(stride=2),
            "the convolution is padded by nothing, PyTorch's by 1 on both sides",
        ),
        (conv(padding=1, stride=3), "the stride is 3, PyTorch's is 2"),
    ],
)
def test_another_setting_of_another_size_is_named(wrong, text):
    right = conv(padding=1, stride=2)
    assert segment_of(right, wrong, X, **WEIGHTS).value is None
    assert causes_of(right, wrong, X, **WEIGHTS)[0] == text


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            conv2d((0, 2, 1, 1)),
            "along the width the convolution is padded by 2 behind, "
            "PyTorch's by 1 on both sides",
        ),
        (
            conv2d((2, 0, 2, 0)),
            "the convolution is padded by 2 in front, PyTorch's by 1 on both sides",
        ),
        (
            conv2d(padding=1, stride=(2, 1)),
            "along the height the stride is 2, PyTorch's is 1",
        ),
    ],
)
def test_in_two_dimensions_the_axis_is_named(wrong, text):
    assert text in causes_of(conv2d(padding=1), wrong, IMAGE, **KERNELS)


def test_channels_that_are_dealt_out_to_the_groups_by_turns_are_named():
    def by_turns(layer, x):
        dealt = torch.cat([x[:, ::2], x[:, 1::2]], 1)
        return F.conv1d(dealt, layer.weight, layer.bias, groups=2)

    text = "the channels go into the groups by turns"
    assert text in causes_of(conv(groups=2), by_turns, X, **GROUPED)


def test_what_is_none_of_the_settings_is_not_said_to_be_one():
    def other(layer, x):
        return F.conv1d(x, layer.weight * 2 - 1, layer.bias, padding=2)

    found = causes_of(conv(padding=1), other, X, **WEIGHTS)
    assert found == []


def test_a_square_image_with_its_channels_last_is_laid_as_the_wrong_value_is():
    def last(layer, x):
        made = F.conv2d(F.pad(x, (0, 1, 0, 1)), layer.weight, layer.bias, stride=2)
        return made.permute(0, 2, 3, 1)

    image = numbers(2, 4, 12, 12)
    best, *_ = causes_of(conv2d(padding=1, stride=2), last, image, **KERNELS)
    assert "behind, PyTorch's by 1 on both sides" in best


def test_patches_in_columns_instead_of_rows_are_said():
    def patches(order: tuple[int, ...]):
        def by_matrix(layer, x):
            cut = x.reshape(2, 3, 4, 2, 4, 2).permute(order).reshape(2, 16, 12)
            made = cut @ layer.weight.flatten(1).T + layer.bias
            return made.mT.reshape(2, 4, 4, 4)

        return by_matrix

    image, kernels = (
        numbers(2, 3, 8, 8),
        {"weight": numbers(4, 3, 2, 2), "bias": numbers(4)},
    )
    right, wrong = conv2d(stride=2), patches((0, 4, 2, 1, 3, 5))
    said = "rows and columns of the result change places"
    assert said in causes_of(right, wrong, image, **kernels)
