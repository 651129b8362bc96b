"""Where a layer begins and ends in a candidate whose modules do not say so.

A port may compute a layer without calling a module, or have a module that does more than
PyTorch's of that name: an activation within it, a residual, the norm before it. Neither is
a mistake. A layer's input and result are then somewhere else among the candidate's
values, and its numbers say where.

So the whole graph runs once more, from PyTorch's own input, and every value is compared
with what PyTorch's layers are given and return. Where a layer is wrong, all that follows
is, too, and nothing would be found behind it: then the graph runs a second time, in which
the right value takes the wrong one's place.

A value that hardly varies, such as zeros, could be anything, and is never found.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch
from max.driver import Buffer
from torch import Tensor

from debug.candidate import max_internals
from debug.candidate.buffers import to_buffer, to_torch
from debug.candidate.flow import LayerInput
from debug.candidate.kept_values import KeptValues
from debug.candidate.max_internals import ValueKey
from debug.candidate.program import Program
from debug.measure.layout import laid_out, nearest
from debug.measure.matching import distance, in_shape_of, norm_of
from debug.measure.shelf import Kept
from debug.measure.truth import Truth
from debug.pause import Pause
from debug.protocol.verdict import LAYER

VARIES = 1e-3
"""How large a value's std must be beside its mean for its numbers to say something."""
FEWEST = 8
"""Fewer numbers say nothing."""
COARSEST = 1e-3
"""The largest rounding by which a layer's argument is still known."""


@dataclass(frozen=True)
class Border:
    """Where a layer is in the candidate."""

    result: ValueKey
    argument: LayerInput | None


