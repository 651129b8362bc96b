"""What a row has found, as it crosses the pipe: one JSON object a line."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Say = Callable[[dict[str, Any]], None]
"""Tells figures that are known before the row is over: one that is cut off keeps them."""


@dataclass(frozen=True)
class Found:
    says: str
    """The row in words, one line."""
    kept: bool | None = None
    """Whether what is promised is so; None where nothing is."""
    figures: dict[str, Any] = field(default_factory=dict)


def rounded(value: Any) -> Any:
    """Figures as JSON: 4 digits, and null for NaN and Inf, which JSON does not have."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return value
