"""The values of a graph that are to be its outputs, noted while the source builds it.

A layer's result is heard of by a hook that MAX calls for every layer, a probe by itself.
Which module is which layer may be known only once all were called, so modules are noted by
their own names, and put to layers at the end (`Taps.outputs`).
"""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import CoroutineType, GeneratorType, NoneType
from typing import Any

import numpy as np
from max.dtype import DType
from max.graph import TensorValue, ops

from debug.candidate import max_internals, max_v3
from debug.candidate.module_tree import ModuleTree
from debug.candidate.probe import listening
from debug.candidate.source_lines import calling_line, calling_lines
from debug.protocol.values import Place
from debug.subject import (
    Alignment,
    CalledModule,
    Candidate,
    Counterpart,
    LayerName,
    model_of,
)

CallKey = tuple[str, int]
"""A module, and the number of one of its calls, from 1."""

WITHOUT_RESULT = {
    NoneType: "nothing: its {} lacks a return",
    GeneratorType: "a generator: its {} has a yield",
    CoroutineType: "a coroutine: its {} is async",
}
"""What a module returned where a tensor was needed, and why."""


@dataclass(frozen=True)
class Result:
    """What a layer returns; of several values the first."""

    layer: str


@dataclass(frozen=True)
class FirstInput:
    """The first tensor that a layer is called with."""

    layer: str


@dataclass(frozen=True)
class Probe:
    """A value that the source names, and the reference's variable that it should be."""

    layer: str
    variable: str
    place: Place | None
    is_tensor: bool

    @property
    def name(self) -> str:
        return f"{self.layer}.{self.variable}"


Output = Result | FirstInput | Probe


class Taps:
    """Notes each value that is to be an output while the source builds the graph."""

    def __init__(
        self,
        candidate: Candidate,
        layers: Sequence[LayerName],
        files: Collection[str],
        with_inputs: bool,
    ) -> None:
        """
        Args:
            candidate: the port, loaded.
            layers: those to look for; the model itself is one of them.
            files: the candidate's source files, in which errors and layers are placed.
            with_inputs: whether layers' inputs and probes are outputs, too.
        """
        self.model = model_of(layers).name
        self.files, self._with_inputs = files, with_inputs
        self.tree = tree = ModuleTree(candidate.module)
        self.module = tree.root
        self._names = {id(module): name for name, module in tree.modules.items()}
        self.layers, self._align = list(layers), candidate.align
        self._module_of = candidate.names
        self._calls: dict[tuple[str, int], _Call] = {}
        self._shapes: dict[tuple[str, int], tuple[int, ...]] = {}
        """Of all calls, those of which no value gets out of a condition as well."""
        self.unseen: set[str] = set()
        """Layers with such a call."""
        self._passed: list[_Passed] = []
        self._probes: dict[Probe, TensorValue | None] = {}
        self.alignment: Alignment | None = None
        self.places: dict[str, Place] = {}
        self.modules: dict[str, str] = {}
        """By layer, the dotted name of its module, or of the first of several."""
        self.without_result: tuple[Any, type] | None = None
        """The first module whose call returned what no layer does, and the kind of that."""
        self.again: dict[str, Place] = {}
        """Where a layer's module is called more often than the reference calls it."""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hears every layer and probe, and gives each operation its source line."""

        def lines() -> list[tuple[str, int]]:
            places = calling_lines(sys._getframe(1), self.files)
            return [(place.path, place.line) for place in places]

        with (
            max_internals.layer_hook(self._layer_called),
            max_internals.locating(lines),
            listening(self._probe_passed),
        ):
            yield

    def _layer_called(self, layer: Any, args: Any, kwargs: Any, output: Any) -> None:
        name = self._names.get(id(layer))
        if type(output) in WITHOUT_RESULT and self.without_result is None:
            self.without_result = layer, type(output)
        value = first_value(output)
        around = max_internals.layers_around(sys._getframe(1))
        if name is None or value is None or sum(each is layer for each in around) > 1:
            return  # a class that calls the one it extends is called once
        number = sum(called == name for called, _ in self._shapes) + 1
        self._shapes[name, number] = tuple(int(size) for size in value.shape)
        if max_internals.is_inside():
            return
        given = first_value([*args, *kwargs.values()])
        place = calling_line(sys._getframe(1), self.files)
        self._calls[name, number] = _Call(value, given, place)

    def _probe_passed(self, name: str, x: Any) -> None:
        frame = sys._getframe(1)
        around = (self._names.get(id(each)) for each in max_internals.layers_around(frame))
        modules = [each for each in around if each is not None]
        place = calling_line(frame, self.files)
        value = None if max_internals.is_inside() else first_value(x)
        self._passed.append(_Passed(name, modules, value, place))

    def _resolve_probes(self, counterparts: Mapping[str, Counterpart]) -> None:
        """Which layer each probe is in, once it is known which module is which layer."""
        layer_of = {each.modules[0]: layer for layer, each in counterparts.items()}
        layers = {layer.name for layer in self.layers}
        for passed in self._passed:
            around = [layer_of[each] for each in passed.modules if each in layer_of]
            meant = about(passed.name, around, layers, self.model)
            if meant is not None:
                probe = Probe(*meant, passed.place, passed.value is not None)
                self._probes[probe] = passed.value

    @property
    def has_heard(self) -> bool:
        """Whether any module was called."""
        return bool(self._calls)

    @property
    def probes(self) -> list[Probe]:
        return list(self._probes)

    def outputs(self, is_whole: bool) -> dict[Output, TensorValue]:
        """Every value to be returned, by what it is. Called when all layers were, or those
        before one that raised."""
        results: dict[Output, TensorValue] = {}
        inputs: dict[Output, TensorValue] = {}
        counterparts = self._in_order(self._counterparts(is_whole))
        self._resolve_probes(counterparts)
        self.modules = {layer: each.modules[0] for layer, each in counterparts.items()}
        known = _calls_of(counterparts)
        for layer, counterpart in counterparts.items():
            calls = [self._calls.get((m, counterpart.call)) for m in counterpart.modules]
            called = [call for call in calls if call is not None]
            if not called or len(called) < len(calls):
                if all((m, counterpart.call) in self._shapes for m in counterpart.modules):
                    self.unseen.add(layer)
                continue
            results[Result(layer)] = _value_of(called, counterpart)
            if called[0].given is not None:
                inputs[FirstInput(layer)] = called[0].given
            if called[0].place is not None:
                self.places[layer] = called[0].place
            further = self._further(counterpart.modules[0], known)
            again = self._calls.get(further[0]) if further else None
            if again is not None and again.place is not None:
                self.again[layer] = again.place
        if not self._with_inputs:
            return results
        tensors = {p: value for p, value in self._probes.items() if value is not None}
        return {**results, **inputs, **tensors}

    def _further(self, module: str, known: Collection[CallKey]) -> list[CallKey]:
        """The calls of a module that are no layer's."""
        return [key for key in self._shapes if key[0] == module and key not in known]

    def _in_order(self, counterparts: Mapping[str, Counterpart]) -> dict[str, Counterpart]:
        """Which call is a layer's, where its module is called more often than the
        reference calls it: the first of its shape after what comes before the layer there.
        A norm that is applied in another's place as well may be called too early, or too
        late."""
        found, known = dict(counterparts), _calls_of(counterparts)
        returned = {key: number for number, key in enumerate(self._shapes)}
        before: dict[str | None, int] = {}
        for layer in self.layers:
            counterpart = found.get(layer.name)
            if counterpart is None or len(counterpart.modules) != 1:
                continue
            own = counterpart.modules[0], counterpart.call
            further = self._further(own[0], known)
            alike = (key for key in further if self._shapes[key] == self._shapes.get(own))
            calls = sorted((own, *alike), key=lambda call: call[1])
            after = before.get(layer.parent, -1)
            chosen = next((c for c in calls if returned.get(c, -1) > after), own)
            found[layer.name] = replace(counterpart, call=chosen[1])
            before[layer.parent] = returned.get(chosen, after)
        return found

    def _counterparts(self, is_whole: bool) -> Mapping[str, Counterpart]:
        """What each layer is on this side, in order of computation."""
        if self._align is None:
            names = {**self._module_of, self.model: ""}
            by_name = {names.get(each.name, each.name): each for each in self.layers}
            return {
                by_name[name].name: Counterpart((name,), number)
                for name, number in self._shapes
                if name in by_name and by_name[name].call == number
            }
        called = [CalledModule(*key, shape) for key, shape in self._shapes.items()]
        # What was never reached may be read yet.
        read = max_internals.weights_read() if is_whole else ()
        self.alignment = self._align(called, read)
        self.layers = list(self.alignment.layers)
        return self.alignment.counterparts


