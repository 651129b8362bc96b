"""Answers what a person asks about the values of a layer.

Arrow keys ask often and about one layer, so its two sides are kept in float64 until another
layer, another source, or the same in isolation is looked at.
"""

from torch import Tensor

from debug.engine.at_hand import LayerAtHand
from debug.measure import survey
from debug.measure.excerpt import error_map, excerpt, fits, sketch
from debug.measure.survey import Sides
from debug.measure.truth import in_layout
from debug.protocol.diagnostic import LOOK, Problem
from debug.protocol.survey import (
    Answer,
    Axis,
    ErrorMapped,
    Excerpt,
    Excerpted,
    Locate,
    Located,
    Look,
    MapError,
    Sketch,
    Sketched,
    Survey,
    Surveyed,
)
from debug.subject import HasUnits, MakesInputs, Subject, row_of


class Looking:
    """Keeps the two sides of the layer that was asked about last."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._key: object = None
        self._sides: Sides | None = None
        self._surveyed: Surveyed | None = None

    def answer(self, ask: Look, layer: LayerAtHand) -> Answer:
        """
        Raises:
            Problem: there is nothing to show, and why.
        """
        alone = not isinstance(ask, Sketch) and ask.alone
        sides = self._of(layer, alone)
        about = layer.generation, layer.index, alone
        match ask:
            case Locate():
                return self._located(about, layer, sides)
            case Sketch(height=height, width=width):
                axes, *bands = sketch(sides, max(height, 1), max(width, 1))
                known = self._axes(layer, sides)
                return Sketched(*about[:2], [known[axis] for axis in axes], *bands)
            case Survey():
                if self._surveyed is None:
                    self._surveyed = self._survey(about, sides)
                return self._surveyed
            case Excerpt(cut=cut) if fits(cut, sides.reference):
                rows = excerpt(sides, cut)
                values = rows.reference, rows.candidate, rows.difference
                return Excerpted(*about, cut, rows.top, rows.left, *values)
            case MapError(axes=axes) if max(axes) < sides.reference.ndim:
                given = axes, max(ask.height, 1), max(ask.width, 1), ask.region
                region, cells = error_map(sides, *given)
                return ErrorMapped(*about, axes, region, cells)
            case _:  # asked about the layer of an earlier generation
                raise Problem(LOOK, f"{layer.name} has other axes now: open it again")

    def _of(self, layer: LayerAtHand, alone: bool) -> Sides:
        made_of = layer.value.digest if layer.value else id(layer.given)
        key = layer.generation, layer.index, made_of, alone
        if key != self._key or self._sides is None:
            self._key = self._sides = self._surveyed = None  # room for the next
            self._sides = _sides(layer, alone)
            self._key = key
        return self._sides

    def _located(
        self, about: tuple[int, int, bool], layer: LayerAtHand, sides: Sides
    ) -> Located:
        return Located(
            *about,
            axes=self._axes(layer, sides),
            worst=survey.worst_at(sides),
            typical=sides.typical,
            floor=sides.truth.floor,
        )

    def _survey(self, about: tuple[int, int, bool], sides: Sides) -> Surveyed:
        row = row_of(self._subject, sides.truth.shape)
        names = {"frame": row, "channel": "channel", "head": "head"}
        slope, intercept = survey.line_through(sides)
        return Surveyed(
            *about,
            histogram=survey.histogram(sides),
            quantiles=survey.quantiles(sides),
            slope=slope,
            intercept=intercept,
            slices=survey.worst_slices(sides, names),
        )

    def _axes(self, layer: LayerAtHand, sides: Sides) -> list[Axis]:
        """What the axes are called, and what lies between two of their places."""
        subject, shape = self._subject, sides.reference.shape
        row = row_of(subject, sides.truth.shape)
        names = [f"axis {number}" for number in range(len(shape))]
        names[-2:] = [row, "channel"]
        if layer.given is not None and isinstance(subject, MakesInputs):
            known = list(subject.axes_of_input(layer.name))
            long = [axis for axis, size in enumerate(shape) if size > 1]
            if len(known) == len(long):
                names = [f"axis {number}" for number in range(len(shape))]
                for axis, name in zip(long, known, strict=True):
                    names[axis] = name
        axes = []
        for name, size in zip(names, shape, strict=True):
            unit = subject.unit(name, size) if isinstance(subject, HasUnits) else None
            step, of = unit or (None, "")
            axes.append(Axis(name, size, step, of))
        return axes


def _sides(layer: LayerAtHand, alone: bool) -> Sides:
    """
    Raises:
        Problem: the candidate has no such value, or one of another shape.
    """
    truth, ours = layer.truth, _candidate(layer, alone)
    ours, exact = in_layout(ours, truth), truth.exact
    if ours.shape != exact.shape:
        shapes = f"{list(ours.shape)} where PyTorch has {list(exact.shape)}"
        raise Problem(LOOK, f"{layer.name} has the shape {shapes}: D writes both sides")
    if not exact.numel():
        raise Problem(LOOK, f"{layer.name} has no values: its shape is {list(exact.shape)}")
    truth = truth.when_isolated if alone else truth
    rows = exact.shape if exact.ndim > 1 else (1, exact.numel())
    return Sides(truth, exact.reshape(rows), ours.double().reshape(rows), layer.dtype)


def _candidate(layer: LayerAtHand, alone: bool) -> Tensor:
    name, value = layer.name, layer.value
    if alone:
        found = _alone(layer)
        if found is None:
            raise Problem(LOOK, f"{name} can't be run on PyTorch's input")
        return found
    if layer.given is not None:
        return layer.given
    if value is None:
        raise Problem(LOOK, f"MAX has no value of {name}")
    try:
        return value.value()
    except Exception as error:
        raise Problem.of(LOOK, error, prefix=f"{name} can't run") from error


def _alone(layer: LayerAtHand) -> Tensor | None:
    if layer.value is None:
        return None
    try:
        return layer.isolation.alone(layer.truth, layer.value)
    except Exception as error:
        raise Problem.of(LOOK, error, prefix=f"{layer.name} can't run alone") from error
