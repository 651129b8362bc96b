"""The port's weights: the reference's by the port's names, or what an adapter makes.

The same weight twice is the same buffer, so that a save computes again only what it
changed: buffers are kept by name, with the numbers that they were made of.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from max.driver import Buffer, Device
from max.dtype import DType
from max.graph.weights import WeightData
from torch import Tensor

from debug.candidate.buffers import to_buffer
from debug.port.names import plain
from debug.port.port import Weights
from debug.port.remembered import Identity
from debug.protocol.diagnostic import Problem
from debug.protocol.values import Place


class _Lazy:
    """A weight as Modular's adapters take it: one that is asked for its data."""

    def __init__(self, name: str, value: Tensor) -> None:
        self.name, self._value = name, value

    def data(self) -> WeightData:
        return WeightData.from_numpy(self._value.float().numpy(), self.name)


def adapted(
    adapt: Weights | Callable[[Any], Weights] | None, state: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """What a person's adapter makes of the reference's state, as tensors.

    Raises:
        Problem: the adapter returned something else.
    """
    made: Any = state
    if callable(adapt):
        lazy = _takes_modulars_weights(adapt)
        given = {n: _Lazy(n, v) for n, v in state.items()} if lazy else dict(state)
        made = adapt(given)
    elif adapt is not None:
        made = adapt
    if not isinstance(made, Mapping):
        kind = type(made).__name__
        raise Problem("weights", f"weights= gave a {kind}; it must give tensors by name")
    return {name: _tensor(name, value) for name, value in made.items()}


def _takes_modulars_weights(adapt: Callable[[Any], Weights]) -> bool:
    """Whether it is written for `max.graph.weights.Weights`, as Modular's adapters are."""
    parameters = list(inspect.signature(adapt).parameters.values())
    return bool(parameters) and "Weights" in str(parameters[0].annotation)


def _tensor(name: str, value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, WeightData):
        return torch.from_dlpack(value.to_buffer()).clone()
    if isinstance(value, np.ndarray | Buffer):
        return torch.from_dlpack(value).clone()
    kind = type(value).__name__
    raise Problem("weights", f"the weight {name} is a {kind}; give a tensor or an array")


def fitting(
    declared: Mapping[str, tuple[int, ...]],
    given: Mapping[str, Tensor],
    place: Callable[[str], Place | None] = lambda name: None,
) -> dict[str, Tensor]:
    """A value for every weight that a port declares, by name.

    Names may differ in case and underscores. What is given beyond that is left alone, for
    a port may be of a part of the model.

    Args:
        declared: the shapes.
        given: the values.
        place: where the port makes a weight.

    Raises:
        Problem: a weight has no value, or one of another shape; says of the first which.
    """
    by_plain = {plain(name): name for name in given}
    found: dict[str, Tensor] = {}
    wrong: dict[str, str] = {}
    for name, shape in declared.items():
        source = name if name in given else by_plain.get(plain(name))
        if source is None:
            wrong[name] = _missing(name, shape, given)
        elif tuple(given[source].shape) != shape:
            wrong[name] = _of_another_shape(name, shape, tuple(given[source].shape))
        else:
            found[name] = given[source]
    if wrong:
        first, message = next(iter(wrong.items()))
        more = len(wrong) - 1
        others = f" (and so it is with {more} more)" if more else ""
        where = place(first)
        path, line = (where.path, where.line) if where else (None, None)
        raise Problem("weights", f"{message}{others}", path, line)
    return found


def _of_another_shape(name: str, shape: tuple[int, ...], given: tuple[int, ...]) -> str:
    what = f"the port declares {name} as {list(shape)}, its value is {list(given)}"
    if prod(shape) == prod(given):
        return f"{what}; bring it into that layout with weights="
    sizes = f"{prod(shape):,} numbers and {prod(given):,}"
    return f"{what}: no layout makes {sizes} the same, so it is made for another size"


def _missing(name: str, shape: tuple[int, ...], given: Mapping[str, Tensor]) -> str:
    alike = [each for each, value in given.items() if tuple(value.shape) == shape]
    meant = f" (the reference's {alike[0]} has its shape)" if alike else ""
    return f"MAX's weight {name} has no value; give it in weights={meant}"


@dataclass(frozen=True)
class Kept:
    """A weight as it was first given, and on the device."""

    value: Tensor
    identity: Identity | None
    buffer: Buffer

    def is_same(self, value: Tensor) -> bool:
        """Whether these are the numbers; the same memory need not be looked at."""
        mine, now = Identity.of(self.value), Identity.of(value)
        if mine is None or self.identity is None or not self.identity.still_is(mine):
            return False  # somebody has written to it
        if now is not None and self.identity.still_is(now):
            return True
        return self.value.dtype == value.dtype and torch.equal(self.value, value)


class Buffers:
    """Weights on a device: one object for the same numbers under the same name."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._kept: dict[tuple[str, str], list[Kept]] = {}

    def of(self, name: str, value: Tensor, dtype: DType) -> Kept:
        known = self._kept.setdefault((name, dtype.name), [])
        kept = next((each for each in reversed(known) if each.is_same(value)), None)
        if kept is None:
            own = value if value.is_floating_point() else value.clone()
            buffer = to_buffer(own, dtype, self._device)
            known.append(kept := Kept(value, Identity.of(value), buffer))
        return kept