def _calls_of(counterparts: Mapping[str, Counterpart]) -> set[CallKey]:
    return {(m, each.call) for each in counterparts.values() for m in each.modules}


@dataclass(frozen=True)
class _Call:
    """One call of one of the candidate's modules."""

    value: TensorValue
    given: TensorValue | None
    place: Place | None


@dataclass(frozen=True)
class _Passed:
    """A value that the source names by a probe."""

    name: str
    modules: Sequence[str]
    """Those that are being called, innermost first."""
    value: TensorValue | None
    place: Place | None


def _value_of(calls: Sequence[_Call], counterpart: Counterpart) -> TensorValue:
    """A layer's value: a module's result, some of its channels, or several joined."""
    values = [call.value for call in calls]
    value = values[0] if len(values) == 1 else ops.concat(values, axis=-1)
    if counterpart.scale != 1.0:
        value = value / counterpart.scale
    channels = counterpart.channels
    if channels is None:
        return value
    first, stop = channels[0], channels[0] + len(channels)
    if channels == tuple(range(first, stop)):
        return value[..., first:stop]
    device = value.device
    index = ops.constant(np.array(channels, np.int64), DType.int64, device)
    return ops.gather(value, index, axis=-1)


def about(
    name: str, around: Sequence[str], layers: Collection[str], model: str
) -> tuple[str, str] | None:
    """The layer and the variable that a probe means.

    None for a layer other than the one whose call is being traced: both share the code.

    Args:
        name: as the source has it.
        around: the layers that are being traced, innermost first.
        layers: all of them.
        model: the one that all others belong to.
    """
    layer, _, variable = name.rpartition(".")
    innermost = around[0] if around else model
    if not layer:
        return innermost, variable

    def within(one: str, other: str) -> bool:
        return other == model or f"{one}.".startswith(f"{other}.")

    meant = layer not in layers or within(layer, innermost) or within(innermost, layer)
    return (layer, variable) if meant else None


def first_value(output: Any) -> TensorValue | None:
    """A layer that returns several values is known by its first, as in PyTorch."""
    if isinstance(output, tuple | list):
        return next((v for each in output if (v := first_value(each)) is not None), None)
    return max_v3.graph_value(output)
