"""Functions of each number."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from recordings import numbers
from torch import Tensor

from debug.causes.hypotheses.elementwise import functions_of_each

RIGHT = 3 * numbers(60, 40)


def said_of(wrong: Tensor) -> str | None:
    for fit in functions_of_each(wrong, RIGHT):
        supposed = fit.transform(RIGHT)
        if (supposed - wrong).norm() <= 1e-6 * wrong.norm():
            return fit.about("x")
    return None


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (torch.neg, "the sign of x is changed"),
        (torch.abs, "the absolute value of x is taken"),
        (torch.square, "x is squared"),
        (F.gelu, "GELU by erf is applied to x"),
        (lambda r: r.clamp(max=1.25), "x is clamped to at most 1.25"),
        (lambda r: r.clamp(min=-2), "x is clamped to at least -2"),
        (lambda r: r.clamp(-0.5, 2), "x is clamped to -0.5 to 2"),
        (lambda r: 4 * torch.tanh(r / 4), "x is capped softly, by 4 tanh(x / 4)"),
        (lambda r: (r * 8).round() / 8, "x is rounded to multiples of 0.125"),
        (lambda r: (r * 1.7).round() / 1.7, "x is rounded to multiples of 0.5882"),
        (lambda r: r.sign() * r.abs() ** 1.5, "x is raised to the power of 1.5"),
        (lambda r: r.bfloat16().double(), "x is rounded to bfloat16"),
        (
            lambda r: r.to(torch.float8_e4m3fn).double(),
            "x is rounded to float8 (e4m3)",
        ),
    ],
)
def test_what_was_done_to_every_number_is_named(
    spoil: Callable[[Tensor], Tensor], text: str
):
    assert said_of(spoil(RIGHT)) == text


def test_what_is_small_and_set_to_zero_is_named():
    said = said_of(torch.where(RIGHT.abs() < 0.5, 0.0, RIGHT))
    assert said is not None
    assert said.startswith("x is set to zero where it is smaller than 0.4")


def test_noise_is_no_function_of_each_number():
    assert said_of(RIGHT + numbers(60, 40, seed=3)) is None
