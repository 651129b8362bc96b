import pytest
import torch
import torch.nn.functional as F

from tests.recordings import causes_of, numbers, segment_of

LOWEST = torch.finfo(torch.float32).min
X = numbers(2, 6, 6)
PADDED = torch.tensor([[0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 1]])[:, None, :].double()


def added(number):
    return lambda _, x: (x + PADDED * number).softmax(-1) @ x


def filled(number):
    return lambda _, x: x.masked_fill(PADDED.bool(), number).softmax(-1) @ x


def chosen(number):
    return lambda _, x: torch.where(PADDED.bool(), number, x).softmax(-1) @ x


def seen(number):
    return lambda _, x: torch.where(~PADDED.bool(), x, number).softmax(-1) @ x


@pytest.mark.parametrize("number", [-1.0, -0.25, 1e9, -7.5])
@pytest.mark.parametrize("right", [added(LOWEST), filled(-torch.inf), chosen(LOWEST)])
def test_a_mask_that_adds_another_number_is_named_with_it(right, number):
    (text,) = causes_of(right, added(number), X)
    assert f" adds {number:g} where it hides, PyTorch's " in text


@pytest.mark.parametrize("number", [-1.0, 1e-9, 2.0])
@pytest.mark.parametrize("right", [added(-1e4), filled(LOWEST), seen(-torch.inf)])
def test_a_mask_that_puts_another_number_is_named_with_it(right, number):
    text, *_ = causes_of(right, filled(number), X)
    assert f" puts {number:g} where it hides, PyTorch's " in text


def test_a_mask_with_a_bias_in_it_is_named_too():
    bias = numbers(1, 6, 6, seed=3)

    def right(_, x):
        return (x + torch.where(PADDED.bool(), LOWEST, bias)).softmax(-1) @ x

    def wrong(_, x):
        return (x + bias + PADDED * -1.0).softmax(-1) @ x

    (text,) = causes_of(right, wrong, X)
    assert " adds -1 where it hides, PyTorch's finfo.min" in text


def test_the_mask_of_pytorchs_attention_counts_as_well():
    def right(_, x):
        return F.scaled_dot_product_attention(x, x, x, is_causal=True)

    def wrong(_, x):
        mask = torch.ones(6, 6, dtype=x.dtype).triu(1) * -2.0
        return (x @ x.mT * 6**-0.5 + mask).softmax(-1) @ x

    (text,) = causes_of(right, wrong, X)
    assert text == "the causal mask adds -2 where it hides, PyTorch's -inf"


def test_another_number_that_hides_as_well_is_right():
    assert not segment_of(added(LOWEST), added(-1e4), X).wrong
