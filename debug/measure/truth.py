"""The reference's side of a layer: the value in float64, and how far float32 is from it.

Measured once, before the candidate runs, because no edit changes it. What float32 loses
is kept as norms by frame and by channel, so that one spoiled frame can be judged on the
rounding of that frame.
"""

import math
import sys
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from debug.measure.layout import closest, nearest
from debug.measure.shelf import InMemory, Kept, Shelf
from debug.measure.statistics import describe
from debug.protocol.statistics import Stats
from debug.protocol.values import Place
from debug.protocol.verdict import FLOAT32_HALF_ULP, HALF_ULP


@dataclass(frozen=True)
class Truth:
    """The reference's side of one layer: its value in float64 and its own rounding."""

    kept: Kept
    """Where ``exact`` is."""
    norms: "Norms"
    """Of r64."""
    rounding: "Norms"
    """Of r32 - r64."""
    stats: Stats
    """Of r32."""
    axes: tuple[int, ...] | None
    """The permutation that was applied to the reference's own layout."""
    heads: int | None = None
    """How many heads the channels belong to."""
    isolated: "IsolatedTruth | None" = None
    place: Place | None = None
    """The reference's line that calls the layer; its definition, for the model."""

    @property
    def exact(self) -> Tensor:
        """r64, in the candidate's layout: (..., frames, channels); not to be changed."""
        return self.kept.read()

    @property
    def shape(self) -> torch.Size:
        """Of ``exact``."""
        return self.kept.shape

    @property
    def axes_back(self) -> tuple[int, ...] | None:
        """The permutation that undoes ``axes``."""
        return self.axes and tuple(self.axes.index(axis) for axis in range(len(self.axes)))

    @property
    def floor(self) -> float:
        lowest = FLOAT32_HALF_ULP
        if self.stats.nonfinite:  # what has overflowed is no yardstick
            lowest = HALF_ULP.get(self.stats.dtype, lowest)
        return max(quotient(self.rounding.total, self.norms.total), lowest)

    @property
    def when_isolated(self) -> "Truth":
        """The same for a candidate whose input is ``isolated.argument``."""
        if self.isolated is None:
            return self
        return replace(self, rounding=self.isolated.rounding)


@dataclass(frozen=True)
class IsolatedTruth:
    """The reference's input of a layer, and how far the layer alone rounds on it."""

    kept: Kept
    """Where ``argument`` is."""
    rounding: "Norms"
    """Of r32 - r64, with that same input; that of the run of the whole model where it is
    larger, for what a layer adds is no fault while it is less."""

    @property
    def argument(self) -> Tensor:
        """r64's argument in the candidate's precision and layout; not to be changed."""
        return self.kept.read()


@dataclass(frozen=True)
class Norms:
    """The L2 norms of a tensor (..., frames, channels) and of its slices, in float64."""

    frames: Tensor
    channels: Tensor

    def heads(self, count: int) -> Tensor:
        """Of groups of channels."""
        groups = self.channels.reshape(count, -1)
        largest = _largest(groups)
        return (groups / largest).norm(dim=1) * largest

    @property
    def total(self) -> float:
        largest = _largest(self.frames)
        total = (self.frames / largest).norm().item() * largest
        overflows = math.isinf(total) and bool(self.frames.isfinite().all())
        return sys.float_info.max if overflows else total


SQUARED_WELL = 1e-140, 1e140
"""A norm whose square neither vanishes in float64 nor overflows there."""


def slice_norms(values: Tensor) -> Norms:
    """Of any finite values in float64; a vector is frames of one channel."""
    norms = _from_squares(values.square())
    low, high = SQUARED_WELL
    if low < norms.total < high or not values.numel():
        return norms
    largest = _largest(values)
    scaled = _from_squares((values / largest).square())
    return Norms(scaled.frames * largest, scaled.channels * largest)


def _largest(values: Tensor) -> float:
    """What to divide by before squares are taken; 1 where that would not do."""
    largest = values.abs().max().item() if values.numel() else 0.0
    return largest if 0 < largest < math.inf else 1.0


def frames_and_channels(shape: torch.Size) -> tuple[int, int, int]:
    """What is outside of both, how many frames, and how many channels; a vector is frames
    of one channel."""
    *outer, frames, channels = shape if len(shape) > 1 else (shape.numel(), 1)
    return math.prod(outer), frames, channels


