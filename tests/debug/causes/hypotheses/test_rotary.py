"""What turns values is known however PyTorch's code writes it."""

import pytest
import torch
from recordings import numbers, segment_of
from torch import Tensor

from debug.causes.hypotheses.rotary import Pairs, Rotation, rotated, rotations

TOKENS, WIDTH = 10, 8
X = numbers(2, TOKENS, 3, WIDTH)
ANGLES = torch.arange(TOKENS)[:, None] * 100.0 ** (-torch.arange(WIDTH // 2) / 4)
COS, SIN = (table[:, None].double() for table in (ANGLES.cos(), ANGLES.sin()))


def with_complex_numbers(_: object, x: Tensor) -> Tensor:
    points = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(points * torch.complex(COS, SIN)).flatten(3) * 1.5


def with_two_lines(_: object, x: Tensor) -> Tensor:
    one, two = x[..., ::2], x[..., 1::2]
    turned = torch.stack((one * COS - two * SIN, two * COS + one * SIN), dim=-1)
    return turned.flatten(-2) * 1.5


def with_halves(_: object, x: Tensor) -> Tensor:
    one, two = x.chunk(2, dim=-1)
    return torch.cat((one * COS - two * SIN, two * COS + one * SIN), dim=-1) * 1.5


def found_in(code) -> list[Rotation]:
    segment = segment_of(code, code, X)
    return rotations(segment.steps, segment.recording)


@pytest.mark.parametrize(
    ("code", "pairs"),
    [
        (with_complex_numbers, Pairs.NEIGHBOURS),
        (with_two_lines, Pairs.NEIGHBOURS),
        (with_halves, Pairs.HALVES),
    ],
)
def test_a_rotation_is_known_by_its_numbers(code, pairs: Pairs):
    (found,) = found_in(code)
    assert found.pairs is pairs
    assert torch.allclose(rotated(X, found.cos, found.sin, pairs) * 1.5, code(None, X))
    assert found.by_position is not None
    cos, sin = found.by_position
    channels = slice(0, WIDTH // 2) if pairs is Pairs.HALVES else slice(0, WIDTH, 2)
    assert torch.allclose(cos[:, channels], COS[:, 0], atol=1e-6)
    assert torch.allclose(sin[:, channels], SIN[:, 0], atol=1e-6)


@pytest.mark.parametrize(
    "code",
    [
        lambda _, x: torch.cat((-x[..., 4:], x[..., :4]), dim=-1) * 1.5,
        lambda _, x: x.flip(-1) * 1.5,
        lambda _, x: torch.cat((x[..., :4] * 2, x[..., 4:] * 3), dim=-1),
    ],
)
def test_what_exchanges_or_scales_channels_turns_nothing(code):
    assert found_in(code) == []
