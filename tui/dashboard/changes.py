"""What the link to the engine reports, each kind of change once.

The link writes to the `State` first and then reports what has changed, so that whoever
listens can draw no more than that.
"""

from dataclasses import dataclass

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Inspected
from debug.protocol.survey import Answer
from debug.protocol.weights import WeightsCompared


@dataclass(frozen=True)
class LayersChanged:
    """The layers themselves, or the columns beside them."""


@dataclass(frozen=True)
class RowChanged:
    """What is known of one layer."""

    index: int


@dataclass(frozen=True)
class ResultsChanged:
    """What is known of any layer."""


@dataclass(frozen=True)
class ActivityChanged:
    """What an engine is doing."""


@dataclass(frozen=True)
class Said:
    """A line for the log."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Answered:
    """What was asked about values, operations or weights."""

    answer: Answer | Inspected | WeightsCompared


@dataclass(frozen=True)
class Refused:
    """A question has no answer."""

    diagnostic: Diagnostic


@dataclass(frozen=True)
class Noted:
    """A line for a moment: what was written, or what the compiled graph says."""

    text: str


Change = (
    LayersChanged
    | RowChanged
    | ResultsChanged
    | ActivityChanged
    | Said
    | Answered
    | Refused
    | Noted
)
