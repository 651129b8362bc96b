"""What a port is called with, beside what the reference is.

A port may take its inputs in another layout, such as images with their channels last, or
in other words, such as a mask that is added for one of zeros and ones. The first are the
reference's own numbers and are compared as a row; of the others nothing can be said, and a
person should know it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from debug.measure.layout import permutations_between
from debug.protocol.diagnostic import Problem

DISTINCT = 0.5
"""The share of different numbers from which the same numbers are the same input."""


@dataclass(frozen=True)
class Given:
    """A port's arguments, and which of the reference's inputs they are."""

    tensors: Mapping[str, Tensor]
    """In order, by the names that a person knows them by."""
    same: dict[str, Tensor] = field(default_factory=dict)
    """By the reference's input, in its layout and dtype."""
    names: dict[str, str] = field(default_factory=dict)
    """The reference's input that an argument is, by the argument's name."""

    def orders(self, reference: Mapping[str, Tensor]) -> list[tuple[int, ...]]:
        """What brings those of the reference's inputs whose axes are in another order into
        the port's layout."""
        shapes = (
            (reference[name].shape, self.tensors[argument].shape)
            for argument, name in self.names.items()
        )
        found = (permutations_between(one, other) for one, other in shapes if one != other)
        return [orders[0] for orders in found if orders]

    @property
    def uncompared(self) -> list[str]:
        """The arguments that are none of the reference's inputs."""
        return [name for name in self.tensors if name not in self.names]


def given_to(
    port: Mapping[str, Any] | Sequence[Any] | None, reference: Mapping[str, Tensor]
) -> Given:
    """
    Args:
        port: what a port's file says that it is called with; None for the reference's.
        reference: the reference's inputs.

    Raises:
        Problem: an argument is no tensor.
    """
    if port is None:
        return Given(reference, dict(reference), {name: name for name in reference})
    given = Given(_tensors(port))
    for same in (_equal, _reordered):
        for argument, value in given.tensors.items():
            left = {n: each for n, each in reference.items() if n not in given.same}
            if argument in given.names:
                continue
            for name in sorted(left, key=lambda n: n != argument):  # its own name first
                if (found := same(value, left[name])) is not None:
                    given.same[name] = found.to(left[name].dtype)
                    given.names[argument] = name
                    break
    return given


def _tensors(port: Mapping[str, Any] | Sequence[Any]) -> dict[str, Tensor]:
    if isinstance(port, Mapping):
        named = {str(name): value for name, value in port.items()}
    else:
        named = {f"candidate_inputs[{n}]": value for n, value in enumerate(port)}
    found: dict[str, Tensor] = {}
    for name, value in named.items():
        try:
            found[name] = torch.as_tensor(value)
        except Exception as error:
            kind = type(value).__name__
            message = f"candidate_inputs= has a {kind} for {name}: give a tensor"
            raise Problem("port", message) from error
    return found


def _equal(value: Tensor, wanted: Tensor) -> Tensor | None:
    """The value in another's layout, if it is the same then."""
    exact = wanted.double()
    laid = _layouts(value, wanted)
    return next((each for each in laid if torch.equal(each.double(), exact)), None)


def _reordered(value: Tensor, wanted: Tensor) -> Tensor | None:
    """The value in another's shape, if it has the same numbers in a wrong order, such as
    images that were reshaped where their axes had to be exchanged."""
    if value.numel() != wanted.numel() or not wanted.is_floating_point():
        return None
    sought = wanted.double().flatten().sort().values
    distinct = sought.unique().numel() > DISTINCT * sought.numel()
    if not distinct or not torch.equal(value.double().flatten().sort().values, sought):
        return None
    if not permutations_between(_sizes(value), _sizes(wanted)):
        return None  # patches, say: it may well be right
    return min(_layouts(value, wanted), key=lambda each: float((each - wanted).norm()))


def _layouts(value: Tensor, wanted: Tensor) -> Iterator[Tensor]:
    """A value in every way in which its axes may be those of another; joined or parted
    ones where it has others."""
    if value.numel() != wanted.numel():
        return
    orders = permutations_between(_sizes(value), _sizes(wanted))
    for axes in orders:
        yield value.squeeze().permute(axes).reshape(wanted.shape)
    if not orders:
        yield value.reshape(wanted.shape)


def _sizes(value: Tensor) -> list[int]:
    return [size for size in value.shape if size != 1]
