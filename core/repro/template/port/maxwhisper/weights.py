"""The port's weights, made of the reference's as its file says."""

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from max.graph.weights import WeightData
from torch import Tensor

from .port import Port


class Lazy:
    """A weight as Modular's adapters take it: one that is asked for its data."""

    def __init__(self, name: str, value: Tensor) -> None:
        self.name, self._value = name, value

    def data(self) -> WeightData:
        return WeightData.from_numpy(self._value.float().numpy(), self.name)


def adapted(port: Port) -> Mapping[str, Tensor]:
    """The port's weights by its names."""
    module = port.reference
    state = {**dict(module.named_buffers()), **module.state_dict()}
    state = {name: value.detach() for name, value in state.items()}
    made: Any = state if port.weights is None else port.weights
    if callable(made):
        first = [*inspect.signature(made).parameters.values(), None][0]
        lazy = first is not None and "Weights" in str(first.annotation)
        made = made({n: Lazy(n, v) for n, v in state.items()} if lazy else state)
    return {name: tensor(value) for name, value in made.items()}


def tensor(value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, WeightData):
        value = value.to_buffer()
    return torch.from_dlpack(value).clone()


def fitting(declared: Mapping[str, Any], given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A value for every weight. Names may differ in case and underscores."""
    by_plain = {plain(name): value for name, value in given.items()}
    found = {}
    for name, weight in declared.items():
        value = given[name] if name in given else by_plain.get(plain(name))
        shape = [int(size) for size in weight.shape]
        if value is None or list(value.shape) != shape:
            theirs = "nothing" if value is None else list(value.shape)
            message = f"the port's weight {name} is {shape}, and given is {theirs}"
            raise ValueError(message)
        found[name] = value
    return found


def plain(name: str) -> str:
    return name.replace("_", "").lower()
