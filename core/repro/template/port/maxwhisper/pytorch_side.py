"""The reference's side: its layer's input and result, in float64 and rounded."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from .judging import StayInFloat64
from .port import Port

PLAIN = ("builtins", "torch")
"""Where classes are whose objects nobody writes into."""
Call = tuple[Any, Any, Tensor]
"""The arguments of a call of a module, its keywords, and what it returned."""


class PyTorchSide:
    """The reference's layer in a run of the whole reference in float64."""

    def __init__(self, port: Port, inputs: Sequence[Tensor], build: Any) -> None:
        """
        Args:
            port: what the port's file says.
            inputs: take the place of the tensors that the port's file has.
            build: of metrics.json.
        """
        self._inputs, self._layer, self._given = inputs, build["layer"], port.inputs
        self._module = port.reference.eval()
        if (pick := port.output) is not None:
            self._module.register_forward_hook(lambda _, __, output: pick(output))
        asides = [each["layer"] for each in build["aside"]]
        wide = copy.deepcopy(self._module).double()
        with StayInFloat64():
            calls = self._run(wide, [self._layer, *asides], torch.float64)
        self._args, self._kwargs, self.exact = calls[0]
        self.argument = first_tensor((self._args, self._kwargs))
        """The layer's input, if that is a tensor."""
        self.aside = [value for _, _, value in calls[1:]]
        """What other layers returned that enter it as well."""

    def in_whole_run(self, dtype: torch.dtype) -> Tensor:
        """The layer's result with what has piled up before it, in a precision."""
        return self._run(self._narrowed(dtype), [self._layer], dtype)[0][2]

    def alone(self, dtype: torch.dtype) -> Tensor:
        """What the layer makes of the exact input, in a precision."""
        given = pytree.tree_map(lambda x: converted(x, dtype), (self._args, self._kwargs))
        with torch.inference_mode():
            layer = self._narrowed(dtype).get_submodule(self._layer["path"])
            output = layer(*given[0], **given[1])
        value = first_tensor(output)
        assert value is not None
        return value

    def _narrowed(self, dtype: torch.dtype) -> Any:
        """The reference with its weights in a precision."""
        if dtype == torch.float32:
            return self._module
        return copy.deepcopy(self._module).to(dtype)

    def _run(self, module: Any, layers: Sequence[Any], dtype: torch.dtype) -> list[Call]:
        """The call of each of some layers in a run of the whole."""
        leaves, spec = pytree.tree_flatten(dict(self._given))
        tensors = iter(converted(each, dtype) for each in self._inputs)
        filled = [next(tensors) if isinstance(x, Tensor) else x for x in leaves]
        watched = [Watched(module.get_submodule(x["path"]), x["call"]) for x in layers]
        with torch.inference_mode():
            module(**pytree.tree_unflatten(filled, spec))
        return [each.recorded() for each in watched]


class Watched:
    """One of the calls of a module, as it was made."""

    def __init__(self, module: torch.nn.Module, call: int) -> None:
        self._call, self._calls = call, 0
        self._given: list[Any] = []
        self._found: list[Call] = []
        self._handles = [
            module.register_forward_pre_hook(self._enter, with_kwargs=True),
            module.register_forward_hook(self._leave),
        ]

    def _enter(self, _: Any, args: Any, kwargs: Any) -> None:
        self._calls += 1
        if self._calls == self._call:  # the layer may write into its input
            self._given.append(pytree.tree_map(copied, (args, kwargs)))

    def _leave(self, _: Any, __: Any, output: Any) -> None:
        value = first_tensor(output) if self._given else None
        if value is not None:
            self._found.append((*self._given.pop(), value.clone()))

    def recorded(self) -> Call:
        for each in self._handles:
            each.remove()
        return self._found[0]


def first_tensor(given: Any) -> Tensor | None:
    """A module that takes or returns several values is known by its first."""
    return next((x for x in pytree.tree_leaves(given) if isinstance(x, Tensor)), None)


def converted(value: Any, dtype: torch.dtype) -> Any:
    is_float = isinstance(value, Tensor) and value.is_floating_point()
    return value.to(dtype) if is_float else value


def copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    return copy.deepcopy(value) if type(value).__module__ not in PLAIN else value
