import pytest
import torch.nn.functional as F

from tests.recordings import causes_of, numbers

X = numbers(2, 4, 6)


def padded(sides, mode="constant"):
    return lambda layer, x: F.pad(x.exp(), sides, mode).cumsum(-1)


@pytest.mark.parametrize(
    ("right", "wrong", "text"),
    [
        ((4, 0), (0, 4), "it is padded by 4 behind, PyTorch's by 4 in front"),
        ((4, 0), (2, 2), "it is padded by 2 on both sides, PyTorch's by 4 in front"),
        ((1, 2), (2, 1), "it is padded by 2 in front and 1 behind, "),
        ((2, 2, 0, 1), (2, 2, 1, 0), "it is padded by 1 in front, PyTorch's by 1 behind"),
    ],
)
def test_padding_on_other_sides_is_named(right, wrong, text):
    best, *_ = causes_of(padded(right), padded(wrong), X)
    assert best.startswith(text)


@pytest.mark.parametrize(
    ("mode", "said"), [("replicate", "the edge"), ("circular", "the other end")]
)
def test_padding_with_other_numbers_is_named(mode, said):
    best, *_ = causes_of(padded((2, 1)), padded((2, 1), mode), X)
    assert best == f"it is padded with {said}, PyTorch's with zeros"
    best, *_ = causes_of(padded((2, 1), mode), padded((2, 1)), X)
    assert best == f"it is padded with zeros, PyTorch's with {said}"
