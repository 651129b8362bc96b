"""What a person is told of the weights: each of PyTorch's beside the port's.

They are compared on request and in parts: a model of a billion weights takes seconds, and
whoever looks at them wants the first ones at once.
"""

from enum import StrEnum

import msgspec

from debug.protocol.message import Message


class Likeness(StrEnum):
    """What a weight of the port is of PyTorch's."""

    EQUAL = "equal"
    """The same numbers, in the port's precision and layout."""
    ROUNDED = "rounded"
    """Off by no more than rounding."""
    OTHER_ORDER = "other order"
    """The same numbers, and no order of axes brings them together."""
    DIFFERENT = "different"
    ONLY_PYTORCH = "only PyTorch"
    ONLY_MAX = "only MAX"

    @property
    def healthy(self) -> bool:
        return self in (Likeness.EQUAL, Likeness.ROUNDED)


class ComparedWeight(msgspec.Struct, frozen=True):
    """One weight on both sides; what one side lacks is empty."""

    likeness: Likeness
    reference: str
    """PyTorch's name."""
    candidate: str
    """The port's."""
    reference_shape: list[int]
    candidate_shape: list[int]
    dtype: str
    """The port's, or PyTorch's where only that has it."""
    layout: str = ""
    """What brings PyTorch's into the port's shape: "transposed", or "rows 0 to 383"."""
    error: float | None = None
    """The relative L2 difference, where there is one."""
    note: str = ""
    """Why it may be another one."""
    layer: str = ""
    """The layer that holds it."""


# -- What the screen asks ------------------------------------------------------------


class CompareWeights(Message, frozen=True):
    """Compare weights from this one on, as many as are compared at once."""

    begin: int = 0


# -- What the engine answers ---------------------------------------------------------


class WeightsCompared(Message, frozen=True):
    generation: int
    begin: int
    """The place of the first of these among all."""
    total: int
    weights: list[ComparedWeight]
