"""A mistake: something that people do in place of one call of a PyTorch function."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from debug.protocol.values import Said
from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Element, Recording, Ref, Replacement, Step

Key = tuple[str | float, ...]
"""Says of two mistakes whether they are the same one, made at two steps. It names what was
done, and the number or the weight if that belongs to it: ``("epsilon", 1e-06)``."""


@dataclass(frozen=True)
class Mistake:
    key: Key
    text: str
    """What a person reads."""
    replacement: Replacement
    """What was done, with the function's own arguments."""
    weight: str | None = None
    """The weight that it is about."""
    adds: bool = False
    """Whether it makes the same difference whatever else is wrong in the call, as a bias
    that is left out."""
    right: Said = None
    """What PyTorch has, where another number or name was taken for it."""
    wrong: Said = None
    """What was taken."""


def always(value: Tensor) -> Replacement:
    """Whatever the arguments are."""
    return lambda args, kwargs: value


def first_tensor(args: Sequence[Any]) -> Tensor:
    """The value that a step is made of: in ``0.5 * x`` it is the second argument."""
    return next(arg for arg in args if isinstance(arg, Tensor))


def named(function: str, mistake: Callable[..., Tensor]) -> Replacement:
    """A mistake that takes the function's arguments by their names."""
    return lambda args, kwargs: mistake(**by_name(function, args, kwargs))


def biases(
    bias: str, with_bias: Callable[[Callable[[Tensor, Tensor], Tensor]], Replacement]
) -> Iterator[Mistake]:
    """``with_bias`` takes what is made of the function without its bias, and the bias."""
    left_out, twice = with_bias(lambda y, b: y), with_bias(lambda y, b: y + 2 * b)
    times = with_bias(lambda y, b: y * b)
    minus = with_bias(lambda y, b: y - b)
    yield Mistake(("left out", bias), f"{bias} is left out", left_out, bias, adds=True)
    yield Mistake(("added twice", bias), f"{bias} is added twice", twice, bias, adds=True)
    yield Mistake(("subtracted", bias), f"{bias} is subtracted", minus, bias, adds=True)
    yield Mistake(("multiplied", bias), f"{bias} is multiplied, not added", times, bias)


class Called:
    """One recorded call, as the generators of mistakes see it."""

    def __init__(self, step: Step, recording: Recording) -> None:
        self.step, self.recording = step, recording

    @property
    def name(self) -> str:
        """Of the function."""
        return self.step.name

    def weight(self, position: int, keyword: str) -> str:
        """What to call the weight that was given as an argument."""
        given = self._given(position, keyword)
        named = isinstance(given, Ref) and self.recording.names.get(given.index)
        return str(named or keyword)

    def has_weight(self, position: int, keyword: str) -> bool:
        """Whether a tensor was given as an argument."""
        return isinstance(self._given(position, keyword), Ref)

    def _given(self, position: int, keyword: str) -> Any:
        args = self.step.args
        return args[position] if position < len(args) else self.step.kwargs.get(keyword)

    @property
    def has_bias(self) -> bool:
        return len(self.step.operands) > 2

    @property
    def sizes(self) -> list[list[int]]:
        """The shapes of the tensors among the arguments."""
        return [list(self.recording.values[i].shape) for i in self.step.operands]

    @property
    def count(self) -> int:
        """How many values the function returns, where it returns several."""
        alike = (s for s in self.recording.steps if isinstance(s.function, Element))
        same = [s for s in alike if s.operands == self.step.operands]
        return len([s for s in same if s.name == self.step.name])
