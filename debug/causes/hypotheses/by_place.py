"""What positions that PyTorch's code does not have do to a value.

Newer attention knows where a token is from queries and keys that are turned by an angle for
each position (rotary positions), or from scores that are less the farther a key is from its
query (ALiBi). Whisper's has neither, and a port that is made from a newer model's code may.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import torch
from torch import Tensor

from debug.causes.hypotheses.axes import Axes
from debug.causes.hypotheses.fit import Fit

BASES = (10_000.0, 500_000.0, 1_000_000.0, 1_000.0)
"""Of the angles that models use."""
PAIRS = {"halves": True, "neighbours": False}
"""Which channels are turned together: the first of each half, or the first two."""
NOT_ROWS = ("batch", "head", "channel", "query", "key")
SAME = 1e-3
"""How far, relatively, numbers may be apart that are taken for the same."""


def turned_by_place(wrong: Tensor, right: Tensor, axes: Axes) -> Iterator[Fit]:
    """Rotary positions, of a value with an even number of channels."""
    names = [axis.name for axis in axes]
    rows = [n for n, name in enumerate(names) if name is not None and name not in NOT_ROWS]
    if len(rows) != 1 or "channel" not in names:
        return
    row, channel = rows[0], names.index("channel")
    sizes = wrong.norm().item(), right.norm().item()
    if right.shape[channel] % 2 or abs(sizes[0] - sizes[1]) > SAME * sizes[1]:
        return
    for base, (called, halves), way in product(BASES, PAIRS.items(), (1, -1)):
        turn = _Turn(row, channel, base, halves, way)
        if (wrong - turn(right)).norm().item() <= SAME * sizes[0]:
            text = (
                f"{{it}} is turned by rotary positions (base {base:g}, pairs of {called})"
            )
            yield Fit(text, turn, extra=True)
            return


class _Turn:
    """Turns each pair of channels by an angle that grows with the row."""

    def __init__(self, row: int, channel: int, base: float, halves: bool, way: int) -> None:
        self._row, self._channel = row, channel
        self._base, self._halves, self._way = base, halves, way

    def __call__(self, x: Tensor) -> Tensor:
        x = x.movedim((self._row, self._channel), (-2, -1))
        count, size = x.shape[-2:]
        rates = self._base ** (-torch.arange(0, size, 2).double() / size)
        angles = self._way * torch.arange(count)[:, None] * rates
        cos, sin = angles.cos().to(x), angles.sin().to(x)
        if self._halves:
            a, b = x.chunk(2, -1)
            made = torch.cat([a * cos - b * sin, b * cos + a * sin], -1)
        else:
            a, b = x[..., ::2], x[..., 1::2]
            made = torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)
        return made.movedim((-2, -1), (self._row, self._channel))


def added_by_distance(wrong: Tensor, right: Tensor, axes: Axes) -> Iterator[Fit]:
    """Scores that have something added for how far a key is from its query."""
    if [axis.name for axis in axes[-2:]] != ["query", "key"]:
        return
    added = wrong - right
    size = added.norm().item()
    along = added[..., 1:, 1:] - added[..., :-1, :-1]
    if not size > 0 or along.norm().item() > SAME * size:
        return
    places = torch.arange(right.shape[-1])
    far = (places[None, :] - places[:, None]).abs().to(right)
    slopes = added[..., :1, 1:2]
    if (added - slopes * far).norm().item() <= SAME * size:
        slopes = _exactly((added * far).sum((-2, -1), keepdim=True) / far.square().sum())
        text = f"{_listed(slopes)} times the distance of query and key is added to {{it}}"
        yield Fit(text, lambda r: r + slopes * far)
        return
    text = "numbers that depend on the distance of query and key alone are added to {it}"
    yield Fit(text, lambda r: r + added, vague=True)


def _exactly(slopes: Tensor) -> Tensor:
    """With as many digits as a person types, if that is nearly the same."""
    short = torch.tensor([float(f"{n:.4g}") for n in slopes.flatten().tolist()])
    return short.to(slopes).reshape(slopes.shape)


def _listed(slopes: Tensor) -> str:
    numbers: Sequence[float] = list(dict.fromkeys(slopes.flatten().tolist()))
    if len(numbers) == 1:
        return f"{numbers[0]:g}"
    shown = ", ".join(f"{number:g}" for number in numbers[:4])
    more = ", ..." if len(numbers) > 4 else ""
    return f"a number by head ({shown}{more})"
