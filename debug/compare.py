"""One layer of the candidate against the reference, in numbers. All sums are in float64.

With r64 and r32 the reference in float64 and float32 and m the candidate,
e(a) = ||a - r64|| / ||r64||, the floor is max(e(r32), 2**-24) and the ratio R = e(m) / floor.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from debug.protocol import Divergence, Slice, Stats
from debug.verdict import FLOAT32_HALF_ULP, Verdict, judge

PROFILE_STEPS = 64


@dataclass(frozen=True)
class Truth:
    """The reference's side of one layer: its value in float64 and its own rounding."""

    exact: Tensor
    """r64, in the candidate's layout: (..., frames, channels)."""
    rounding: Tensor
    """||r32 - r64|| by frame and, after it, by channel; see `by_slice`."""
    error: float
    """e(r32)."""
    stats: Stats
    """Of r32."""
    axes: tuple[int, ...] | None
    """The permutation that was applied to the reference's own layout."""

    @property
    def floor(self) -> float:
        return max(self.error, FLOAT32_HALF_ULP)


def describe(value: Tensor) -> Stats:
    """The statistics that a person expects to see. They never decide."""
    finite = torch.isfinite(value)
    nonfinite = value.numel() - int(finite.sum())
    rest = (value if nonfinite == 0 else value[finite]).double()
    shape, dtype = list(value.shape), str(value.dtype).removeprefix("torch.")
    if rest.numel() == 0:
        return Stats(shape, dtype, None, None, None, None, nonfinite)
    std, mean = torch.std_mean(rest, correction=0)
    low, high = torch.aminmax(rest)
    return Stats(
        shape, dtype, mean.item(), std.item(), low.item(), high.item(), nonfinite
    )


def by_slice(difference: Tensor) -> Tensor:
    """The norms of a tensor (..., frames, channels): frames first, then channels."""
    squares = difference.reshape(-1, *difference.shape[-2:]).square()
    return torch.cat([squares.sum((0, 2)), squares.sum((0, 1))]).sqrt()


def as_matrix(value: Tensor) -> Tensor:
    """Frames by channels at the end, whatever the rank."""
    return value.reshape(-1, 1) if value.ndim < 2 else value


def measure_reference(
    exact: Tensor, rounded: Tensor, axes: tuple[int, ...] | None = None
) -> Truth:
    """What is known of a layer before the candidate runs.

    Args:
        exact: the reference in float64, in its own layout.
        rounded: the same in the precision of the candidate.
        axes: brings the reference's layout into the candidate's.
    """
    if axes is not None:
        exact, rounded = exact.permute(axes), rounded.permute(axes)
    difference = rounded.double() - exact
    error = _ratio(difference.norm().item(), exact.norm().item())
    rounding = by_slice(as_matrix(difference))
    return Truth(exact.contiguous(), rounding, error, describe(rounded), axes)


def compare(candidate: Tensor, truth: Truth, dtype: str) -> Divergence:
    """The divergence of one layer.

    Args:
        candidate: the value that MAX computed, on the CPU.
        truth: the reference's side of it.
        dtype: what the candidate should compute in, such as ``float32``.
    """
    exact = truth.exact
    if truth.axes is not None and candidate.shape != exact.shape:
        native = [exact.shape[truth.axes.index(axis)] for axis in range(exact.ndim)]
        if list(candidate.shape) == native:
            candidate = candidate.permute(truth.axes)
    if candidate.shape != exact.shape:
        shapes = f"{list(candidate.shape)} where the reference has {list(exact.shape)}"
        return Divergence(Verdict.INVALID, reason=f"shape {shapes}")
    actual = str(candidate.dtype).removeprefix("torch.")
    if actual != dtype:
        return Divergence(Verdict.INVALID, reason=f"dtype {actual} instead of {dtype}")

    value = candidate.double()
    unexpected = torch.isfinite(exact) & ~torch.isfinite(value)
    if count := int(unexpected.sum()):
        at = _position(int(unexpected.flatten().to(torch.uint8).argmax()), exact)
        reason = f"{count} values are NaN or Inf, the first at {at}"
        return Divergence(Verdict.INVALID, max_abs_at=at, reason=reason)
    return _measure(value, truth)


def _measure(value: Tensor, truth: Truth) -> Divergence:
    exact = truth.exact
    difference = value - exact
    scale = exact.norm().item()
    error = _ratio(difference.norm().item(), scale)
    ratio = error / truth.floor
    largest = int(difference.abs().argmax())
    divergence = Divergence(
        verdict=judge(ratio),
        rel_l2=error,
        ratio=ratio,
        max_abs=abs(difference.flatten()[largest].item()),
        max_abs_at=_position(largest, exact),
        cosine_distance=_cosine_distance(value, exact),
    )
    if exact.ndim < 2:
        return divergence

    frames = exact.shape[-2]
    errors, norms = by_slice(difference), by_slice(exact)
    # A slice that is nearly silent is judged on the scale of the whole tensor.
    floors = torch.maximum(
        truth.rounding, norms.clamp_min(_typical(norms, frames)) * FLOAT32_HALF_ULP
    )
    ratios, relative = errors / floors, errors / norms.clamp_min(1e-300)
    return _with_slices(divergence, frames, ratios, relative, errors, norms)


def _with_slices(
    divergence: Divergence,
    frames: int,
    ratios: Tensor,
    relative: Tensor,
    errors: Tensor,
    norms: Tensor,
) -> Divergence:
    def worst(start: int, end: int | None) -> Slice:
        index = int(ratios[start:end].argmax())
        at = start + index
        return Slice(index, finite(ratios[at].item()), finite(relative[at].item()))

    return Divergence(
        divergence.verdict,
        divergence.rel_l2,
        divergence.ratio,
        divergence.max_abs,
        divergence.max_abs_at,
        divergence.cosine_distance,
        channel=worst(frames, None),
        frame=worst(0, frames),
        frames=_profile(errors[:frames], norms[:frames]),
        channels=_profile(errors[frames:], norms[frames:]),
    )


def _typical(norms: Tensor, frames: int) -> Tensor:
    """The root mean square of the norms of all frames, and of all channels."""
    parts = norms[:frames], norms[frames:]
    return torch.cat([p.square().mean().sqrt().expand(len(p)) for p in parts])


def _profile(errors: Tensor, norms: Tensor) -> list[float | None]:
    """The relative error along one axis, the worst of each of up to 64 steps."""
    typical = norms.square().mean().sqrt().clamp_min(1e-300)
    relative = errors / typical
    steps = torch.tensor_split(relative, min(PROFILE_STEPS, len(relative)))
    return [finite(step.max().item()) for step in steps]


def _cosine_distance(a: Tensor, b: Tensor) -> float | None:
    """1 - cos, from the difference of the directions: exact where 1 - cos rounds to 0."""
    norm_a, norm_b = a.norm(), b.norm()
    if norm_a == 0 or norm_b == 0:
        return None
    return ((a / norm_a - b / norm_b).square().sum() / 2).item()


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
