"""A fit: what a wrong value is of the right one, found from the two values.

It explains less than a mistake that has a name, because it says what became of a value and
not what was done. So fits are tried after the names, and each is kept only if it accounts
for nearly all of the error of the one operation that it was fitted to: chance explains
nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from debug.causes.hypotheses.axes import Axes

Transform = Callable[[Tensor], Tensor]

FEW = 0.25
"""The share of the slices that may be wrong for an error to be called local."""
SAMPLE = 20_000
"""This many numbers are enough to tell whether a function is worth trying on all."""
LIKELY = 0.98
"""The share of the sample's error from which it is."""

PLURAL = ("scores", "weights", "of all heads")
"""How names of several things end, such as those of attention's steps."""


@dataclass(frozen=True)
class Fit:
    said: str
    """With ``{it}`` in place of the value's name."""
    transform: Transform
    """What makes the wrong value of the right one."""
    takes: str | None = None
    """The name of another value that it takes."""
    vague: bool = False
    """Whether it takes many numbers from the wrong value itself: what was done may well
    have another name."""

    extra: bool = False
    """Whether it is a step that the reference has not, such as another activation."""

    def about(self, value: str, many: bool = False) -> str:
        """What a person reads of a value, or of several slices of one."""
        many = many or value.endswith(PLURAL)
        said = self.said.replace("{it} is", "{it} are") if many else self.said
        return said.replace("{it}", value)


@dataclass(frozen=True)
class Support:
    """The slices along one axis that hold the whole error."""

    axis: int
    indices: list[int]

    @property
    def key(self) -> tuple[int, ...]:
        """Equal for equal slices."""
        return self.axis, *self.indices

    def said(self, axes: Axes) -> str:
        """Such as "head 1", or "frames 225 to 299"."""
        return axes[self.axis].at(self.indices)

    def blend(self, right: Tensor, wrong: Tensor) -> Tensor:
        """The wrong value in these slices, the right one elsewhere."""
        chosen = torch.tensor(self.indices)
        parts = wrong.index_select(self.axis, chosen)
        return right.index_copy(self.axis, chosen, parts.to(right.dtype))


def supports(wrong: Tensor, right: Tensor, limit: float) -> list[Support]:
    """Where the error is, if it is in few slices of an axis; the narrowest first.

    Args:
        wrong: of the same shape as ``right``.
        right: in float64.
        limit: the norm of an error that is rounding.
    """
    squares = (wrong - right).square()
    found = []
    for axis, size in enumerate(right.shape):
        others = [a for a in range(right.ndim) if a != axis]
        norms = squares.sum(others).sqrt() if others else squares.sqrt()
        indices = (norms > limit / size**0.5).nonzero().flatten().tolist()
        if 0 < len(indices) <= max(1, FEW * size) and size > 1:
            found.append(Support(axis, indices))
    return sorted(found, key=lambda s: len(s.indices) / right.shape[s.axis])


class Sample:
    """Some of the numbers of two values of one shape, evenly spread."""

    def __init__(self, wrong: Tensor, right: Tensor) -> None:
        step = max(1, right.numel() // SAMPLE)
        step += step % 2 == 0 and step > 1  # so that no axis of 2, 4, 8 is always hit alike
        self.wrong = wrong.flatten()[::step]
        self.right = right.flatten()[::step]
        self._error = (self.wrong - self.right).square().sum().item()

    def likely(self, transform: Transform) -> bool:
        """Whether a function of each number may be what was done."""
        left = (self.wrong - transform(self.right)).square().sum().item()
        return left <= (1 - LIKELY) * self._error
