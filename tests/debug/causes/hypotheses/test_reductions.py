import pytest
import torch.nn.functional as F

from tests.recordings import causes_of, numbers

X = numbers(2, 3, 8)


@pytest.mark.parametrize(
    ("right", "wrong", "text"),
    [
        (
            lambda _, x: x.mean(-1),
            lambda _, x: x.amax(-1),
            "the largest value is taken instead of the mean",
        ),
        (
            lambda _, x: x.sum(1),
            lambda _, x: x.mean(1),
            "the mean is taken instead of the sum",
        ),
        (
            lambda _, x: x - x.mean(1, keepdim=True),
            lambda _, x: x - x.mean(2, keepdim=True),
            "the mean is taken over axis 2 instead of 1",
        ),
        (
            lambda _, x: x.mean(1).tanh(),
            lambda _, x: x[:, 0].tanh(),
            "the first place of axis 1 of the argument is taken instead of the mean",
        ),
        (
            lambda _, x: x.amax(2, keepdim=True),
            lambda _, x: x[:, :, 4:5],
            "the 5th place of axis 2 of the argument is taken instead of the largest value",
        ),
        (
            lambda _, x: x.mean(1),
            lambda _, x: x[:, 1:].mean(1),
            "the mean leaves out the first of axis 1 of the argument",
        ),
        (
            lambda _, x: F.avg_pool1d(x, 3, 1, 1, count_include_pad=False),
            lambda _, x: F.avg_pool1d(x, 3, 1, 1),
            "what is padded counts in the mean of the pool",
        ),
        (
            lambda _, x: F.avg_pool1d(x, 2),
            lambda _, x: F.max_pool1d(x, 2),
            "the largest value is pooled instead of the mean",
        ),
        (
            lambda _, x: F.max_pool1d(x, 2),
            lambda _, x: F.avg_pool1d(x, 2),
            "the mean is pooled instead of the largest value",
        ),
    ],
)
def test_another_way_to_make_one_number_of_several_is_named(right, wrong, text):
    best, *_ = causes_of(right, wrong, X)
    assert best == text


def test_a_factor_that_is_left_out_is_named():
    def right(layer, x):
        return x + layer.gamma * x.tanh()

    best, *_ = causes_of(right, lambda _, x: x + x.tanh(), X, gamma=numbers(8, seed=1))
    assert best == "the factor gamma is left out"