def _from_squares(squares: Tensor) -> Norms:
    rows = squares.reshape(frames_and_channels(squares.shape))
    return Norms(rows.sum((0, 2)).sqrt(), rows.sum((0, 1)).sqrt())


def measure_reference(
    exact: Tensor,
    rounded: Tensor,
    axes: tuple[int, ...] | None = None,
    heads: int | None = None,
    shape: tuple[int, ...] | None = None,
) -> Truth:
    """What is known of a layer before the candidate runs.

    Args:
        exact: the reference in float64, in its own layout.
        rounded: the same in the precision of the candidate.
        axes: brings the reference's layout into the candidate's.
        heads: how many heads the channels belong to, if they do.
        shape: the candidate's, where it joins axes or leaves out some of size 1.
    """
    if axes is not None:
        exact, rounded = exact.permute(axes), rounded.permute(axes)
    if shape is not None:
        exact, rounded = exact.reshape(shape), rounded.reshape(shape)
    exact = exact.double().contiguous()  # whole numbers and masks, too
    rounding = slice_norms(_rounding(rounded, exact))
    norms = slice_norms(torch.where(torch.isfinite(exact), exact, 0.0))
    return Truth(InMemory(exact), norms, rounding, describe(rounded), axes, heads)


def measure_isolated(
    truth: Truth, argument: Tensor, rounded: Tensor, whole: Tensor | None = None
) -> Truth:
    """Adds what is known of a layer in isolation.

    Where a device multiplies coarsely, all layers of the whole run inherit that. Alone, a
    layer without products does not: a layer norm rounds a thousand times less than TF32,
    and a wrong epsilon of it would be hidden.

    Args:
        truth: of the layer.
        argument: r64's input, in the candidate's precision and r64's layout.
        rounded: what the layer makes of it in that precision, in r64's layout.
        whole: its value in the run of the whole model with exact products, where those of
            ``truth`` were coarser; in r64's layout.
    """
    if truth.axes is not None and argument.ndim == len(truth.axes):
        argument = argument.permute(truth.axes)
    rounding = slice_norms(_rounding(as_laid_out(rounded, truth), truth.exact))
    inherited = truth.rounding
    if whole is not None:
        inherited = slice_norms(_rounding(as_laid_out(whole, truth), truth.exact))
    larger = max(rounding, inherited, key=lambda norms: norms.total)
    return replace(truth, isolated=IsolatedTruth(InMemory(argument.contiguous()), larger))


def as_laid_out(value: Tensor, truth: Truth) -> Tensor:
    """A value in the reference's own layout in the candidate's."""
    laid = value if truth.axes is None else value.permute(truth.axes)
    return laid.reshape(truth.shape)


def put_away(truth: Truth, shelf: Shelf) -> Truth:
    """The same with its values on a shelf.

    Raises:
        Problem: there is no room for them.
    """
    isolated = truth.isolated
    if isolated is not None:
        isolated = replace(isolated, kept=shelf.put(isolated.argument))
    return replace(truth, kept=shelf.put(truth.exact), isolated=isolated)


def _rounding(rounded: Tensor, exact: Tensor) -> Tensor:
    """Of each element; none where the precision is too narrow for the value at all, or
    where the value is no number."""
    error = rounded.double() - exact
    return torch.where(torch.isfinite(error), error, 0.0)


def in_layout(value: Tensor, truth: Truth) -> Tensor:
    """A value of the candidate in the shape of the reference's: a port may keep the
    reference's own layout, or have its axes joined, parted or in another order. Where
    nothing brings it there, as it is."""
    axes, exact = truth.axes, truth.exact
    if axes is not None and value.ndim == len(axes):
        permuted = value.permute(axes)
        if permuted.shape == exact.shape:
            same = value.shape == exact.shape  # as many channels as rows and columns
            return closest([value, permuted], exact) if same else permuted
    return nearest(value, exact)


def quotient(numerator: float, denominator: float) -> float:
    """One norm over another; nothing over nothing is no error."""
    if denominator > 0:
        return numerator / denominator
    return 0.0 if numerator == 0 else math.inf
