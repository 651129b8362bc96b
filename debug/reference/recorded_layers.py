"""The reference's code, layer by layer, recorded once: no edit changes it.

Recording a layer runs the whole reference, so it is done when a layer is first looked
into. Recordings hold every value in between, which is gigabytes for a large model: beyond
a limit the oldest are dropped, and made again if they are needed.
"""

from collections.abc import Collection
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor, nn

from debug.measure.products import EXACT, Products
from debug.reference.hooks import (
    LayerCall,
    StayInFloat64,
    hooked,
    layer_modules,
    named_tensors,
    narrowed,
    rounding,
)
from debug.reference.other_precision import in_other_precision
from debug.reference.recorder import recorded
from debug.reference.recording import Recording, ValueId
from debug.reference.rounded_products import multiplied_as
from debug.subject import LayerName, Subject, arguments_in, model_of

KEPT_BYTES = 1 << 30
"""Beyond that, what was recorded first is dropped, and recorded again if it is needed."""


class RecordedLayers:
    """Runs the whole reference once for each layer that is looked into."""

    def __init__(self, subject: Subject, products: Products = EXACT) -> None:
        """``products`` is how the candidate's device multiplies."""
        self._subject, self._products = subject, products
        self._recordings: dict[str, Recording] = {}
        self._rounded: dict[str, list[Tensor]] = {}

    @cached_property
    def wide(self) -> nn.Module:
        """The reference in float64."""
        return in_other_precision(self._subject.reference(), torch.float64)

    def of(self, name: str) -> Recording:
        """A layer's own code in float64."""
        if name not in self._recordings:
            made = self._recorded(name)
            if made.further:  # a layer is known by its first result alone
                made = self._recorded(name, made.further)
            self._make_room()
            self._recordings[name] = replace(made, products=self._products)
        return self._recordings[name]

    def opened(self, name: str, part: str) -> Recording:
        """A layer's own code with that of a layer within it, whose result is an end."""
        return replace(self._recorded(name, opened=part), products=self._products)

    def with_code_of(self, name: str, parts: Collection[str]) -> Recording:
        """A layer's own code with that of layers within it."""
        return replace(self._recorded(name, parts), products=self._products)

    def _recorded(
        self, name: str, inlined: Collection[str] = (), opened: str | None = None
    ) -> Recording:
        subject, module = self._subject, self.wide
        modules = layer_modules(module, subject.layers)
        parts = [part for part in self._parts(name, inlined) if part.name != opened]
        begins = {n: part.name for part in parts if (n := part.begins) is not None}
        within = {each: modules[each] for each in (*begins, *(p.name for p in parts))}
        arguments = arguments_in(subject, torch.float64)
        call = next(layer.call for layer in subject.layers if layer.name == name)
        own = {} if opened is None else {opened: modules[opened]}
        calls = {part.name: part.call for part in parts}
        calls |= {n: part.call for part in parts if (n := part.begins) is not None}
        recording = recorded(module, modules[name], within, call, own, calls)
        with torch.inference_mode(), recording as made, StayInFloat64():
            subject.run_reference(module, *arguments)
        for first, part in begins.items():  # one module for the candidate
            made.inputs[part] = made.inputs.pop(first)
            del made.results[first]
        return made

    def rounded(self, name: str) -> list[Tensor]:
        """The same values in the candidate's precision, with all that has been rounded
        before the layer."""
        recording = self.of(name)
        if name not in self._rounded:
            dtype, given = rounding(self._subject.dtype.name), self._given(name, recording)
            with torch.inference_mode():
                self._rounded[name] = recording.in_precision(dtype, given)
        return self._rounded[name]

    def _given(self, name: str, recording: Recording) -> dict[ValueId, Tensor]:
        """What goes into a layer's own code in a run in the candidate's precision."""
        subject, given = self._subject, dict[ValueId, Tensor]()

        def keep(layer: LayerName, call: LayerCall) -> None:
            part, argument = recording.results.get(layer.name), recording.argument
            if part is not None:
                given[part] = call.value.clone()
            if layer.name == name and argument is not None and call.argument is not None:
                given[argument] = call.argument.clone()
                beside = named_tensors(modules[name], call.args, call.kwargs)
                given.update(
                    (recording.aside[each], value)
                    for each, value in beside
                    if each in recording.aside
                )

        rounded = rounding(subject.dtype.name)
        module = narrowed(subject, subject.reference(), rounded)
        modules = layer_modules(module, subject.layers)
        layers = [layer for layer in subject.layers if layer.name == name]
        layers = [*self._parts(name), *layers, model_of(subject.layers)]
        as_there = multiplied_as(self._products)
        with torch.inference_mode(), hooked(module, layers, keep), as_there:
            subject.run_reference(module, *arguments_in(subject, rounded))
        return given

    def _parts(self, name: str, inlined: Collection[str] = ()) -> list[LayerName]:
        """The layers within one; of those that are ``inlined`` what is within them."""
        within = [layer for layer in self._subject.layers if layer.parent == name]
        return [
            part
            for layer in within
            for part in (
                self._parts(layer.name, inlined) if layer.name in inlined else [layer]
            )
        ]

    def _make_room(self) -> None:
        while self._recordings and self._size > KEPT_BYTES:
            oldest = next(iter(self._recordings))
            del self._recordings[oldest]
            self._rounded.pop(oldest, None)

    @property
    def _size(self) -> int:
        kept = [
            *(made.values for made in self._recordings.values()),
            *self._rounded.values(),
        ]
        return sum(value.nbytes for values in kept for value in values)
