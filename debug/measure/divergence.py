"""One layer of the candidate against the reference, in numbers. All sums are in float64.

With r64 and r32 the reference in float64 and float32 and m the candidate,
e(a) = ||a - r64|| / ||r64||, the floor is max(e(r32), 2**-24) and the ratio R is e(m)
over the floor.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from debug.protocol.values import Divergence, Place, Slice, Stats
from debug.protocol.verdict import (
    CHANNEL,
    FLOAT32_HALF_ULP,
    FRAME,
    HALF_ULP,
    HEAD,
    Limits,
    Verdict,
    judge,
    worst,
)

PROFILE_STEPS = 64


@dataclass(frozen=True)
class Truth:
    """The reference's side of one layer: its value in float64 and its own rounding."""

    exact: Tensor
    """r64, in the candidate's layout: (..., frames, channels)."""
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
    def axes_back(self) -> tuple[int, ...] | None:
        """The permutation that undoes ``axes``."""
        return self.axes and tuple(self.axes.index(axis) for axis in range(len(self.axes)))

    @property
    def floor(self) -> float:
        return max(_ratio(self.rounding.total, self.norms.total), FLOAT32_HALF_ULP)

    @property
    def when_isolated(self) -> "Truth":
        """The same for a candidate that was fed ``alone.argument``.

        What a layer adds is no fault while it is less than PyTorch's own rounding in the
        run of the whole model, so the larger of the two is the floor.
        """
        if self.isolated is None or self.isolated.rounding.total < self.rounding.total:
            return self
        return replace(self, rounding=self.isolated.rounding)


@dataclass(frozen=True)
class IsolatedTruth:
    """What the reference feeds a layer, and how far it rounds there by itself."""

    argument: Tensor
    """r64's argument in the candidate's precision and layout."""
    rounding: "Norms"
    """Of r32 - r64, with r32 fed the same."""


@dataclass(frozen=True)
class Norms:
    """The L2 norms of a tensor (..., frames, channels) and of its slices, in float64."""

    frames: Tensor
    channels: Tensor

    def heads(self, count: int) -> Tensor:
        """Of groups of channels."""
        return self.channels.reshape(count, -1).norm(dim=1)

    @property
    def total(self) -> float:
        return self.frames.norm().item()


def slice_norms(squares: Tensor) -> Norms:
    """From the squares of a tensor's elements; a vector is frames of one channel."""
    rows = squares.reshape(-1, *squares.shape[-2:]) if squares.ndim > 1 else squares
    rows = rows.reshape(1, -1, 1) if rows.ndim < 3 else rows
    return Norms(rows.sum((0, 2)).sqrt(), rows.sum((0, 1)).sqrt())


def describe(value: Tensor, wide: Tensor | None = None) -> Stats:
    """The statistics that a person expects to see. They never decide.

    Args:
        value: the tensor.
        wide: the same in float64, if it is at hand.
    """
    wide = value.double() if wide is None else wide
    shape, dtype = list(value.shape), str(value.dtype).removeprefix("torch.")
    nonfinite = 0
    total = wide.sum().item()
    if not math.isfinite(total):  # one pass instead of one an element
        finite_part = wide[torch.isfinite(wide)]
        nonfinite, wide = wide.numel() - finite_part.numel(), finite_part
        total = wide.sum().item()
    if wide.numel() == 0:
        return Stats(shape, dtype, None, None, None, None, nonfinite)
    low, high = (bound.item() for bound in torch.aminmax(wide))
    mean = total / wide.numel()
    # Var = E[x^2] - E[x]^2 cancels only where std is 1e-7 of the mean: float64 is enough.
    variance = wide.norm().item() ** 2 / wide.numel() - mean**2
    std = math.sqrt(max(variance, 0.0)) if high > low else 0.0
    return Stats(shape, dtype, mean, std, low, high, nonfinite)


def measure_reference(
    exact: Tensor,
    rounded: Tensor,
    axes: tuple[int, ...] | None = None,
    heads: int | None = None,
) -> Truth:
    """What is known of a layer before the candidate runs.

    Args:
        exact: the reference in float64, in its own layout.
        rounded: the same in the precision of the candidate.
        axes: brings the reference's layout into the candidate's.
        heads: how many heads the channels belong to, if they do.
    """
    if axes is not None:
        exact, rounded = exact.permute(axes), rounded.permute(axes)
    exact = exact.contiguous()
    rounding = slice_norms((rounded.double() - exact).square())
    norms = slice_norms(exact.square())
    return Truth(exact, norms, rounding, describe(rounded), axes, heads)


def measure_isolated(truth: Truth, argument: Tensor, rounded: Tensor) -> Truth:
    """Adds what is known of a layer by itself.

    Args:
        truth: of the layer.
        argument: what r64 was fed, in the candidate's precision and r64's layout.
        rounded: what the layer makes of it in that precision, in r64's layout.
    """
    if truth.axes is not None:
        rounded = rounded.permute(truth.axes)
        if argument.ndim == len(truth.axes):
            argument = argument.permute(truth.axes)
    rounding = slice_norms((rounded.double() - truth.exact).square())
    return replace(truth, isolated=IsolatedTruth(argument.contiguous(), rounding))


