"""What the error of a value looks like, for where nothing explains it.

A person who has to find the cause alone asks first where the error is and what shape it
has. An error in one head alone is another mistake than one in every second channel; one
above the diagonal of the scores comes from a mask; one that is the same for every frame is
a vector that was added; one of low rank comes from few rows of a weight; one that is
proportional to the value is a factor. What is said here is measured and supposes nothing.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from debug.candidate.operations import OperationIndex
from debug.causes.counterparts import counterparts_of, named_axes
from debug.causes.hypotheses.axes import Axes, plural
from debug.causes.segment import Segment
from debug.measure.matching import Sought, norm_of

MOST_ROWS = 512
"""This many rows are enough to tell the rank."""
LOW = 4
"""Up to this rank an error is said to be of low rank."""
ALIKE = 0.5
"""The cosine from which a value is meant for another."""
NEARLY = 0.9
"""The share of the error's energy from which it is called proportional, or the same."""


def pattern_of(segment: Segment) -> str:
    """The error of the first value that the candidate has otherwise, in words.

    Such as "the error of blocks.0.attn's qk is in head 1 alone, and of rank 1"; empty
    where no two values can be compared.
    """
    for step in segment.frontier:
        sought = segment.pool.get(step.result)
        meant = None if sought is None else _meant_for(segment, sought)
        if sought is not None and meant is not None:
            name = segment.recording.name(step.result)
            axes = named_axes(segment, step.result)
            said = described(meant, sought.value, sought.limit, axes)
            return f"the error of {name} {said}" if said else ""
    if segment.value is None or not segment.is_finite:
        return ""
    axes = named_axes(segment, segment.target.value)
    said = described(segment.value, segment.goal.value, segment.goal.limit, axes)
    return f"the error of the {segment.target} {said}" if said else ""


def _meant_for(segment: Segment, sought: Sought) -> Tensor | None:
    """The one of the candidate's wrong values that resembles one of the reference's."""
    wrong = [OperationIndex(n) for n, right in enumerate(segment.right) if not right]
    found = counterparts_of(segment, sought, wrong)
    best = max(found, key=lambda each: each.alike, default=None)
    return best.value if best is not None and best.alike > ALIKE else None


def described(wrong: Tensor, right: Tensor, limit: float, axes: Axes) -> str:
    """Where the error is and what shape it has; empty where there is none.

    Args:
        wrong: the candidate's value, of the same shape as ``right``.
        right: in float64, without axes of one.
        limit: the norm of an error that is rounding.
        axes: of ``right``.
    """
    error = wrong.double() - right
    if right.ndim == 0 or not bool(torch.isfinite(error).all()):
        return ""
    if error.norm().item() <= limit:
        return ""
    where = [*_slices(error, limit, axes), *_triangle(error, limit, axes)]
    shape = _factor(error, right) or _same(error, axes) or _rank(error, limit)
    said = [f"is {' and '.join(where)} alone"] if where else []
    if shape:
        said.append(shape if where else f"is {shape}")
    return (
        ", ".join(said) or f"is spread over {_all(axes)}, and is no multiple of the value"
    )


def _slices(error: Tensor, limit: float, axes: Axes) -> list[str]:
    """The slices of each axis that hold the whole error, where others hold none."""
    squares, said = error.square(), []
    for axis, size in enumerate(error.shape):
        others = [a for a in range(error.ndim) if a != axis]
        norms = (squares.sum(others) if others else squares).sqrt()
        indices = (norms > limit / size**0.5).nonzero().flatten().tolist()
        if 0 < len(indices) < size and (text := _places(indices, size, axes, axis)):
            said.append(text)
    return said


def _places(indices: Sequence[int], size: int, axes: Axes, axis: int) -> str | None:
    """Such as "in head 1", or "in every second channel from 1 on"."""
    first, steps = indices[0], {after - before for before, after in pairwise(indices)}
    if len(steps) > 1 and len(indices) > size / 2:
        return None  # scattered over most of it, which says nothing
    if (
        len(steps) == 1
        and (step := steps.pop()) > 1
        and len(indices) == -(-(size - first) // step)
    ):
        name = axes[axis].name or f"place of axis {axis}"
        return f"in every {_ordinal(step)} {name} from {first} on"
    return f"in {axes[axis].at(indices)}"


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def _triangle(error: Tensor, limit: float, axes: Axes) -> list[str]:
    """On one side of the diagonal of the last two axes, as a mask leaves it."""
    if error.ndim < 2 or error.shape[-1] != error.shape[-2] or axes[-1].name != "key":
        return []
    if error.tril().norm().item() <= limit:
        return ["at keys after their query"]
    if error.triu().norm().item() <= limit:
        return ["at keys before their query"]
    return []


def _factor(error: Tensor, right: Tensor) -> str | None:
    """Where the error is a multiple of the value itself."""
    norm = norm_of(right)
    factor = ((error * right).sum() / norm**2).item() if norm else 0.0
    if (factor * norm) ** 2 < NEARLY * error.square().sum().item():
        return None
    return f"about {factor:.3g} times the value itself"


def _same(error: Tensor, axes: Axes) -> str | None:
    """Where it is the same at all places of an axis, as something that was added."""
    whole = error.square().sum().item()
    for axis, size in enumerate(error.shape):
        mean = error.mean(axis).square().sum().item() * size
        if size > 1 and mean >= NEARLY * whole and error.ndim > 1:
            name = axes[axis].name
            return f"nearly the same for every {name or f'place of axis {axis}'}"
    return None


def _rank(error: Tensor, limit: float) -> str | None:
    """As a matrix of its last axis by all others."""
    if error.ndim < 2:
        return None
    rows = error.reshape(-1, error.shape[-1])
    every = max(1, rows.shape[0] // MOST_ROWS)
    some = rows[::every][:, :: max(1, rows.shape[1] // MOST_ROWS)]
    squares = torch.linalg.svdvals(some).square()
    noise = limit**2 * some.numel() / error.numel()
    left = squares.sum() - squares.cumsum(0)
    rank = int((left > max(noise, 1e-6 * squares.sum().item())).sum()) + 1
    return f"of rank {rank}" if rank <= min(LOW, min(some.shape) // 2) else None


def _all(axes: Axes) -> str:
    names = [plural(axis.name) for axis in axes if axis.name is not None]
    return "all " + " and ".join(names) if names else "the whole value"
