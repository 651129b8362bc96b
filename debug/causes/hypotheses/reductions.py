"""The known mistakes of what makes one number of several: means, sums, pooling."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake
from debug.causes.hypotheses.places import place_name
from debug.reference.recording import Replacement

Reduction = Callable[..., Tensor]

REDUCTIONS: Mapping[str, Reduction] = {
    "mean": Tensor.mean,
    "sum": Tensor.sum,
    "amax": Tensor.amax,
    "amin": Tensor.amin,
}
SAID = {
    "mean": "the mean",
    "sum": "the sum",
    "amax": "the largest value",
    "amin": "the smallest value",
}
MOST_PLACES = 32
"""As many places of an axis may have been taken instead of all."""


def reductions(called: Called) -> Iterator[Mistake]:
    """Another reduction, or the same over another axis."""
    right = called.name
    for name, function in REDUCTIONS.items():
        if name != right:
            text = f"{SAID[name]} is taken instead of {SAID[right]}"
            key = "reduced by", name
            yield Mistake(key, text, _by(function), right=right, wrong=name)
    dim, rank = _axis(called), len(called.sizes[0])
    if isinstance(dim, int):
        for axis in (each for each in range(rank) if each != dim % rank):

            def other(args: Sequence[Any], kwargs: Mapping, axis: int = axis) -> Tensor:
                kept = {n: v for n, v in kwargs.items() if n not in ("dim", "axis")}
                return REDUCTIONS[right](args[0], axis, *args[2:], **kept)

            text = f"{SAID[right]} is taken over axis {axis} instead of {dim % rank}"
            key = "reduced over", axis
            yield Mistake(key, text, other, right=dim % rank, wrong=axis)
        yield from _of_fewer(called, dim % rank, called.sizes[0][dim % rank])


def _of_fewer(called: Called, axis: int, size: int) -> Iterator[Mistake]:
    """Of one place of the axis, as the first token, or of all but the first or last."""
    name, right = called.recording.name(called.step.operands[0]), SAID[called.name]
    for part, said in ((slice(1, None), "first"), (slice(None, -1), "last")):
        text = f"{right} leaves out the {said} of axis {axis} of {name}"
        yield Mistake(("reduced but", said), text, _within(called, axis, part))
    places = [0, size - 1, *range(1, min(size - 1, MOST_PLACES))]
    for place in dict.fromkeys(places):
        one = f"the {place_name(place, size)} place of axis {axis} of {name}"
        text = f"{one} is taken instead of {right}"
        taken = _within(called, axis, slice(place, place + 1))
        yield Mistake(("one place", place), text, taken, right=called.name, wrong=place)


def _within(called: Called, axis: int, part: slice) -> Replacement:
    """The same reduction of some places of an axis."""

    def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        index = (*[slice(None)] * axis, part)
        return called.step.function(args[0][index], *args[1:], **kwargs)

    return call


def _axis(called: Called) -> Any:
    """Over what is reduced; several axes are a tuple."""
    args, kwargs = called.step.args, called.step.kwargs
    return args[1] if len(args) > 1 else kwargs.get("dim", kwargs.get("axis"))


def _by(function: Reduction) -> Replacement:
    return lambda args, kwargs: function(*args, **kwargs)


# -- Pooling -------------------------------------------------------------------------

POOLED = ("x", "kernel_size", "stride", "padding", "ceil_mode")
"""The arguments that pools of both kinds have, in order; the fifth of a mean."""
COUNTS = 5
"""The place of ``count_include_pad`` among those of a mean."""


def average_pools(called: Called) -> Iterator[Mistake]:
    function, args = called.step.function, called.step.args
    given = called.step.kwargs.get("count_include_pad", True)
    counts = args[COUNTS] if len(args) > COUNTS else given

    def counted(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        if len(args) > COUNTS:
            return function(*args[:COUNTS], not counts, *args[COUNTS + 1 :], **kwargs)
        return function(*args, **{**kwargs, "count_include_pad": not counts})

    verb = "does not count" if counts else "counts"
    text = f"what is padded {verb} in the mean of the pool"
    yield Mistake(("pool", "padding counts"), text, counted)
    largest = F.max_pool1d if "1d" in called.name else F.max_pool2d
    text = "the largest value is pooled instead of the mean"
    yield Mistake(("pool", "largest"), text, _pooled_by(largest))


def largest_pools(called: Called) -> Iterator[Mistake]:
    mean = F.avg_pool1d if "1d" in called.name else F.avg_pool2d
    text = "the mean is pooled instead of the largest value"
    yield Mistake(("pool", "mean"), text, _pooled_by(mean))


def _pooled_by(function: Callable[..., Tensor]) -> Replacement:
    """A pool with the same places."""

    def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        given = dict(zip(POOLED, args, strict=False))
        given |= {name: value for name, value in kwargs.items() if name in POOLED}
        return function(given.pop("x"), **given)

    return call
