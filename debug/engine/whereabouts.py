"""What is said of a layer that no module is, or whose module is something else, too.

A layer that the candidate does not call is compared where its value is found by its
numbers. Where it is not found, the layer around it decides: if that is right, the layer
was computed in some other way within, or is not needed; if it is wrong, the layer is
missing.

A layer that is called and wrong may begin or end elsewhere: `conv1` may return what
PyTorch has after the activation. It is no fault of the layer if it is right from where
PyTorch's argument is found to where its result is, and if what the module returns is right
as well: one of PyTorch's values, or part of a layer that is right.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

import torch
from msgspec import structs

from debug.candidate.interpreter import Interpreter, IsolatedLayer, LazyValue
from debug.candidate.program import Program
from debug.candidate.trace import Traced
from debug.experiments.borders import Border, Borders, Landmarks, as_returned
from debug.experiments.isolation import NEVER_CALLED, Isolation
from debug.measure.divergence import compare
from debug.measure.matching import Sought, find, in_shape_of
from debug.measure.truth import Truth, in_layout
from debug.pause import Pause, go_on
from debug.protocol.values import Divergence, Place
from debug.protocol.verdict import Verdict
from debug.reference.recorded_layers import RecordedLayers
from debug.reference.recording import ValueId
from debug.subject import Subject, model_of

MORE = Divergence(
    Verdict.UNSEEN,
    reason="its module does more than PyTorch's, and is right where it ends",
)
"""Of a layer that is part of a module in the port."""
RIGHT = (Verdict.OK, Verdict.WATCH)
SAME = 1e-3
"""How far rows may be apart, relatively, that are called the same."""


class Whereabouts:
    """Finds layers in the generation that was loaded last."""

    def __init__(
        self,
        subject: Subject,
        truths: Mapping[str, Truth],
        isolation: Isolation,
        recordings: RecordedLayers,
    ) -> None:
        self._truths, self._isolation, self._recordings = truths, isolation, recordings
        self._landmarks = Landmarks(truths)
        self._dtype = subject.dtype.name
        self._model = model_of(subject.layers).name
        self._parents = {layer.name: layer.parent for layer in subject.layers}
        self._values: dict[str, LazyValue] = {}
        self._borders: Borders | None = None
        self._runner: Interpreter | None = None
        self._places: dict[str, Place] = {}

    def begin(
        self, traced: Traced, values: dict[str, LazyValue], runner: Interpreter | None
    ) -> None:
        """Another generation.

        Args:
            traced: its graph.
            values: of the layers that it calls; those that are found are put in, too.
            runner: None where the graph runs as a whole, and nothing in it can be found.
        """
        self._values, self._runner, self._places = values, runner, traced.places
        self._borders = None
        if runner is not None and runner.program is not None and traced.broken is None:
            program, kept = runner.program, runner.kept
            self._borders = Borders(program, self._landmarks, self._model, kept)

    # -- Layers that no module is ------------------------------------------------------

    def find(self, name: str) -> LazyValue | None:
        """The value of a layer that the candidate does not call."""
        border = self._borders and self._borders.of(name, go_on)
        return None if border is None else self._settled(name, self._at(name, border))

    def without(self, name: str) -> Divergence:
        """What is to be said of a layer whose value is not found."""
        around = self._around(name)
        if around is None or self._of(around).verdict not in RIGHT:
            return NEVER_CALLED
        reason = f"computed within {around}, which is right, and not seen by itself"
        return Divergence(Verdict.UNSEEN, reason=reason)

    def _around(self, name: str) -> str | None:
        """The innermost layer around one that has a value."""
        parent = self._parents.get(name)
        while parent is not None and parent not in self._values:
            parent = self._parents.get(parent)
        return parent

    def _of(self, name: str) -> Divergence:
        """A layer in isolation; where that is not possible, in the run of the whole."""
        truth, value = self._truths[name], self._values[name]
        isolated = self._isolation.run(truth, value)
        if isolated is None or isolated.verdict is Verdict.UNSEEN:
            return compare(value.value(), truth, self._dtype)[1]
        return isolated

    def _is_within(self, name: str, layer: str) -> bool:
        parent = self._parents.get(name)
        return parent is not None and (parent == layer or self._is_within(parent, layer))

    # -- Layers whose module is something else -----------------------------------------

    def depth(self, name: str) -> int:
        """How many layers are around one."""
        parent = self._parents.get(name)
        return 0 if parent is None else 1 + self.depth(parent)

    def move(self, name: str, pause: Pause) -> Divergence | None:
        """A layer that is wrong in isolation from where it begins to where it ends, if it
        is right there, or what is to be said of it if it ends later; else None, and
        everything stays as it was.

        Raises:
            Interrupted: ``pause`` says that something else is wanted.
        """
        if self._borders is None or name == self._model:
            return None
        moved = self._between_borders(self._borders, name, pause)
        return MORE if moved is None and self._does_more(name) else moved

    def _between_borders(
        self, borders: Borders, name: str, pause: Pause
    ) -> Divergence | None:
        program, before = borders.program, self._values[name]
        tapped = Border(program.layers[name], program.inputs.get(name))
        border = borders.of(name, pause)
        if border is None or not _related(program, border, tapped):
            return None
        truth = self._truths[name]
        isolated = self._isolation.run(truth, self._at(name, border))
        is_right = isolated is not None and isolated.verdict in RIGHT
        is_same = border.result == tapped.result
        is_same = is_same and in_layout(before.value(), truth).shape == truth.shape
        added = program.flow.depends(tapped.result, border.result) and is_shifted(
            before, truth
        )
        if is_right and not added and (is_same or self._passes(name, before)):
            self._settled(name, self._values[name])
            return isolated
        program.found(name, tapped.result, tapped.argument)
        self._values[name] = before
        return None

    def _does_more(self, name: str) -> bool:
        """Whether a module makes of PyTorch's input one of the values that PyTorch makes of
        its layer's, as a convolution does that has the activation in it."""
        around = self._around(name)
        returned = self._isolation.alone(self._truths[name], self._values[name])
        if around is None or returned is None:
            return False
        recording = self._recordings.of(around)
        if name not in recording.results:
            return False
        made_of_it = recording.made_of([recording.results[name]])
        return self._is_among(returned, around, made_of_it)

    def find_later(self, name: str, pause: Pause) -> bool:
        """Puts a layer that can't be given PyTorch's input where its numbers are, if those
        are computed of what its module returns.

        Raises:
            Interrupted: ``pause`` says that something else is wanted.
        """
        if self._borders is None:
            return False
        program = self._borders.program
        tapped, border = program.layers[name], self._borders.of(name, pause)
        if border is None or not program.flow.depends(border.result, tapped):
            return False
        self._settled(name, self._at(name, border))
        return True

    def _passes(self, name: str, module: LazyValue) -> bool:
        """Whether what a module returns is right, though it is not its layer's value."""
        around = self._around(name)
        if around is None:
            return False
        if around in self._values and self._of(around).verdict in RIGHT:
            return True
        if self._landmarks.has_result(module.value(), lambda n: self._is_within(n, name)):
            return True
        returned = self._isolation.alone(self._truths[name], module)
        value = module.value() if returned is None else returned
        # On the way in PyTorch's layer, as an embedding that is scaled there, or after it.
        return self._is_among(value, name) or self._is_among(value, around)

    def _is_among(
        self, value: torch.Tensor, layer: str, only: Collection[ValueId] | None = None
    ) -> bool:
        """Whether a value is one of those that the reference has in a layer's own code."""
        recording, rounded = self._recordings.of(layer), self._recordings.rounded(layer)
        indices = range(len(recording.values)) if only is None else only
        sought = (
            Sought.of(str(index), recording.values[index], rounded[index])
            for index in indices
            if recording.values[index].is_floating_point()
        )
        return bool(find(value, sought))

    # -- Values ------------------------------------------------------------------------

    def _at(self, name: str, border: Border) -> LazyValue:
        """Puts a layer where it was found."""
        assert self._borders is not None
        assert self._runner is not None
        program, truth = self._borders.program, self._truths[name]
        program.found(name, border.result, border.argument)
        self._values[name] = found = self._laid_out(self._runner.of(name, program), truth)
        return found

    def _settled(self, name: str, value: LazyValue) -> LazyValue:
        """Says from now on that the layer is in the line where it was found."""
        assert self._borders is not None
        program = self._borders.program
        if place := program.place_of(program.layers[name]):
            self._places[name] = place
        return value

    def _laid_out(self, found: LazyValue, truth: Truth) -> LazyValue:
        """In the layout and the precision in which the layer is compared."""
        inner = found.isolated

        def value() -> torch.Tensor:
            return as_returned(found.value(), truth, self._dtype)

        def isolated() -> IsolatedLayer:
            assert inner is not None
            layer = inner()

            def run(*given: object) -> torch.Tensor:
                return as_returned(layer.value(*given), truth, self._dtype)

            return replace(layer, digest=f"{layer.digest}, laid out", value=run)

        digest = f"{found.digest}, laid out"
        return LazyValue(digest, value, None if inner is None else isolated)


def _related(program: Program, border: Border, tapped: Border) -> bool:
    """Whether one of two values is made of the other. Else another module has it: the two
    layers were taken for each other."""
    one, other = border.result, tapped.result
    return (
        one == other or program.flow.depends(one, other) or program.flow.depends(other, one)
    )


def is_shifted(module: LazyValue, truth: Truth) -> bool:
    """Whether a module returns its layer's value and one vector more in every row. Softmax
    may cancel that, so that the layer around is right; it is there all the same."""
    returned = in_shape_of(module.value(), truth.exact)
    if returned is None or returned.ndim < 2:
        return False
    rows = (returned.double() - truth.exact.double()).flatten(0, -2)
    vector = rows.mean(0)
    size = vector.norm().item() * len(rows) ** 0.5
    return size > 0 and (rows - vector).norm().item() <= SAME * size


def found_at(divergence: Divergence, place: Place | None) -> Divergence:
    """Says where a layer's value is that is not its module's result."""
    if divergence.reason or place is None:
        return divergence
    return structs.replace(divergence, reason=f"found by its numbers in line {place.line}")
