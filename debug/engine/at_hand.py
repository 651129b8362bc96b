"""One layer whose values a person asks for, to be shown or to be written."""

from dataclasses import dataclass

from torch import Tensor

from debug.candidate.interpreter import LazyValue
from debug.experiments.isolation import Isolation
from debug.measure.truth import Truth


@dataclass(frozen=True)
class LayerAtHand:
    """One layer of one generation, with all that is known of it."""

    generation: int
    index: int
    name: str
    truth: Truth
    value: LazyValue | None
    """The candidate's; None where it has none."""
    given: Tensor | None
    """The candidate's, of an input of the model."""
    isolation: Isolation
    dtype: str
    """What the candidate should compute in."""
