"""PyTorch's model with the candidate's code standing in for some of its layers.

How much of the final error does one mistake make? The candidate itself can't tell where
there are several: they add up, hide each other, or make up for each other. Here all is
PyTorch's in float64, and only the layers that have the mistake run MAX's code, each on what
reaches it. So an epsilon that nine norms share errs nine times, the second on what the
first has made of the values, and nothing else is wrong.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from debug.candidate.interpreter import LazyValue
from debug.experiments.isolation import Isolation
from debug.measure.matching import relative_error
from debug.measure.shelf import InMemory
from debug.measure.truth import Truth, as_laid_out, in_layout
from debug.pause import Interrupted, Pause, go_on
from debug.reference.hooks import (
    LayerCall,
    StayInFloat64,
    first_tensor,
    hooked,
    layer_modules,
)
from debug.subject import LayerName, Subject, arguments_in, in_precision, model_of


class _CannotStandIn(Exception):
    """The candidate's code does not run on what reaches the layer."""


@dataclass
class _StandIn:
    """The candidate's code of one layer, hooked into the reference."""

    layer: LayerName
    truth: Truth
    computed: LazyValue
    isolation: Isolation
    dtype: torch.dtype
    """The candidate's."""
    reference: StayInFloat64
    """The mode that the reference runs in."""
    calls: int = 0
    value: Tensor | None = None

    @property
    def is_due(self) -> bool:
        return self.calls == self.layer.call

    def enter(self, _: nn.Module, args: Any, kwargs: Any) -> None:
        """Before the reference's layer, which may write into its input."""
        self.calls += 1
        argument = first_tensor([*args, *kwargs.values()])
        if not self.is_due or argument is None:
            return
        try:
            with self.reference.lifted():
                given = _as_given(in_precision(argument, self.dtype), self.truth)
                value = self.isolation.alone(given, self.computed)
        except Interrupted:
            raise
        except Exception as error:
            raise _CannotStandIn from error
        if value is None:
            raise _CannotStandIn
        self.value = value

    def leave(self, _: nn.Module, args: Any, output: Any) -> Any:
        first = first_tensor(output)
        if not self.is_due or first is None or self.value is None:
            return output
        axes, value = self.truth.axes_back, in_layout(self.value, self.truth).double()
        value = value.permute(axes) if axes else value
        if value.numel() != first.numel():
            raise _CannotStandIn
        value = value.reshape(first.shape)
        return tree_map(lambda leaf: value if leaf is first else leaf, output)


def _as_given(argument: Tensor, truth: Truth) -> Truth:
    """The truth of a layer that is given another argument, in the reference's layout."""
    assert truth.isolated is not None
    if truth.axes is not None and argument.ndim == len(truth.axes):
        argument = argument.permute(truth.axes)
    kept = InMemory(argument.contiguous())
    return replace(truth, isolated=replace(truth.isolated, kept=kept))


def error_with(
    names: Sequence[str],
    subject: Subject,
    truths: Mapping[str, Truth],
    computed: Mapping[str, LazyValue],
    module: nn.Module,
    pause: Pause = go_on,
) -> float | None:
    """The relative L2 error of the model's result if these layers alone were the
    candidate's.

    Args:
        names: of the layers.
        module: the reference in float64.

    Returns:
        None where one of them can't stand in: the candidate does not call it, or can't be
        given what reaches it.

    Raises:
        Interrupted: ``pause`` says that something else is wanted.
    """
    layers = {layer.name: layer for layer in subject.layers}
    dtype = subject.dtype.name
    beside = dict(truths)
    isolation = Isolation(dtype, beside)
    stand_ins: list[_StandIn] = []
    precision, in_float64 = getattr(torch, dtype), StayInFloat64()
    for name in names:
        layer, truth, value = layers.get(name), truths.get(name), computed.get(name)
        if layer is None or truth is None or truth.isolated is None or layer.begins:
            return None
        if value is None or value.isolated is None:
            return None
        stand_ins.append(_StandIn(layer, truth, value, isolation, precision, in_float64))
    model = model_of(subject.layers)
    asides = {each for one in stand_ins for each in _asides(one.computed)}
    heard = [layer for layer in subject.layers if layer.name in asides or layer.is_model]
    found: list[Tensor] = []

    def hear(layer: LayerName, call: LayerCall) -> None:
        if layer.is_model:
            found.append(call.value)
        else:  # it enters another layer beside its input, with the errors that it has now
            kept = InMemory(as_laid_out(call.value, truths[layer.name]))
            beside[layer.name] = replace(truths[layer.name], kept=kept)

    try:
        with contextlib.ExitStack() as run:
            run.enter_context(_standing_in(module, subject, stand_ins, pause))
            run.enter_context(hooked(module, heard, hear))
            run.enter_context(torch.inference_mode())
            run.enter_context(in_float64)
            subject.run_reference(module, *arguments_in(subject, torch.float64))
    except _CannotStandIn:
        return None
    return error_of(found[0], truths[model.name]) if found else None


def error_of(value: Tensor, truth: Truth) -> float:
    """The relative L2 error of a model's result; infinite in another shape."""
    value = in_layout(value, truth).double()
    if value.shape != truth.shape:
        return float("inf")
    return relative_error(value, truth.exact)


def _asides(computed: LazyValue) -> Sequence[str]:
    return [] if computed.isolated is None else list(computed.isolated().aside)


@contextlib.contextmanager
def _standing_in(
    module: nn.Module, subject: Subject, stand_ins: Sequence[_StandIn], pause: Pause
) -> Iterator[None]:
    modules = layer_modules(module, subject.layers)

    def make_way(*_: object) -> None:
        pause()

    handles = [each.register_forward_pre_hook(make_way) for each in set(modules.values())]
    for one in stand_ins:
        target = modules[one.layer.name]
        handles.append(target.register_forward_pre_hook(one.enter, with_kwargs=True))
        handles.append(target.register_forward_hook(one.leave))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
