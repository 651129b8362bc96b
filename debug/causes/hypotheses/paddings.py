"""Padding on other sides than PyTorch's, or with other numbers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake
from debug.reference.recording import Replacement, Step

MODES = {
    "constant": "zeros",
    "replicate": "the edge",
    "reflect": "reflection",
    "circular": "the other end",
}
"""By PyTorch's name, what is put there."""

Sides = tuple[int, int]
"""How many places are put in front and behind."""


def said(sides: Sides) -> str:
    """After "is padded"."""
    front, behind = sides
    if front == behind:
        return f"by {front} on both sides" if front else "by nothing"
    parts = ((front, "in front"), (behind, "behind"))
    return "by " + " and ".join(f"{size} {where}" for size, where in parts if size)


def divided(total: int) -> Iterator[Sides]:
    """Ways to divide so many places between front and behind."""
    half = total // 2
    yield from ((total, 0), (0, total), (half, total - half), (total - half, half))


def padding_of(step: Step) -> tuple[list[Sides], str]:
    """What a step pads, by axis from the first that it pads, and how. Nothing, if it pads
    with a number that is not zero."""
    names = ("x", "pad", "mode", "value")
    given = {"mode": "constant", "value": None}
    given |= dict(zip(names, step.args, strict=False)) | dict(step.kwargs)
    if given["value"]:
        return [], given["mode"]
    sides = list(given["pad"])
    pairs = zip(sides[::2], sides[1::2], strict=True)
    return list(pairs)[::-1], given["mode"]


def pads(called: Called) -> Iterator[Mistake]:
    """Of a step that only pads."""
    right, mode = padding_of(called.step)

    def padded(axes: Sequence[Sides], mode: str) -> Replacement:
        def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
            x = args[0] if args else kwargs["input"]
            missing = x.ndim - 2 - len(axes)  # without zeros PyTorch wants all but two axes
            given = [*[(0, 0)] * missing, *axes]
            return F.pad(x, [n for sides in reversed(given) for n in sides], mode)

        return call

    for others in _other_sides(right):
        changed = next((a, b) for a, b in zip(others, right, strict=True) if a != b)
        text = f"it is padded {said(changed[0])}, PyTorch's {said(changed[1])}"
        yield Mistake(("padded", *map(str, others)), text, padded(others, mode))
    for other in (each for each in MODES if each != mode):
        text = f"it is padded with {MODES[other]}, PyTorch's with {MODES[mode]}"
        yield Mistake(("padded with", other), text, padded(right, other))


def _other_sides(right: Sequence[Sides]) -> Iterator[tuple[Sides, ...]]:
    """The same number of places along one axis, or along all of them."""
    options = [[(b, f), *divided(f + b)] for f, b in right]
    told = {tuple(right)}
    for each in zip(*options, strict=True):
        alone = [
            (*right[:axis], each[axis], *right[axis + 1 :]) for axis in range(len(each))
        ]
        for sides in (*alone, each):
            if sides not in told:
                told.add(sides)
                yield sides