@dataclass
class _Seen:
    """The candidate's values that are what PyTorch's layers return, and are given."""

    results: dict[str, list[ValueKey]] = field(default_factory=dict)
    arguments: dict[str, list[ValueKey]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Landmark:
    """A value of PyTorch's to look for. It is read only where the norm is the same."""

    label: str
    kept: Kept
    norm: float
    floor: float

    @property
    def limit(self) -> float:
        """The largest norm of an error that is rounding."""
        return LAYER.watch_up_to * self.floor * self.norm

    def is_in(self, value: Tensor) -> bool:
        """Whether a value of the candidate is this one, in any layout."""
        exact = self.kept.read().double()
        laid = _as_compared(value.double(), exact)
        return laid is not None and distance(laid, exact.squeeze()) <= self.limit


class Landmarks:
    """What PyTorch's layers return and are given, by how many numbers that is: a value of
    the candidate can only be one of as many."""

    def __init__(self, truths: Mapping[str, Truth]) -> None:
        self.truths = truths

    @cached_property
    def results(self) -> dict[int, list[_Landmark]]:
        return _by_size(_results(self.truths))

    def has_result(self, value: Tensor, of: Callable[[str], bool]) -> bool:
        """Whether a value of the candidate is what one of some layers returns."""
        norm = norm_of(value.double())
        return any(
            of(each.label) and abs(each.norm - norm) <= each.limit and each.is_in(value)
            for each in self.results.get(value.numel(), ())
        )

    @cached_property
    def arguments(self) -> dict[int, list[_Landmark]]:
        return _by_size(_arguments(self.truths))


class Borders:
    """The layers of one program by their numbers."""

    def __init__(
        self, program: Program, landmarks: Landmarks, model: str, kept: KeptValues
    ) -> None:
        """
        Args:
            program: the candidate's.
            landmarks: PyTorch's values.
            model: the layer that all others are parts of.
            kept: what was computed, by digest.
        """
        self.program, self._landmarks = program, landmarks
        self._truths, self._model, self._kept = landmarks.truths, model, kept
        self._taps = dict(program.layers)
        """What the modules return."""
        self._first: _Seen | None = None
        self._second: _Seen | None = None

    def of(self, layer: str, pause: Pause) -> Border | None:
        """Where a layer is; None if its value is nowhere and no module returns it.

        Raises:
            Interrupted: ``pause`` says that something else is wanted.
        """
        if self._first is None:
            self._first = self._walk((), pause)
        tapped = self._taps.get(layer)
        if found := self._among(layer, tapped, self._first):
            return found
        wrong = {n for n in self._taps if n not in self._first.results} - {self._model}
        if wrong and self._second is None:
            self._second = self._walk(wrong, pause)
        found = self._second and self._among(layer, tapped, self._second)
        if found or tapped is None:
            return found
        return Border(tapped, self.program.inputs.get(layer))

    def _among(self, layer: str, tapped: ValueKey | None, seen: _Seen) -> Border | None:
        results = seen.results.get(layer, [])
        arguments = seen.arguments.get(layer, [])
        if not results and (tapped is None or not arguments):
            return None
        # Where it has the layer's own layout others can be given PyTorch's value there.
        fitting = [key for key in results if self._laid_out(key, layer) is not None]
        best = next(iter(fitting or results), tapped)
        result = tapped if tapped in (fitting or results) else best
        assert result is not None
        own = self.program.inputs.get(layer)
        if own is not None and own.key in arguments:
            return Border(result, own)
        for key in arguments:
            kind = max_internals.tensor_type(key)
            given = None if kind is None else LayerInput(key, kind)
            if (
                given
                and self._takes(layer, given)
                and self.program.flow.depends(result, key)
            ):
                return Border(result, given)
        begins = own is not None and (
            result == tapped or self.program.flow.depends(result, own.key)
        )
        return Border(result, own if begins else None)

    def _walk(self, replaced: Collection[str], pause: Pause) -> _Seen:
        """All values, where the results of some layers are replaced by the right ones."""
        program, seen = self.program, _Seen()
        right = {program.layers[name]: name for name in replaced}
        given: dict[ValueKey, Buffer] = {}
        if (first := program.inputs.get(self._model)) is not None:
            given = dict(self._argument_of_model(first))
        for key in given:
            self._look(key, given[key], seen)
        end = self._taps[self._model]
        for key, slots in program.walk(given, end, self._kept):
            pause()
            buffer = slots.get(key)
            if buffer is None:
                continue
            if key in right and (instead := self._right(key, right[key])) is not None:
                slots[key] = instead
                self._look(key, instead, _Seen({right[key]: []}, seen.arguments))
            else:
                self._look(key, buffer, seen)
        return seen

    def _argument_of_model(self, first: LayerInput) -> Iterator[tuple[ValueKey, Buffer]]:
        argument = self._argument_for(self._model, first)
        if argument is not None and list(argument.shape) == first.shape:
            yield first.key, _in_place_of(first.key, argument)

    def _takes(self, layer: str, given: LayerInput) -> bool:
        """Whether PyTorch's argument of a layer fits into a place of the graph."""
        argument = self._argument_for(layer, given)
        return argument is not None and list(argument.shape) == given.shape

    def _argument_for(self, layer: str, given: LayerInput) -> Tensor | None:
        truth = self._truths[layer]
        if truth.isolated is None:
            return None
        return laid_out(truth.isolated.argument, given.shape, truth.axes_back, truth.axes)

    def _right(self, key: ValueKey, layer: str) -> Buffer | None:
        """PyTorch's value in a layer's place, if it fits."""
        value = self._laid_out(key, layer)
        return None if value is None else _in_place_of(key, value)

    def _laid_out(self, key: ValueKey, layer: str) -> Tensor | None:
        kind, truth = max_internals.tensor_type(key), self._truths[layer]
        if kind is None:
            return None
        shape = [int(size) for size in kind.shape]
        value = laid_out(truth.exact, shape, truth.axes_back)
        return value if list(value.shape) == shape else None

    def _look(self, key: ValueKey, buffer: Buffer, seen: _Seen) -> None:
        """Notes which layers a value is the result of, and of which the argument."""
        if not buffer.dtype.is_float():
            return
        size, value, norm = buffer.num_elements, None, 0.0
        for sought_in, found in (
            (self._landmarks.results, seen.results),
            (self._landmarks.arguments, seen.arguments),
        ):
            for sought in sought_in.get(size, ()):
                if value is None:
                    value = to_torch(buffer)
                    norm = norm_of(value)
                if abs(norm - sought.norm) <= sought.limit and sought.is_in(value):
                    found.setdefault(sought.label, []).append(key)


def _as_compared(value: Tensor, exact: Tensor) -> Tensor | None:
    """Without axes of one. An image's height and width stay in their order: one that is
    right the other way round is wrong."""
    laid = nearest(value, exact)
    return laid.squeeze() if laid.shape == exact.shape else in_shape_of(value, exact)


def as_returned(value: Tensor, truth: Truth, dtype: str) -> Tensor:
    """A value that was found, as the layer's own module would have returned it."""
    laid = _as_compared(value, truth.exact)
    if laid is None:
        return value
    return laid.reshape(truth.exact.shape).to(getattr(torch, dtype))


def _in_place_of(key: ValueKey, value: Tensor) -> Buffer:
    kind = max_internals.tensor_type(key)
    assert kind is not None
    return to_buffer(value, kind.dtype, kind.device.to_device())


def _by_size(values: Iterable[_Landmark]) -> dict[int, list[_Landmark]]:
    found: dict[int, list[_Landmark]] = {}
    for value in values:
        found.setdefault(value.kept.shape.numel(), []).append(value)
    return found


def _results(truths: Mapping[str, Truth]) -> Iterator[_Landmark]:
    for name, truth in truths.items():
        exact = truth.exact
        if _says_something(exact):
            yield _Landmark(name, truth.kept, norm_of(exact), truth.floor)


def _arguments(truths: Mapping[str, Truth]) -> Iterator[_Landmark]:
    """What layers are given has been rounded as much as what those before them return."""
    floor = min(max((each.floor for each in truths.values()), default=0.0), COARSEST)
    for name, truth in truths.items():
        if truth.isolated is None:
            continue
        argument = truth.isolated.argument
        if argument.is_floating_point() and _says_something(argument):
            norm = norm_of(argument.double())
            yield _Landmark(name, truth.isolated.kept, norm, floor)


def _says_something(value: Tensor) -> bool:
    if value.numel() < FEWEST or not value.isfinite().all():
        return False
    value = value.double()
    return value.std().item() > VARIES * value.mean().abs().item()