def compare(candidate: Tensor, truth: Truth, dtype: str) -> tuple[Stats, Divergence]:
    """The candidate's statistics and its divergence from the reference.

    Args:
        candidate: the value that MAX computed, on the CPU.
        truth: the reference's side of it.
        dtype: what the candidate should compute in, such as ``float32``.
    """
    exact = truth.exact
    # A port may keep the reference's own layout as well as the declared one.
    candidate = in_layout(candidate, truth.axes, exact.shape)
    value = candidate.double()
    stats = describe(candidate, value)
    if candidate.shape != exact.shape:
        shapes = f"{list(candidate.shape)} where the reference has {list(exact.shape)}"
        return stats, Divergence(Verdict.INVALID, reason=f"shape {shapes}")
    if stats.dtype != dtype:
        reason = f"dtype {stats.dtype} instead of {dtype}"
        return stats, Divergence(Verdict.INVALID, reason=reason)
    if stats.nonfinite:
        unexpected = torch.isfinite(exact) & ~torch.isfinite(value)
        if count := int(unexpected.sum()):
            at = _position(int(unexpected.flatten().to(torch.uint8).argmax()), exact)
            reason = f"{count} values are NaN or Inf, the first at {at}"
            return stats, Divergence(Verdict.INVALID, max_abs_at=at, reason=reason)
    return stats, _measure(value, truth, dtype)


def in_layout(value: Tensor, axes: Sequence[int] | None, shape: Sequence[int]) -> Tensor:
    """Permuted by ``axes`` if it does not have the shape, and has it then."""
    if axes is None or list(value.shape) == list(shape) or value.ndim != len(axes):
        return value
    permuted = value.permute(tuple(axes))
    return permuted if list(permuted.shape) == list(shape) else value


def _measure(value: Tensor, truth: Truth, dtype: str) -> Divergence:
    exact = truth.exact
    squares = (value - exact).square()
    errors = slice_norms(squares)
    error = _ratio(errors.total, truth.norms.total)
    ratio = error / truth.floor
    largest = int(squares.argmax())
    slices = _slices(errors, truth, dtype) if exact.ndim > 1 else {}
    return Divergence(
        verdict=worst([judge(ratio), *(each.verdict for each in slices.values())]),
        rel_l2=finite(error),
        ratio=finite(ratio),
        max_abs=math.sqrt(squares.flatten()[largest].item()),
        max_abs_at=_position(largest, exact),
        cosine_distance=_cosine_distance(value, errors, truth.norms),
        frame=slices.get("frame"),
        channel=slices.get("channel"),
        head=slices.get("head"),
        frames=_profile(errors.frames, truth.norms.frames),
        channels=_profile(errors.channels, truth.norms.channels) if slices else [],
    )


def _cosine_distance(value: Tensor, errors: Norms, norms: Norms) -> float | None:
    """1 - cos = (|m - r|^2 - (|m| - |r|)^2) / (2 |m| |r|), which keeps the small digits."""
    m, r, d = value.norm().item(), norms.total, errors.total
    if m == 0 or r == 0:
        return None
    return finite(max(d**2 - (m - r) ** 2, 0.0) / (2 * m * r))


def _slices(errors: Norms, truth: Truth, dtype: str) -> dict[str, Slice]:
    """The worst frame, channel and head."""
    norms, rounding = truth.norms, truth.rounding
    found = {
        "frame": (errors.frames, norms.frames, rounding.frames, FRAME),
        "channel": (errors.channels, norms.channels, rounding.channels, CHANNEL),
    }
    if (count := truth.heads) is not None:
        of_heads = errors.heads(count), norms.heads(count), rounding.heads(count)
        found["head"] = (*of_heads, HEAD)
    ulp = HALF_ULP.get(dtype, FLOAT32_HALF_ULP)
    return {name: _worst(*each, ulp) for name, each in found.items()}


def _worst(
    errors: Tensor, norms: Tensor, rounding: Tensor, limits: Limits, ulp: float
) -> Slice:
    """The slice of the largest ratio; nearly silent ones are judged on a typical scale."""
    scale = norms.clamp_min(_typical(norms))
    ratios = errors / torch.maximum(rounding, scale * ulp)
    index = int(ratios.argmax())
    ratio = ratios[index].item()
    relative = _ratio(errors[index].item(), norms[index].item())
    return Slice(index, finite(ratio), finite(relative), judge(ratio, limits))


def _profile(errors: Tensor, norms: Tensor) -> list[float | None]:
    """The relative error along one axis, the worst of each of up to 64 steps."""
    relative = errors / _typical(norms)
    steps = torch.tensor_split(relative, min(PROFILE_STEPS, len(relative)))
    return [finite(step.max().item()) for step in steps]


def _typical(norms: Tensor) -> float:
    """The root mean square of the norms of some slices."""
    return max(norms.square().mean().sqrt().item(), 1e-300)


def _position(flat: int, like: Tensor) -> list[int]:
    position = []
    for size in reversed(like.shape):
        flat, rest = divmod(flat, size)
        position.insert(0, rest)
    return position


def _ratio(numerator: float, denominator: float) -> float:
    if denominator > 0:
        return numerator / denominator
    return 0.0 if numerator == 0 else math.inf


def finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
