"""What is to be said of a layer's value beside PyTorch's."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

HALF_ULP = 2.0**-24
"""One rounding of float32."""


class StayInFloat64(TorchFunctionMode):
    """``x.float()``, ``softmax(x, dtype=torch.float32)`` and the like, by which models
    guard half precision, would drop to float32 inside a run in float64."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None):
        kwargs = kwargs or {}
        first = args[0] if args else None
        if not (isinstance(first, Tensor) and first.dtype == torch.float64):
            return func(*args, **kwargs)
        if func is torch.Tensor.float:
            return first
        args = (first, *(_widened(each) for each in args[1:]))
        return func(*args, **{name: _widened(each) for name, each in kwargs.items()})


def _widened(value: Any) -> Any:
    return torch.float64 if value is torch.float32 else value


def judge(
    value: Tensor, exact: Tensor, rounded: Sequence[Tensor], dtype: str, limits: Any
) -> tuple[str, bool]:
    """What is to be said of the port's value, and whether it is wrong.

    Args:
        value: MAX's.
        exact: PyTorch's in float64.
        rounded: PyTorch's in the port's precision; that with the largest error counts.
        dtype: of the port.
        limits: the largest R that is ok, and the largest that is worth watching.
    """
    if value.shape != exact.shape:
        return f"invalid, shape {[*value.shape]} instead of {[*exact.shape]}", True
    if value.dtype != getattr(torch, dtype):
        return f"invalid, {value.dtype} instead of {dtype}", True
    unexpected = exact.isfinite() & ~value.isfinite()
    if unexpected.any():
        return f"invalid, {int(unexpected.sum())} values are NaN or Inf", True
    error, *floors = (_error(each, exact) for each in (value, *rounded))
    floor = max(*floors, HALF_ULP)
    ratio = error / floor
    ok, watch = limits
    verdict = "ok" if ratio <= ok else "watch" if ratio <= watch else "diverged"
    numbers = f"rel. L2 error {error:.3g}, floor {floor:.3g}, R {ratio:.4g}"
    return f"{verdict}, {numbers}", verdict == "diverged"


def _error(value: Tensor, exact: Tensor) -> float:
    error, norm = (value.double() - exact).norm().item(), exact.norm().item()
    return error / norm if norm > 0 else error
