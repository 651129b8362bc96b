"""Runs the reference in PyTorch, in float64 and again in the candidate's precision."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from debug.compare import Truth, measure_reference
from debug.subject import LayerName, Subject


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


def first_tensor(output: Any) -> Tensor:
    """A module that returns several values is known by its first."""
    return first_tensor(output[0]) if isinstance(output, tuple | list) else output


@contextmanager
def hooked(
    module: nn.Module,
    layers: Sequence[LayerName],
    record: Callable[[LayerName, Tensor], None],
) -> Iterator[None]:
    """Calls ``record`` with the output of every named layer; the last is the model."""
    handles = []
    modules = dict(module.named_modules())
    for layer in layers:
        target = module if layer is layers[-1] else modules[layer.name]

        def hook(_: nn.Module, __: Any, output: Any, layer: LayerName = layer) -> None:
            record(layer, first_tensor(output).detach())

        handles.append(target.register_forward_hook(hook))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def run_reference(subject: Subject, dtype: str) -> dict[str, Truth]:
    """The truth about every input and layer, in order of computation.

    Only the float64 values are kept: the run in ``dtype`` is measured against them as it
    goes and forgotten.
    """
    truths: dict[str, Truth] = {}
    for value in subject.inputs:
        truths[value.name] = measure_reference(value.exact, value.reference)

    module = subject.reference()
    x = subject.inputs[-1].reference
    exact: dict[str, Tensor] = {}

    def keep(layer: LayerName, value: Tensor) -> None:
        exact[layer.name] = value.clone()  # the next layer may write into it

    def measure(layer: LayerName, value: Tensor) -> None:
        truths[layer.name] = measure_reference(exact.pop(layer.name), value, layer.axes)

    with torch.inference_mode():
        wide = copy.deepcopy(module).double()
        with hooked(wide, subject.layers, keep), StayInFloat64():
            subject.run_reference(wide, x.double())
        del wide
        # A candidate in float64 is measured with the yardstick of float32.
        rounded = getattr(torch, "float32" if dtype == "float64" else dtype)
        with hooked(module, subject.layers, measure):
            subject.run_reference(module, x.to(rounded))
    return {name: truths[name] for name in in_order(subject)}


def in_order(subject: Subject) -> list[str]:
    return [v.name for v in subject.inputs] + [layer.name for layer in subject.layers]
