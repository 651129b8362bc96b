"""The verdict on a layer: its error over the error that rounding alone makes there.

An absolute tolerance can't tell a bug from rounding: 1e-5 is far too much after one layer
norm, and nothing after forty layers. So the yardstick is PyTorch itself. The floor is how
far PyTorch's float32 is from PyTorch's float64 at that very point, and R is how far MAX
is, in floors. A candidate that rounds as PyTorch does has an R of about 1, whatever the
layer; a layer norm with epsilon 1e-6 for 1e-5 has one of 100.

All limits are here, and nowhere else. Each pair was set beside healthy runs, two to three
times above the largest R that they reached.
"""

from enum import StrEnum
from typing import NamedTuple


class Limits(NamedTuple):
    """The largest R that is ok, and the largest that is worth watching."""

    ok_up_to: float
    watch_up_to: float


LAYER = Limits(ok_up_to=4.0, watch_up_to=10.0)
"""Healthy: 1.0 to 1.8 in most layers, up to 2.2."""
FRAME = Limits(ok_up_to=10.0, watch_up_to=25.0)
"""Healthy: up to 3.5. One spoiled frame hides in a large tensor, so slices decide, too."""
HEAD = Limits(ok_up_to=10.0, watch_up_to=25.0)
"""Healthy: up to 3.5."""
CHANNEL = Limits(ok_up_to=60.0, watch_up_to=150.0)
"""Healthy: up to 21, in convolutions whose output is nearly silent there."""

FLOAT32_HALF_ULP = 2.0**-24
"""The floor is never below one rounding, so that an exact copy has a ratio of 0."""
HALF_ULP = {"float16": 2.0**-11, "bfloat16": 2.0**-8}
"""Half a unit in the last place, of the precisions that are coarser than float32."""


class Verdict(StrEnum):
    OK = "ok"
    UNSEEN = "unseen"
    """Nothing to compare: within a condition or a loop, which is one operation, or not a
    value by itself within a layer that is right; isolated, a layer that PyTorch's input
    does not fit."""
    WATCH = "watch"
    DIVERGED = "diverged"
    INVALID = "invalid"
    """Wrong shape or dtype, or NaN or Inf where the reference has none."""
    MISSING = "missing"
    """The candidate never computed this layer."""

    @property
    def healthy(self) -> bool:
        """Whether nothing speaks against it."""
        return self in (Verdict.OK, Verdict.UNSEEN)

    @property
    def wrong(self) -> bool:
        """Whether it is more than rounding could make."""
        return self is not Verdict.WATCH and not self.healthy


_SEVERITY = list(Verdict)


def judge(ratio: float, limits: Limits = LAYER) -> Verdict:
    """The verdict on a finite tensor of the right shape and dtype, or on a slice of it."""
    if ratio <= limits.ok_up_to:
        return Verdict.OK
    return Verdict.WATCH if ratio <= limits.watch_up_to else Verdict.DIVERGED


def worst(verdicts: list[Verdict]) -> Verdict:
    return max(verdicts, key=_SEVERITY.index, default=Verdict.OK)


def overall(verdicts: list[Verdict]) -> Verdict:
    """The verdict on a run: its worst layer, where a missing layer is a divergence, and one
    that can't be seen is judged by the layer around it."""
    found = worst([each for each in verdicts if each is not Verdict.UNSEEN])
    if found is Verdict.MISSING:
        return Verdict.INVALID if Verdict.INVALID in verdicts else Verdict.DIVERGED
    return found
