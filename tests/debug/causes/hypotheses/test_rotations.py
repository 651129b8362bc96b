"""Rotary positions: queries and keys that are turned otherwise than PyTorch's."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from recordings import Code, causes_of, numbers, segment_of
from torch import Tensor

from debug.causes.hypotheses.rotary import Pairs, partners, rotations

TOKENS, HEADS, WIDTH, BASE = 10, 3, 8, 10_000.0
X = numbers(1, HEADS, TOKENS, WIDTH)
Turn = Callable[[Tensor, Tensor, Tensor], Tensor]


def other_half(x: Tensor) -> Tensor:
    return torch.cat((-x[..., WIDTH // 2 :], x[..., : WIDTH // 2]), dim=-1)


def neighbour(x: Tensor) -> Tensor:
    return torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1).flatten(-2)


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    return (x * cos) + (other_half(x) * sin)


def tables(
    base: float = BASE, first: float = 0, exponent: float = 1.0
) -> tuple[Tensor, Tensor]:
    even = torch.arange(0, WIDTH, 2, dtype=torch.float64)
    per_position = base ** (-(even**exponent) / WIDTH)
    positions = torch.arange(first, first + TOKENS, dtype=torch.float64)
    angles = positions[:, None] * per_position
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def attention(
    of_query: Turn = turned,
    of_key: Turn | None = None,
    of_value: Turn | None = None,
    **made_of: float,
) -> Code:
    def code(_: object, x: Tensor) -> Tensor:
        cos, sin = tables(**made_of)
        q, k = of_query(x * 0.7, cos, sin), (of_key or of_query)(x + 0.1, cos, sin)
        v = x * 1.1
        v = v if of_value is None else of_value(v, cos, sin)
        return F.softmax(q @ k.mT, dim=-1) @ v

    return code


RIGHT = attention()


def swapped_order(table: Tensor) -> Tensor:
    return table[..., : WIDTH // 2].repeat_interleave(2, -1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            lambda x, c, s: x * swapped_order(c) + neighbour(x) * swapped_order(s),
            "the rotation pairs neighbouring channels, PyTorch's pairs the halves",
        ),
        (
            lambda x, c, s: x * c + neighbour(x) * s,
            "the rotation pairs neighbouring channels, with angles in the order for the "
            "halves",
        ),
        (
            lambda x, c, s: turned(x, c, -s),
            "the rotation turns the other way: the sine has the other sign",
        ),
        (lambda x, c, s: x, "the rotation is left out"),
        (lambda x, c, s: turned(turned(x, c, s), c, s), "the rotation is applied twice"),
        (
            lambda x, c, s: turned(x, s, c),
            "cosine and sine of the rotation change places",
        ),
    ],
)
def test_what_is_done_to_queries_and_keys_alike_is_said_once(wrong: Turn, said: str):
    found = causes_of(RIGHT, attention(wrong), X)
    assert found[0] == said


def test_a_rotation_of_the_queries_alone_is_said_with_what_is_not_rotated():
    found = causes_of(RIGHT, attention(turned, lambda x, c, s: x), X)
    assert found[0].startswith("the rotation of ")
    assert found[0].endswith(" is left out")


def test_values_that_are_rotated_as_well_are_said():
    found = causes_of(RIGHT, attention(of_value=turned), X)
    assert found[0].endswith("is rotated as well")


def test_another_base_of_the_angles_is_said_with_pytorchs():
    found = causes_of(RIGHT, attention(base=500_000.0), X)
    assert found[0] == "the base of the angles is 500000, PyTorch's is 10000"


def test_other_angles_that_no_base_makes_are_said():
    found = causes_of(RIGHT, attention(exponent=1.3), X)
    assert found[0].startswith("the angles of each position are 1, ")


def test_positions_that_begin_elsewhere_for_the_keys_alone_are_said():
    def later(x: Tensor, _: Tensor, __: Tensor) -> Tensor:
        return turned(x, *tables(first=1))

    found = causes_of(RIGHT, attention(turned, later), X)
    assert found[0].endswith("is turned as if each position were +1")


@pytest.mark.parametrize(
    ("pairs", "other"), [(Pairs.HALVES, other_half), (Pairs.NEIGHBOURS, neighbour)]
)
def test_which_channels_are_a_pair_is_known_by_the_numbers(
    pairs: Pairs, other: Callable[[Tensor], Tensor]
):
    assert torch.equal(partners(X, pairs), other(X))

    def code(_: object, x: Tensor) -> Tensor:
        cos, sin = tables()
        return x * cos + other(x) * sin

    segment = segment_of(code, code, X)
    (found,) = rotations(segment.steps, segment.recording)
    assert found.pairs is pairs


def test_a_sum_of_two_products_is_no_rotation():
    def code(_: object, x: Tensor) -> Tensor:
        return x * 2 + x.flip(-1) * 3

    segment = segment_of(code, code, X)
    assert not rotations(segment.steps, segment.recording)
