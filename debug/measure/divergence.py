"""One layer of the candidate against the reference, in numbers. All sums are in float64.

With r64 and r32 the reference in float64 and float32 and m the candidate, e(a) = ||a -
r64|| / ||r64||, the floor is max(e(r32), 2**-24) and the ratio R is e(m) over the floor.
Example: after a layer norm r32 is off by 0.7e-7 and m by 1.1e-7, so R is 1.6 and the
layer is ok; with an epsilon of 1e-6 for 1e-5, m is off by 8e-6 and R is 114.

The same R is taken of the worst frame, channel and head, because one spoiled frame in
1,500 hides in the norm of the whole. Slices that are nearly silent are judged on the
scale of a typical one: an error of 1e-9 in a channel of zeros is no bug.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from debug.measure.one_pass import sums
from debug.measure.statistics import describe, describe_sums, finite
from debug.measure.truth import Norms, Truth, in_layout, quotient, slice_norms
from debug.protocol.statistics import Stats
from debug.protocol.values import Divergence, Slice, Tolerance
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
SILENCE = 1e-300
"""What stands for the norm of slices that are all zeros."""


def compare(candidate: Tensor, truth: Truth, dtype: str) -> tuple[Stats, Divergence]:
    """The candidate's statistics and its divergence from the reference.

    Args:
        candidate: the value that MAX computed, on the CPU.
        truth: the reference's side of it.
        dtype: what the candidate should compute in, such as ``float32``.
    """
    exact = truth.exact
    candidate = in_layout(candidate, truth)
    if candidate.shape == exact.shape and str(candidate.dtype) == f"torch.{dtype}":
        found = sums(candidate, exact)
        if found is not None:
            bounds = found.low, found.high
            stats = describe_sums(candidate, found.total, found.norm, bounds)
            worst_of = found.largest, found.at
            return stats, _divergence(found.errors, found.norm, worst_of, truth, dtype)
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
            at = position(int(unexpected.flatten().to(torch.uint8).argmax()), exact.shape)
            reason = f"{count} values are NaN or Inf, the first at {at}"
            return stats, Divergence(Verdict.INVALID, max_abs_at=at, reason=reason)
    return stats, _measure(value, truth, dtype)


def outside(candidate: Tensor, truth: Truth, tolerance: Tolerance) -> int | None:
    """How many elements ``torch.isclose`` refuses, NaN on both sides being close; None
    where the shapes differ.

    Args:
        candidate: the value that MAX computed, on the CPU.
        truth: the reference's side of it.
        tolerance: the person's.
    """
    value, exact = in_layout(candidate, truth).double(), truth.exact
    if value.shape != exact.shape:
        return None
    rtol, atol = tolerance.rtol, tolerance.atol
    close = torch.isclose(value, exact, rtol=rtol, atol=atol, equal_nan=True)
    return int((~close).sum())


def _measure(value: Tensor, truth: Truth, dtype: str) -> Divergence:
    exact = truth.exact
    if not exact.numel():
        return Divergence(Verdict.OK, rel_l2=0.0, ratio=0.0, max_abs=0.0)
    difference = _difference(value, exact)
    at = int(difference.abs().argmax())
    largest = abs(difference.flatten()[at].item())
    errors, norm = slice_norms(difference), slice_norms(value).total
    return _divergence(errors, norm, (largest, at), truth, dtype)


def _divergence(
    errors: Norms, norm: float, largest: tuple[float, int], truth: Truth, dtype: str
) -> Divergence:
    """
    Args:
        errors: of the difference.
        norm: of the candidate's value.
        largest: the largest difference, and where it is.
    """
    (max_abs, at), shape = largest, truth.shape
    error = quotient(errors.total, truth.norms.total)
    ratio = error / truth.floor
    slices = _slices(errors, truth, dtype) if len(shape) > 1 else {}
    return Divergence(
        verdict=worst([judge(ratio), *(each.verdict for each in slices.values())]),
        rel_l2=finite(error),
        ratio=finite(ratio),
        max_abs=finite(max_abs),
        max_abs_at=position(at, shape),
        cosine_distance=_cosine_distance(norm, errors, truth.norms),
        frame=slices.get("frame"),
        channel=slices.get("channel"),
        head=slices.get("head"),
        frames=_profile(errors.frames, truth.norms.frames),
        channels=_profile(errors.channels, truth.norms.channels) if slices else [],
    )


def _difference(value: Tensor, exact: Tensor) -> Tensor:
    """Nothing where both are the same Inf, or both NaN; Inf where only one is."""
    difference = value - exact
    if torch.isfinite(difference).all():
        return difference
    same = (value == exact) | (value.isnan() & exact.isnan())
    difference = torch.where(same, 0.0, difference)
    return torch.where(difference.isnan(), math.inf, difference)


def _cosine_distance(m: float, errors: Norms, norms: Norms) -> float | None:
    """1 - cos = (|m - r|^2 - (|m| - |r|)^2) / (2 |m| |r|), which keeps the small digits."""
    largest = max(m, norms.total)
    if min(m, norms.total) == 0 or not math.isfinite(largest + errors.total):
        return None
    m, r, d = m / largest, norms.total / largest, errors.total / largest
    return finite(max(d * d - (m - r) ** 2, 0.0) / (2 * m * r)) if m * r > 0 else None


def _slices(errors: Norms, truth: Truth, dtype: str) -> dict[str, Slice]:
    """The worst frame, channel and head."""
    kinds = slices_of(errors, truth, dtype)
    return {name: each.worst() for name, each in kinds.items()}


@dataclass(frozen=True)
class Slices:
    """The L2 norms of all frames, of all channels or of all heads."""

    errors: Tensor
    norms: Tensor
    rounding: Tensor
    limits: Limits
    ulp: float

    def ratios(self) -> Tensor:
        """R of each slice; nearly silent ones are judged on a typical scale."""
        scale = self.norms.clamp_min(_typical(self.norms))
        return self.errors / torch.maximum(self.rounding, scale * self.ulp)

    def relative(self, index: int) -> float:
        return quotient(self.errors[index].item(), self.norms[index].item())

    def worst(self) -> Slice:
        ratios = self.ratios()
        index = int(ratios.argmax())
        ratio = ratios[index].item()
        relative = finite(self.relative(index))
        return Slice(index, finite(ratio), relative, judge(ratio, self.limits))


def slices_of(errors: Norms, truth: Truth, dtype: str) -> dict[str, Slices]:
    """Frames, channels and, where channels belong to any, heads."""
    norms, rounding = truth.norms, truth.rounding
    ulp = HALF_ULP.get(dtype, FLOAT32_HALF_ULP)
    found = {
        "frame": (errors.frames, norms.frames, rounding.frames, FRAME),
        "channel": (errors.channels, norms.channels, rounding.channels, CHANNEL),
    }
    if (count := truth.heads) is not None:
        of_heads = errors.heads(count), norms.heads(count), rounding.heads(count)
        found["head"] = (*of_heads, HEAD)
    return {name: Slices(*each, ulp) for name, each in found.items()}


def _profile(errors: Tensor, norms: Tensor) -> list[float | None]:
    """The relative error along one axis, the worst of each of up to 64 steps."""
    relative = errors / _typical(norms)
    steps = torch.tensor_split(relative, min(PROFILE_STEPS, len(relative)))
    return [finite(step.max().item()) for step in steps]


def _typical(norms: Tensor) -> float:
    """The root mean square of the norms of some slices."""
    largest = norms.max().item()
    if not 0 < largest < math.inf:
        return SILENCE
    return max((norms / largest).square().mean().sqrt().item() * largest, SILENCE)


def position(flat: int, shape: Sequence[int]) -> list[int]:
    """One index an axis, of an element that is counted as if there were one axis."""
    found = []
    for size in reversed(shape):
        flat, rest = divmod(flat, size)
        found.insert(0, rest)
    return found
