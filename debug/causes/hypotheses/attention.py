"""The known mistakes of attention's middle: masks, softmax, and parts of a joined value."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake
from debug.causes.hypotheses.precision import OTHER_PRECISIONS, round_to
from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Element, Recording, Replacement, ValueId

HIDDEN = -1e3
"""What a mask adds is far below any score; at most this."""

LOWEST = -1e30
"""In place of minus infinity: a row that sees nothing would be NaN."""

MOST_PARTS = 4
"""In which a softmax may be taken."""

Edit = Callable[[Tensor], Tensor]


def softmaxes(called: Called) -> Iterator[Mistake]:
    rank = len(called.sizes[0])
    right = _axis(called) % rank
    meant = "the last" if right == rank - 1 else f"axis {right}"
    for axis in range(1, rank):
        if axis != right:
            text = f"softmax over axis {axis} instead of {meant}"
            other = _softmax(lambda x, _, axis=axis: x.softmax(axis))
            key = "softmax over axis", axis
            yield Mistake(key, text, other, right=right, wrong=axis)
    others: dict[str, tuple[str, Callable[[Tensor, int], Tensor]]] = {
        "left out": ("softmax is left out", lambda x, _: x),
        "twice": ("softmax is applied twice", lambda x, a: x.softmax(a).softmax(a)),
        "sigmoid": ("sigmoid instead of softmax", lambda x, _: x.sigmoid()),
        "one more": ("softmax with one more in the sum", _softmax_and_one),
        "by length": (
            "softmax divides by the length of the exponentials, not by their sum",
            lambda x, a: F.normalize((x - x.amax(a, keepdim=True)).exp(), dim=a),
        ),
        "by the largest": (
            "softmax divides by the largest exponential, not by their sum",
            lambda x, a: (x - x.amax(a, keepdim=True)).exp(),
        ),
        "without exponentials": (
            "the scores are divided by their sum, without exponentials",
            lambda x, a: x / x.sum(a, keepdim=True),
        ),
        "to base 2": (
            "softmax to base 2",
            lambda x, a: (x * math.log(2)).softmax(a),
        ),
        "largest outside": (
            "the largest score is subtracted from softmax's exponential, not within it",
            _largest_outside,
        ),
        "uncentred below": (
            "the largest score is subtracted above softmax's fraction, and not below it",
            _softmax_uncentred_below,
        ),
    }
    for axis in range(1, rank):
        if axis != right:
            text = f"the largest over axis {axis} is subtracted before softmax's "
            text += f"exponential, PyTorch's over {meant}"
            others[f"largest over {axis}"] = text, partial(_less_the_largest, other=axis)
    for parts in range(2, MOST_PARTS + 1):
        text = f"softmax is taken in {parts} parts, each by itself"
        others[f"in {parts} parts"] = text, partial(_in_parts, parts=parts)
    for dtype in OTHER_PRECISIONS:
        name = str(dtype).removeprefix("torch.")
        for kind, call in (("exponent", _rounded_exponent), ("power", _rounded_power)):
            text = f"softmax's {kind}s are rounded to {name}"
            others[f"{kind} in {name}"] = text, partial(call, dtype=dtype)
        text = f"softmax's exponential is computed in {name}"
        others[f"exponential in {name}"] = (
            text,
            partial(_rounded_power, dtype=dtype, exponent=dtype),
        )
    for kind, (text, function) in others.items():
        yield Mistake(("softmax", kind), text, _softmax(function))


def _axis(called: Called) -> int:
    given = by_name("softmax", called.step.args, called.step.kwargs)["dim"]
    return -1 if given is None else given


def _softmax(function: Callable[[Tensor, int], Tensor]) -> Replacement:
    def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        given = by_name("softmax", args, kwargs)
        return function(given["x"].clamp(min=LOWEST), given["dim"])

    return call


def _softmax_and_one(x: Tensor, axis: int) -> Tensor:
    nothing = torch.zeros_like(x.narrow(axis, 0, 1))
    return torch.cat([x, nothing], axis).softmax(axis).narrow(axis, 0, x.shape[axis])


def _in_parts(x: Tensor, axis: int, parts: int) -> Tensor:
    return torch.cat([part.softmax(axis) for part in x.chunk(parts, axis)], axis)


def _largest_outside(x: Tensor, axis: int) -> Tensor:
    powers = x.exp() - x.amax(axis, keepdim=True)
    return powers / powers.sum(axis, keepdim=True)


def _less_the_largest(x: Tensor, axis: int, other: int) -> Tensor:
    return (x - x.amax(other, keepdim=True)).softmax(axis)


def _rounded_exponent(x: Tensor, axis: int, dtype: torch.dtype) -> Tensor:
    return round_to(x - x.amax(axis, keepdim=True), dtype).softmax(axis)


def _rounded_power(
    x: Tensor, axis: int, dtype: torch.dtype, exponent: torch.dtype = torch.float64
) -> Tensor:
    less = (x - x.amax(axis, keepdim=True)).to(exponent).to(x.dtype)
    powers = round_to(less.exp(), dtype)
    return powers / powers.sum(axis, keepdim=True)


def _softmax_uncentred_below(x: Tensor, axis: int) -> Tensor:
    return x.softmax(axis) * x.amax(axis, keepdim=True).neg().exp()


# -- Masks ---------------------------------------------------------------------------


def masks(called: Called) -> Iterator[Mistake]:
    """Of what is filled in where a mask says so."""
    mask = called.recording.values[called.step.operands[1]]

    def filled(edit: Edit) -> Replacement:
        def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
            given = by_name("masked_fill", args, kwargs)
            lowest = max(float(given["value"]), LOWEST)
            return given["x"].masked_fill(edit(given["mask"]), lowest)

        return call

    text, name = "is not applied", mask_name(called.step.operands[1], called.recording)
    yield Mistake(("mask", "left out"), f"{name} {text}", _first)
    for kind, text, edit in _edits(mask):
        yield Mistake(("mask", kind), f"{name} {text}", filled(edit))


def added_masks(called: Called) -> Iterator[Mistake]:
    """Of a sum one of whose operands is a mask: nothing, or far below any score."""
    for number, operand in enumerate(called.step.operands):
        mask = called.recording.values[operand]
        hidden = mask <= HIDDEN
        if not (mask.is_floating_point() and hidden.any() and (hidden | (mask == 0)).all()):
            continue
        lowest = max(mask.min().item(), LOWEST)

        def added(
            args: Sequence[Any], _: Mapping, number: int, edit: Edit, lowest: float
        ) -> Tensor:
            hidden = edit(args[number] <= HIDDEN)
            return args[1 - number].masked_fill(hidden, lowest)

        name = mask_name(operand, called.recording)
        for kind, text, edit in _edits(hidden):
            call = partial(added, number=number, edit=edit, lowest=lowest)
            yield Mistake(("mask", kind), f"{name} {text}", call)


def mask_name(mask: ValueId, recording: Recording) -> str:
    """What a person calls a mask: the source's name for it, or for what it is made of."""
    while (name := recording.name(mask)).startswith("the result of"):
        made = recording.maker(recording.origin(mask))
        if made is None or len(made.operands) != 1:
            return "the mask"
        mask = made.operands[0]
    return name


