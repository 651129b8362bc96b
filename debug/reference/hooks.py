"""Hears of every layer's call while the reference runs, in float64 or another precision.

A float64 run is not just ``module.double()``: models that guard half precision with
``x.float()`` would drop to float32 in the middle of it, so that is lifted
(`StayInFloat64`).
"""

import copy
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

from debug.protocol.values import Place
from debug.reference.call_sites import reference_place
from debug.reference.grouped_products import grouped_product, is_grouped_product
from debug.reference.other_precision import in_other_precision
from debug.subject import CastsWeights, LayerName, Subject, in_precision


class StayInFloat64(TorchFunctionMode):
    """Makes ``x.float()``, ``x.to(torch.float32)`` and the like no-ops on float64.

    Models guard half precision with them, or with ``softmax(x, dtype=torch.float32)``.
    They would drop to float32 inside a float64 run, and measure a floor that is not there.
    Of a function that PyTorch has not in float64 the same is computed by others.
    """

    def __torch_function__(
        self, func: Callable, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        first = args[0] if args else None
        if not args or not any(isinstance(each, Tensor) for each in args):
            # What is made of numbers alone, as by ``torch.arange(n, dtype=torch.float32)``.
            return func(*args, **{name: _widened(value) for name, value in kwargs.items()})
        wide = isinstance(first, Tensor) and first.dtype == torch.float64
        if not wide:
            return func(*args, **kwargs)
        if func is torch.Tensor.float:
            return first
        if is_grouped_product(func):  # which PyTorch has in no float64
            return grouped_product(*args, **kwargs)
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
            # The layer may write into its input.
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


def rounding(dtype: str) -> torch.dtype:
    """The precision of the yardstick: a candidate in float64 has that of float32."""
    return getattr(torch, "float32" if dtype == "float64" else dtype)


def narrowed(subject: Subject, module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """The reference as it runs on arguments of a precision."""
    kept = weights_precision(subject, dtype)
    return module if kept == torch.float32 else in_other_precision(module, kept)


def weights_precision(subject: Subject, dtype: torch.dtype) -> torch.dtype:
    """What the weights are kept in while the reference runs on arguments of a precision."""
    casts = isinstance(subject, CastsWeights) and subject.casts_weights
    return torch.float32 if casts else dtype
