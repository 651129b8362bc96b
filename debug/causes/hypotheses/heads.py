"""Heads of another size, or split along the other axis: one number that changes several
steps at once.

Wherever the last axis is split in two, it may have been split otherwise; the factors that
follow from the size of a head, such as its root, change with it or not.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations

from torch import Tensor

from debug.causes.hypotheses.mistake import Key
from debug.reference.recording import Recording, Replacement, Step, ValueId

SPLITS = ("view", "reshape", "unflatten")
EXPONENTS = (-0.5, -0.25, 0.5, 0.25, -1.0, 1.0)
"""A factor that is one of these powers of a head's size follows from it."""
MOST_HEADS = 64
MOST_SPLITS = 4


def other_splits(
    steps: list[Step], recording: Recording
) -> Iterator[tuple[Key, str, Mapping[ValueId, Replacement]]]:
    """For every other number of heads the steps that it changes, as (key, text, steps)."""
    split = [(step, size) for step in steps if (size := _split(step, recording))]
    for heads, width in dict.fromkeys(size for _, size in split):
        same = [step for step, size in split if size == (heads, width)]
        factors = [step for step in steps if _exponent(step, width) is not None]
        channels = heads * width
        faster = {step.result: _faster(heads, width) for step in same}
        text = f"the {channels} channels are split into ({width}, {heads}), not heads first"
        yield ("heads", "last"), text, faster
        if len(same) > 1:
            yield from _of_one(same, recording, heads, width)
        for other in range(1, min(channels, MOST_HEADS) + 1):
            if channels % other or other == heads:
                continue
            size = channels // other
            replaced = {step.result: _into(other, size) for step in same}
            scaled = {step.result: _scaled(step, width, size) for step in factors}
            text = f"{_heads(other, size)} instead of {_heads(heads, width)}"
            yield ("heads", other), text, {**replaced, **scaled}
            if scaled:
                text += f", with the scale of {width}"
                yield ("heads", other, "scale kept"), text, replaced


def _of_one(
    same: list[Step], recording: Recording, heads: int, width: int
) -> Iterator[tuple[Key, str, Mapping[ValueId, Replacement]]]:
    """Some of several values, such as query and key, are split with the heads last."""
    for count in range(1, min(len(same), MOST_SPLITS)):
        for some in combinations(range(len(same)), count):
            steps = [same[place] for place in some]
            names = " and ".join(recording.name(step.operands[0]) for step in steps)
            text = f"the channels of {names} are split into ({width}, {heads}), "
            faster = {step.result: _faster(heads, width) for step in steps}
            yield ("heads", "last", *some), f"{text}not heads first", faster


def _heads(count: int, size: int) -> str:
    return f"{count} head{'' if count == 1 else 's'} of {size}"


def _split(step: Step, recording: Recording) -> tuple[int, int] | None:
    """Into how many heads of which size a step splits the last axis."""
    if step.name not in SPLITS:
        return None
    before = recording.values[step.operands[0]].shape
    after = recording.values[step.result].shape
    if len(after) != len(before) + 1 or after[: len(before) - 1] != before[:-1]:
        return None
    heads, width = after[-2:]
    return None if 1 in (heads, width) else (heads, width)


def _into(heads: int, size: int) -> Replacement:
    return lambda args, _: args[0].reshape(*args[0].shape[:-1], heads, size)


def _faster(heads: int, width: int) -> Replacement:
    def call(args: list[Tensor], _: Mapping) -> Tensor:
        return args[0].reshape(*args[0].shape[:-1], width, heads).mT

    return call  # pyright: ignore[reportReturnType]


def _exponent(step: Step, width: int) -> float | None:
    """The power of a head's size that a step multiplies with."""
    numbers = [arg for arg in step.args if isinstance(arg, float | int)]
    if step.name not in ("mul", "div", "truediv") or len(numbers) != 1:
        return None
    given = float(numbers[0])
    alike = (e for e in EXPONENTS if abs(given - width**e) <= 1e-9 * abs(given))
    return next(alike, None)


def _scaled(step: Step, width: int, size: int) -> Replacement:
    exponent = _exponent(step, width)
    assert exponent is not None

    def call(args: list[Tensor], kwargs: Mapping) -> Tensor:
        numbers = [size**exponent if isinstance(a, float | int) else a for a in args]
        return step.function(*numbers, **kwargs)

    return call  # pyright: ignore[reportReturnType]
