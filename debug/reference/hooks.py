"""Runs the reference in PyTorch, in float64 and again in the candidate's precision.

The run in float64 is the truth, the other one says how much rounding alone costs at each
layer. Both are needed of every layer twice: in the run of the whole model, and in
isolation.

A float64 run is not just ``module.double()``: models that guard half precision with
``x.float()`` would drop to float32 in the middle of it, so that is lifted
(`StayInFloat64`).
"""

import copy
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

from debug.measure.products import EXACT, Products
from debug.measure.truth import Truth, measure_isolated, measure_reference
from debug.protocol.values import Place
from debug.reference.call_sites import reference_definition, reference_place
from debug.reference.preconditions import check_inputs, check_repeats, check_weights
from debug.reference.rounded_products import multiplied_as
from debug.reference.without_value import check_values
from debug.subject import CastsWeights, LayerName, Subject, arguments_in, in_precision


class StayInFloat64(TorchFunctionMode):
    """Makes ``x.float()``, ``x.to(torch.float32)`` and the like no-ops on float64.

    Models guard half precision with them, or with ``softmax(x, dtype=torch.float32)``.
    They would drop to float32 inside a float64 run, and measure a floor that is not there.
    """

    def __init__(self) -> None:
        super().__init__()
        self._on = True

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """For what is no part of the model, such as measuring it."""
        self._on = False
        try:
            yield
        finally:
            self._on = True

    def __torch_function__(
        self, func: Callable, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        first = args[0] if args else None
        wide = isinstance(first, Tensor) and first.dtype == torch.float64
        if not (wide and self._on):
            return func(*args, **kwargs)
        if func is torch.Tensor.float:
            return first
        args = (args[0], *(_widened(value) for value in args[1:]))
        return func(*args, **{name: _widened(value) for name, value in kwargs.items()})


def _widened(value: Any) -> Any:
    """What a function of a float64 tensor is told beside it, such as a dtype."""
    return torch.float64 if value is torch.float32 else value


def first_tensor(given: Any) -> Tensor | None:
    """A module that takes or returns several values is known by its first."""
    return next((leaf for leaf in tree_leaves(given) if isinstance(leaf, Tensor)), None)


def named_tensors(layer: nn.Module, args: Any, kwargs: Any) -> Iterator[tuple[str, Tensor]]:
    """What a layer is called with, by the names of its parameters."""
    try:
        given = inspect.signature(layer.forward).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        given = {f"argument {number}": each for number, each in enumerate(args)} | kwargs
    for name, value in given.items():
        for number, tensor in enumerate(tree_leaves(value)):
            if isinstance(tensor, Tensor):
                yield name if isinstance(value, Tensor) else f"{name}[{number}]", tensor


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
            return in_precision(value, dtype) if isinstance(value, Tensor) else value

        args, kwargs = tree_map(narrowed, (self.args, dict(self.kwargs)))
        value = first_tensor(module(*args, **kwargs))
        assert value is not None
        return value


@contextmanager
def hooked(
    module: nn.Module,
    layers: Sequence[LayerName],
    record: Callable[[LayerName, LayerCall], None],
) -> Iterator[None]:
    """Calls ``record`` after the call of a named layer; of several calls, after its own."""
    handles = []
    modules = layer_modules(module, layers)

    for layer in layers:
        watch = _Watch(layer, record)
        target = modules[layer.name]
        handles.append(target.register_forward_pre_hook(watch.enter, with_kwargs=True))
        handles.append(target.register_forward_hook(watch.leave))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


_PLAIN = ("builtins", "torch")
"""Where classes are whose objects nobody writes into: numbers, texts, dtypes."""


class _Watch:
    """Sees one layer's calls from both ends, and records the one that is the layer's."""

    def __init__(
        self, layer: LayerName, record: Callable[[LayerName, LayerCall], None]
    ) -> None:
        self._layer, self._record, self._calls = layer, record, 0
        self._given: list[tuple[Any, Any, Place]] = []

    def enter(self, _: nn.Module, args: Any, kwargs: Any) -> None:
        self._calls += 1
        if self._calls == self._layer.call:
            # The layer may write into what it is given.
            args, kwargs = tree_map(_copied, (args, kwargs))
            self._given.append((args, kwargs, reference_place(sys._getframe(1))))

    def leave(self, _: nn.Module, args: Any, output: Any) -> None:
        if not self._given:
            return
        given, value = self._given.pop(), first_tensor(output)
        if value is not None:
            arguments, keywords, place = given
            self._record(self._layer, LayerCall(arguments, keywords, value.detach(), place))


def _copied(value: Any) -> Any:
    """A cache of keys and values is no tensor, and is written into as well."""
    if isinstance(value, Tensor):
        return value.clone()
    return copy.deepcopy(value) if type(value).__module__ not in _PLAIN else value


def layer_modules(module: nn.Module, layers: Sequence[LayerName]) -> dict[str, nn.Module]:
    """PyTorch's modules by the layers' names; the model's is whatever the layer says."""
    modules = dict(module.named_modules(remove_duplicate=False))
    return {
        **modules,
        **{layer.name: modules[layer.path] for layer in layers if layer.module is not None},
        **{layer.name: module for layer in layers if layer.is_model},
    }


def run_reference(
    subject: Subject, dtype: str, products: Products = EXACT
) -> dict[str, Truth]:
    """The truth about every input and layer, in order of computation.

    Every layer is measured in the run of the whole model, and in isolation: on its input
    from the float64 run, so that its own rounding is told from what has piled up before.

    Args:
        subject: whose reference runs.
        dtype: what the candidate computes in.
        products: how its device multiplies.
    """
    truths: dict[str, Truth] = {}
    for value in subject.inputs:
        truths[value.name] = measure_reference(value.exact, value.reference)

    module, layers = subject.reference(), subject.layers
    rounded = rounding(dtype)
    narrow = narrowed(subject, module, rounded)
    values: dict[str, Tensor] = {}
    calls: dict[str, LayerCall] = {}
    """Of modules that rows begin with."""

    def keep(layer: LayerName, call: LayerCall) -> None:
        values[layer.name] = call.value.clone()  # the next layer may write into it

    def measure(layer: LayerName, call: LayerCall) -> None:
        value = values.pop(layer.name)
        result = call.value.clone()
        truth = measure_reference(result, value, layer.axes, layer.heads, layer.shape)
        call = calls.get(layer.begins or "", call)
        with multiplied_as(products):
            if not layer.is_model:
                value = call.again(modules[layer.begins or layer.name], rounded)
            if layer.begins is not None:
                value = modules[layer.name](value)
        if (exact := call.argument) is not None:
            argument = in_precision(exact, getattr(torch, dtype))
            if torch.equal(argument.isfinite(), exact.isfinite()):  # it has no other
                truth = measure_isolated(truth, argument, value)
        place = call.place
        if layer.is_model:
            place = reference_definition(module) or place
        truths[layer.name] = replace(truth, place=place)

    stay = StayInFloat64()

    begins = [
        LayerName(n, parent="", call=each.call) for each in layers if (n := each.begins)
    ]

    def measured(layer: LayerName, call: LayerCall) -> None:
        if layer in begins:
            calls[layer.name] = call
            return
        with stay.lifted():
            measure(layer, call)

    check_inputs(subject.inputs)
    check_weights(module)
    with torch.inference_mode():
        wide = copy.deepcopy(module).double()
        drawn = torch.get_rng_state()
        with hooked(narrow, layers, keep), multiplied_as(products):
            subject.run_reference(narrow, *arguments_in(subject, rounded))
        if not torch.equal(drawn, torch.get_rng_state()):  # something drew random numbers
            before = dict(values)
            with hooked(narrow, layers, keep), multiplied_as(products):
                subject.run_reference(narrow, *arguments_in(subject, rounded))
            check_repeats(before, values)
        modules = layer_modules(narrow, layers)
        with hooked(wide, [*begins, *layers], measured), stay:
            subject.run_reference(wide, *arguments_in(subject, torch.float64))
    check_values(truths)
    return {name: truths[name] for name in in_order(subject)}


def rounding(dtype: str) -> torch.dtype:
    """The precision of the yardstick: a candidate in float64 has that of float32."""
    return getattr(torch, "float32" if dtype == "float64" else dtype)


def narrowed(subject: Subject, module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """The reference as it runs on arguments of a precision."""
    casts = isinstance(subject, CastsWeights) and subject.casts_weights
    if dtype == torch.float32 or casts:
        return module
    return copy.deepcopy(module).to(dtype)


def in_order(subject: Subject) -> list[str]:
    inputs = [value.name for value in subject.inputs if value.compared]
    return inputs + [layer.name for layer in subject.layers]