def _edits(hidden: Tensor) -> Iterator[tuple[str, str, Edit]]:
    """What is done to a mask instead, by where it hides."""
    yield (
        "inverted",
        "hides what should be seen, and the other way round",
        torch.logical_not,
    )
    square = hidden.ndim > 1 and hidden.shape[-1] == hidden.shape[-2]
    keys = hidden.all(-2, keepdim=True) if square else hidden
    if bool(keys.any()) and not torch.equal(keys.expand_as(hidden), hidden):
        text = "hides keys only, and PyTorch's the rows of queries as well"
        of_all = lambda h: h.all(-2, keepdim=True).expand_as(h)  # noqa: E731
        yield "keys only", text, of_all
    if square:
        yield "transposed", "is transposed", lambda h: h.mT
    if square and bool((hidden == torch.ones_like(hidden).triu(1)).all()):
        text = "hides each position from itself, too"
        yield "itself", text, lambda h: torch.ones_like(h).triu(0)
        text = "lets each position see one that follows it"
        yield "one more", text, lambda h: torch.ones_like(h).triu(2)
        return
    for by in (1, -1):
        yield f"shifted {by:+d}", f"is shifted by {by:+d}", partial(_shifted, by=by)


def _shifted(hidden: Tensor, by: int) -> Tensor:
    """Later by so many places; the first or last is repeated."""
    size = hidden.shape[-1]
    places = (torch.arange(size, device=hidden.device) - by).clamp(0, size - 1)
    return hidden.index_select(-1, places)


def _first(args: Sequence[Any], _: Mapping[str, Any]) -> Tensor:
    return args[0]


# -- Parts of a joined value ---------------------------------------------------------


def parts(called: Called) -> Iterator[Mistake]:
    """Another of the values that a function such as ``split`` returns."""
    function = called.step.function
    if not isinstance(function, Element):
        return
    (joined,) = called.step.operands[:1]
    name = called.recording.name(joined)
    for number in range(called.count):
        if number == function.number:
            continue

        def other(args: Sequence[Any], kwargs: Mapping, number: int = number) -> Tensor:
            return function.all_of(*args, **kwargs)[number]

        key = ("part", function.number, number)
        text = f"part {number + 1} of {name} in place of part {function.number + 1}"
        yield Mistake(key, text, other)
