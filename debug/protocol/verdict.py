"""The verdict on a layer, from its error over the floor of the reference's own rounding."""

from enum import StrEnum

OK_UP_TO = 4.0
"""The ratio R of a healthy layer: 1.0 to 1.8 in most, up to 3.5 in convolutions."""
WATCH_UP_TO = 10.0
FRAME_OK_UP_TO = 10.0
"""The same of one frame or one head: up to 3.5 on healthy runs."""
CHANNEL_OK_UP_TO = 60.0
"""And of one channel: up to 21, in convolutions whose output is nearly silent there."""
FLOAT32_HALF_ULP = 2.0**-24
HALF_ULP = {"float16": 2.0**-11, "bfloat16": 2.0**-8}
"""Of the precisions that are coarser than float32, half a unit in the last place."""
"""The floor is never below one rounding, so that an exact copy has a ratio of 0."""


class Verdict(StrEnum):
    OK = "ok"
    WATCH = "watch"
    DIVERGED = "diverged"
    INVALID = "invalid"
    """Wrong shape or dtype, or NaN or Inf where the reference has none."""
    MISSING = "missing"
    """The candidate never computed this layer."""

    @property
    def healthy(self) -> bool:
        return self is Verdict.OK


_SEVERITY = list(Verdict)


def judge(ratio: float, ok_up_to: float = OK_UP_TO) -> Verdict:
    """The verdict on a finite tensor of the right shape and dtype, or on a slice of it."""
    if ratio <= ok_up_to:
        return Verdict.OK
    watch_up_to = ok_up_to * WATCH_UP_TO / OK_UP_TO
    return Verdict.WATCH if ratio <= watch_up_to else Verdict.DIVERGED


def worst(verdicts: list[Verdict]) -> Verdict:
    return max(verdicts, key=_SEVERITY.index, default=Verdict.OK)


def overall(verdicts: list[Verdict]) -> Verdict:
    """The verdict on a run: its worst layer, where a missing layer is a divergence."""
    found = worst(verdicts)
    if found is Verdict.MISSING:
        return Verdict.INVALID if Verdict.INVALID in verdicts else Verdict.DIVERGED
    return found
