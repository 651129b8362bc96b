"""Runs the reference in PyTorch, in float64 and again in the candidate's precision.

The run in float64 is the truth, the other one says how much rounding alone costs at each
layer. Both are needed of every layer twice: in the run of the whole model, and in
isolation.

A float64 run is not just ``module.double()``: models that guard half precision with
``x.float()`` would drop to float32 in the middle of it, so that is lifted
(`StayInFloat64`).
"""

import copy
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from debug.measure.truth import Truth, measure_isolated, measure_reference
from debug.protocol.values import Place
from debug.reference.call_sites import reference_definition, reference_place
from debug.subject import LayerName, Subject, argument_of


class StayInFloat64(TorchFunctionMode):
    """Makes ``x.float()`` a no-op on float64.

    Models that guard half precision with ``x.float()`` would drop to float32 inside a
    float64 run, and measure a floor that is not there.
    """

    def __torch_function__(
        self, func: Callable, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if func is torch.Tensor.float and args[0].dtype == torch.float64:
            return args[0]
        return func(*args, **(kwargs or {}))


def first_tensor(given: Any) -> Tensor | None:
    """A module that takes or returns several values is known by its first."""
    return next((leaf for leaf in tree_leaves(given) if isinstance(leaf, Tensor)), None)


@dataclass(frozen=True)
class LayerCall:
    """One call of a layer in the reference."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    value: Tensor
    place: Place
    """The line that made it."""

    @property
    def argument(self) -> Tensor | None:
        """The first tensor that the layer was called with."""
        return first_tensor([*self.args, *self.kwargs.values()])

    def again(self, module: nn.Module, dtype: torch.dtype) -> Tensor:
        """What another copy of the layer makes of the same in another precision."""

        def narrowed(value: Any) -> Any:
            wide = isinstance(value, Tensor) and value.is_floating_point()
            return value.to(dtype) if wide else value

        kwargs = {name: narrowed(value) for name, value in self.kwargs.items()}
        value = first_tensor(module(*map(narrowed, self.args), **kwargs))
        assert value is not None
        return value


@contextmanager
def hooked(
    module: nn.Module,
    layers: Sequence[LayerName],
    record: Callable[[LayerName, LayerCall], None],
) -> Iterator[None]:
    """Calls ``record`` after every call of a named layer."""
    handles = []
    modules = layer_modules(module, layers)

    for layer in layers:

        def hook(
            _: nn.Module, args: Any, kwargs: Any, output: Any, layer: LayerName = layer
        ) -> None:
            place = reference_place(sys._getframe(1))
            value = first_tensor(output)
            if value is not None:
                record(layer, LayerCall(args, kwargs, value.detach(), place))

        target = modules[layer.name]
        handles.append(target.register_forward_hook(hook, with_kwargs=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def layer_modules(module: nn.Module, layers: Sequence[LayerName]) -> dict[str, nn.Module]:
    """PyTorch's modules by the layers' names; the model's is whatever the layer says."""
    model = {layer.name: module for layer in layers if layer.is_model}
    return {**dict(module.named_modules()), **model}


def run_reference(subject: Subject, dtype: str) -> dict[str, Truth]:
    """The truth about every input and layer, in order of computation.

    Every layer is measured in the run of the whole model, and in isolation: on its input
    from the float64 run, so that its own rounding is told from what has piled up before.
    """
    truths: dict[str, Truth] = {}
    for value in subject.inputs:
        truths[value.name] = measure_reference(value.exact, value.reference)

    module, layers = subject.reference(), subject.layers
    x = argument_of(subject).reference
    rounded = rounding(dtype)
    values: dict[str, Tensor] = {}

    def keep(layer: LayerName, call: LayerCall) -> None:
        values[layer.name] = call.value.clone()  # the next layer may write into it

    def measure(layer: LayerName, call: LayerCall) -> None:
        value = values.pop(layer.name)
        truth = measure_reference(call.value.clone(), value, layer.axes, layer.heads)
        if not layer.is_model:
            value = call.again(modules[layer.name], rounded)
        argument = call.argument
        if argument is not None:
            argument = argument.to(getattr(torch, dtype))
            truth = measure_isolated(truth, argument, value)
        place = call.place
        if layer.is_model:
            place = reference_definition(module) or place
        truths[layer.name] = replace(truth, place=place)

    with torch.inference_mode():
        wide = copy.deepcopy(module).double()
        with hooked(module, layers, keep):
            subject.run_reference(module, x.to(rounded))
        modules = layer_modules(module, layers)
        with hooked(wide, layers, measure), StayInFloat64():
            subject.run_reference(wide, x.double())
    return {name: truths[name] for name in in_order(subject)}


def rounding(dtype: str) -> torch.dtype:
    """The precision of the yardstick: a candidate in float64 has that of float32."""
    return getattr(torch, "float32" if dtype == "float64" else dtype)


def in_order(subject: Subject) -> list[str]:
    return [v.name for v in subject.inputs] + [layer.name for layer in subject.layers]
