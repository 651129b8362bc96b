"""Convolutions with another padding, stride or dilation than PyTorch's, or other groups.

The reference may pad within its convolution or before it, and so may the candidate: what
counts is how many places are put where in all. Settings that would give another size than
one of the candidate's values has are ruled out by arithmetic; the others run, and only what
makes exactly a value that the candidate has is a hypothesis.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product, zip_longest
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from debug.candidate.operations import OperationIndex
from debug.causes.hypotheses.operands import Hypothesis
from debug.causes.hypotheses.paddings import MODES, Sides, divided, padding_of, said
from debug.causes.segment import Segment
from debug.measure.matching import distance, in_shape_of, norm_of
from debug.protocol.verdict import LAYER
from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Recording, Ref, Replacement, Step, made_by

RANKS = {"conv1d": 1, "conv2d": 2}
DIRECTIONS = {1: ("",), 2: ("along the height ", "along the width ")}
SMALL = (1, 2, 3, 4, 8)
"""Strides and dilations that people use."""
WITHOUT_STRIDE: Mapping[str, Callable[..., Tensor]] = {
    "the mean of every {n} is taken": lambda y, n: F.avg_pool1d(y, n),
    "the largest of every {n} is taken": lambda y, n: F.max_pool1d(y, n),
    "the first ones are kept, one of {n}": lambda y, n: y[..., : -(-y.shape[-1] // n)],
    "the last ones are kept, one of {n}": lambda y, n: y[..., y.shape[-1] // n :],
}
MOST_PLACES = 8
"""Up to so many places on either side, each number is tried."""


@dataclass(frozen=True)
class Along:
    """How a convolution goes along one axis."""

    front: int
    behind: int
    stride: int
    dilation: int

    def length(self, size: int, kernel: int) -> int:
        """Of the result."""
        reach = self.dilation * (kernel - 1) + 1
        return (size + self.front + self.behind - reach) // self.stride + 1

    @property
    def sides(self) -> Sides:
        return self.front, self.behind

    def beside(self, right: "Along") -> Iterator[str]:
        """What differs, in words."""
        if self.stride != right.stride:
            yield f"the stride is {self.stride}, PyTorch's is {right.stride}"
        if self.dilation != right.dilation:
            yield f"the dilation is {self.dilation}, PyTorch's is {right.dilation}"
        if self.sides != right.sides:
            text = f"the convolution is padded {said(self.sides)}"
            yield f"{text}, PyTorch's {said(right.sides)}"


@dataclass(frozen=True)
class Convolution:
    """One that the reference calls, with what it pads before."""

    step: Step
    sizes: tuple[int, ...]
    """Of the input before it is padded, by axis."""
    kernel: tuple[int, ...]
    axes: tuple[Along, ...]
    before: tuple[Sides, ...]
    """What the input has been padded with already."""
    mode: str

    def called_with(self, axes: Sequence[Along], mode: str) -> Replacement:
        function = self.step.function

        def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
            given = by_name(self.step.name, args, kwargs)
            x = given["x"]
            for axis, (front, behind) in enumerate(self.before, -len(self.before)):
                x = x.narrow(axis, front, x.shape[axis] - front - behind)
            sides = [n for each in reversed(axes) for n in (each.front, each.behind)]
            return function(
                F.pad(x, sides, mode),
                given["weight"],
                given["bias"],
                stride=tuple(each.stride for each in axes),
                dilation=tuple(each.dilation for each in axes),
                groups=given["groups"],
            )

        return call


def other_convolutions(segment: Segment) -> Iterator[Hypothesis]:
    """All that the candidate may have computed in place of a convolution, and has."""
    for step in segment.lacking:
        found = convolution_of(step, segment.recording)
        if found is None:
            continue
        for text, call in _others(found):
            yield from _if_seen(segment, step, text, call)
        for axes in _settings(found):
            lengths = [
                each.length(size, kernel)
                for each, size, kernel in zip(axes, found.sizes, found.kernel, strict=True)
            ]
            shape = (*segment.recording.values[step.result].shape[:2], *lengths)
            if min(lengths) > 0 and any(
                _fits(op.value, shape) for op in segment.operations
            ):
                call = found.called_with(axes, found.mode)
                yield from _if_seen(segment, step, _text(axes, found.axes), call)


def convolution_of(step: Step, recording: Recording) -> Convolution | None:
    rank = RANKS.get(step.name)
    if rank is None:
        return None
    given = by_name(step.name, step.args, step.kwargs)
    x, weight = given["x"], given["weight"]
    if not isinstance(x, Ref) or not isinstance(weight, Ref):
        return None
    values = recording.values
    kernel = tuple(values[weight.index].shape[2:])
    stride, dilation = (_each(given[name], rank) for name in ("stride", "dilation"))
    before, mode = _padded_before(recording.maker(x.index), rank)
    within = _within(given["padding"], kernel, dilation)
    axes = tuple(
        Along(front + a, behind + b, s, d)
        for (front, behind), (a, b), s, d in zip(
            before, within, stride, dilation, strict=True
        )
    )
    padded = values[x.index].shape[2:]
    sizes = tuple(n - sum(each) for n, each in zip(padded, before, strict=True))
    return Convolution(step, sizes, kernel, axes, before, mode)


def _each(value: Any, rank: int) -> tuple[int, ...]:
    several = tuple(value) if isinstance(value, tuple | list) else (value,)
    return several * rank if len(several) == 1 else several


def _within(
    padding: Any, kernel: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[Sides, ...]:
    """What a convolution pads itself, by axis."""
    if padding == "same":
        reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return tuple((n // 2, n - n // 2) for n in reach)
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    return tuple((n, n) for n in _each(padding, len(kernel)))


def _padded_before(made: Step | None, rank: int) -> tuple[tuple[Sides, ...], str]:
    """What the step before a convolution pads, by axis, and how."""
    sides, mode = (
        ([], "constant") if made is None or made.name != "pad" else padding_of(made)
    )
    if len(sides) > rank:
        return ((0, 0),) * rank, "constant"
    return (*[(0, 0)] * (rank - len(sides)), *sides), mode


def _settings(found: Convolution) -> Iterator[tuple[Along, ...]]:
    """Other ways to go along one axis, or along all of them."""
    options = [
        list(_options(right, kernel))
        for right, kernel in zip(found.axes, found.kernel, strict=True)
    ]
    told = {found.axes}
    for others in zip_longest(*options):
        each = tuple(o or right for o, right in zip(others, found.axes, strict=True))
        alone = [
            (*found.axes[:axis], each[axis], *found.axes[axis + 1 :])
            for axis in range(len(each))
        ]
        for axes in (*alone, each):
            if axes not in told:
                told.add(axes)
                yield axes


def _options(right: Along, kernel: int) -> Iterator[Along]:
    """The simplest first; as many of each axis, in the same order."""
    for stride, dilation in (
        (right.stride, right.dilation),
        *((right.stride, other) for other in SMALL),
        *((other, right.dilation) for other in SMALL),
    ):
        reach, total = dilation * (kernel - 1), right.front + right.behind
        for front, behind in (
            right.sides,
            right.sides[::-1],
            *divided(total),
            (0, 0),
            *divided(reach),
            (kernel // 2, kernel // 2),
            *divided(kernel - 1),
        ):
            yield Along(front, behind, stride, dilation)
    reach = right.dilation * (kernel - 1)
    sizes = range(min(max(reach, *right.sides), MOST_PLACES) + 1)
    for front, behind in product(sizes, sizes):
        yield Along(front, behind, right.stride, right.dilation)


def _text(axes: Sequence[Along], right: Sequence[Along]) -> str:
    differ = [list(ours.beside(theirs)) for ours, theirs in zip(axes, right, strict=True)]
    if all(each == differ[0] for each in differ):
        return ", and ".join(differ[0])
    where = DIRECTIONS[len(axes)]
    return "; ".join(
        along + ", and ".join(each)
        for each, along in zip(differ, where, strict=True)
        if each
    )


def _others(found: Convolution) -> Iterator[tuple[str, Replacement]]:
    """Other numbers where it is padded, and other groups."""
    if any(each.sides != (0, 0) for each in found.axes):
        for mode in (each for each in MODES if each != found.mode):
            text = f"the convolution is padded with {MODES[mode]}"
            text += f", PyTorch's with {MODES[found.mode]}"
            yield text, found.called_with(found.axes, mode)
    if len(found.axes) == 1 and (stride := found.axes[0].stride) > 1:
        every = found.called_with([replace(found.axes[0], stride=1)], found.mode)
        for what, function in WITHOUT_STRIDE.items():
            text = f"the stride is 1, and of the results {what.format(n=stride)}, "
            text += f"PyTorch's stride is {stride}"
            yield text, partial(_then, every, partial(function, n=stride))
    groups = by_name(found.step.name, found.step.args, found.step.kwargs)["groups"]
    if groups > 1:
        turns = {
            "the channels go into the groups by turns": (groups, 1),
            "the channels come out of the groups by turns": (1, groups),
            "the channels go into the groups and come out by turns": (groups, groups),
        }
        for text, (going_in, out) in turns.items():
            yield text, partial(_by_turns, found.step, going_in, out)
        orders = {
            "in reverse": range(groups)[::-1],
            "one place too far": [*range(1, groups), 0],
            "one place short": [groups - 1, *range(groups - 1)],
        }
        for where, order in orders.items():
            text = f"the kernels of the groups are taken {where}"
            yield text, partial(_of_other_groups, found.step, [*order])


def _of_other_groups(
    step: Step, order: Sequence[int], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Tensor:
    """A convolution in which each group has the kernels of another one."""
    given = by_name(step.name, args, kwargs)
    x, weight = given.pop("x"), given.pop("weight")
    kernels = weight.unflatten(0, (len(order), -1))[order].flatten(0, 1)
    return step.function(x, kernels, given.pop("bias"), **given)


def _then(
    first: Replacement,
    then: Callable[[Tensor], Tensor],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Tensor:
    return then(first(args, kwargs))


def _by_turns(
    step: Step, going_in: int, out: int, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Tensor:
    """A convolution of channels that are dealt out to so many groups like cards."""
    given = by_name(step.name, args, kwargs)
    x = given.pop("x")
    dealt = x.unflatten(1, (-1, going_in)).transpose(1, 2).flatten(1, 2)
    made = step.function(dealt, given.pop("weight"), given.pop("bias"), **given)
    return made.unflatten(1, (out, -1)).transpose(1, 2).flatten(1, 2)


def _fits(value: Tensor, shape: Sequence[int]) -> bool:
    """Whether a value has a shape but for the order of its axes."""
    sizes = sorted(value.shape), sorted(shape)
    return [n for n in sizes[0] if n != 1] == [n for n in sizes[1] if n != 1]


def _if_seen(
    segment: Segment, step: Step, text: str, call: Replacement
) -> Iterator[Hypothesis]:
    segment.pause()
    made = made_by(step, segment.recording.values, call)
    if made is None:
        return
    limit = LAYER.watch_up_to * segment.pool[step.result].floor * norm_of(made)
    for index, op in enumerate(segment.operations):
        fits = op.from_input and not segment.right[index] and _fits(op.value, made.shape)
        laid = in_shape_of(op.value, made) if fits else None
        if laid is not None and distance(laid, made) <= limit:
            key = frozenset({("convolution", text)})
            yield Hypothesis(
                text, key, {step.result: call}, operation=OperationIndex(index)
            )
            return
