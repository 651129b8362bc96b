"""Values that are joined in another order than PyTorch's, or along another axis."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

import torch
from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake

MOST_PARTS = 4
"""Of more, the orders are too many."""


def joined_otherwise(called: Called) -> Iterator[Mistake]:
    """Of ``torch.cat`` and ``torch.stack``, whose first argument is a list."""
    count, given = len(called.step.operands), called.step.args
    if not given or not isinstance(given[0], list | tuple) or len(given[0]) != count:
        return
    names = [called.recording.name(index) for index in called.step.operands]
    if len({*names}) < count:  # as of slices that are taken in one line
        names = [f"part {number}" for number in range(1, count + 1)]
    for order in permutations(range(count)) if count <= MOST_PARTS else ():
        if list(order) == sorted(order):
            continue

        def call(
            args: Sequence[Any], kwargs: Mapping, order: Sequence[int] = order
        ) -> Tensor:
            parts = [args[0][number] for number in order]
            return called.step.function(parts, *args[1:], **kwargs)

        joined = ", ".join(names[number] for number in order)
        text = f"the join is of {joined}; PyTorch's of {', '.join(names)}"
        yield Mistake(("joined", *order), text, call)
    yield from _along_others(called)


def _along_others(called: Called) -> Iterator[Mistake]:
    sizes, (_, *rest) = called.sizes, called.step.args
    own = rest[0] if rest else called.step.kwargs.get("dim", 0)
    if called.name != "cat" or not isinstance(own, int) or len({*map(tuple, sizes)}) > 1:
        return
    for axis in (each for each in range(len(sizes[0])) if each != own % len(sizes[0])):
        text = f"the parts are joined along axis {axis}, PyTorch's along {own}"
        by = lambda args, _, axis=axis: torch.cat(args[0], axis)  # noqa: E731
        yield Mistake(("joined along", axis), text, by, right=own, wrong=axis)
