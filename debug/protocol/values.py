"""What events carry: divergences, places and causes, without any tensor."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from debug.protocol.statistics import Stats
from debug.protocol.verdict import LAYER, Verdict

CALLED_TIMES = " times"
"""What ends a reason that is that of several modules: one is called in their place."""
MOST_NAMED = 3
"""As many modules are named of which the same is said."""
POSITION = "position"
"""What a vector of channels is called where nothing says more."""


class Mode(StrEnum):
    """How the candidate's graph runs."""

    INTERPRET = "interpret"
    """Operation by operation, at once: every value inside a layer can be seen."""
    COMPILE = "compile"
    """As a whole, as production does: minutes for a new graph."""


class Tolerance(msgspec.Struct, frozen=True):
    """A person's own: an element is close if it is off by at most ``atol + rtol * |r|``, r
    being the reference's in float64. It decides no verdict."""

    rtol: float
    atol: float


class Slice(msgspec.Struct, frozen=True):
    """The channel, row or head with the largest ratio."""

    index: int
    ratio: float | None
    rel_l2: float | None
    verdict: Verdict = Verdict.OK
    """One spoiled row hides in a large tensor, so the worst slices decide, too."""


class Divergence(msgspec.Struct, frozen=True):
    """The candidate against the reference in float64."""

    verdict: Verdict
    rel_l2: float | None = None
    ratio: float | None = None
    max_abs: float | None = None
    max_abs_at: list[int] = []
    cosine_distance: float | None = None
    channel: Slice | None = None
    frame: Slice | None = None
    """The worst of the rows, whatever those are: `Layer.row`."""
    head: Slice | None = None
    """Of a layer whose channels belong to heads."""
    frames: list[float | None] = []
    """The relative error along the rows, in at most 64 steps."""
    channels: list[float | None] = []
    """The relative error along the channels, in at most 64 steps."""
    reason: str = ""
    """Why the verdict is invalid or missing."""
    outside: int | None = None
    """Elements that are not close, if a person has a `Tolerance`."""


class Place(msgspec.Struct, frozen=True):
    path: str
    line: int


class Layer(msgspec.Struct, frozen=True):
    """The reference's side of a layer, known before the candidate runs."""

    name: str
    parent: str | None
    is_input: bool
    reference: Stats
    floor: float
    """e(r32): how far the reference is from its own float64 self."""
    place: Place | None = None
    """The reference's line that calls it; None for an input."""
    row: str = POSITION
    """What one of the value's vectors of channels is: a frame, a token or a position."""


Said = str | float | None
"""A number or a name, where one is known."""


class Cause(msgspec.Struct, frozen=True):
    """A hypothesis that was tried on the reference's mathematics."""

    hypothesis: str
    explains: float
    """The share of the error's energy that it accounts for, from 0 to 1."""
    ratio: float | None
    """R of what is left."""
    weight: str | None = None
    kind: str | None = None
    """What was done or what it is about, in a word or two, such as ``epsilon`` or ``left
    out``. None where several things were done, or nothing was that has a name."""
    right: Said = None
    """What the reference has: a number, or the name of a value, a layer or a function."""
    wrong: Said = None
    """What the candidate has in its place."""

    @property
    def complete(self) -> bool:
        """Whether only rounding is left: R of the rest is ok. Of what makes the first NaN
        or Inf there is no rest."""
        return self.explains == 1 if self.ratio is None else self.ratio <= LAYER.ok_up_to


class Finding(msgspec.Struct, frozen=True):
    """A mistake in a layer's own code, which makes a wrong value of right ones."""

    target: str
    """The value that is wrong, such as "input of blocks.0.attn.out"."""
    feeds: str | None
    """The layer whose input that is; None for the result of the layer itself."""
    op: str | None
    place: Place | None
    reference: Place | None
    """The reference's line for the same step."""
    match: str
    """What the op's value is of the reference's, if anything."""
    causes: list[Cause] = []
    pattern: str = ""
    """What the error looks like, where no cause explains it all."""


class OperationView(msgspec.Struct, frozen=True):
    """One operation in a layer's own code, of either side."""

    name: str
    place: Place | None
    stats: Stats
    operands: list[str]
    """What it uses."""
    match: str
    """The reference's value that it makes, or, of the reference's, that the candidate
    has it."""
    right: bool
    pair: int | None = None
    """Of the candidate's: the place of the reference's operation that it stands for."""
    error: float | None = None
    """The relative L2 difference of the two values."""


class SegmentView(msgspec.Struct, frozen=True):
    """What computes one value in a layer's code that others get."""

    target: str
    candidate: list[OperationView]
    reference: list[OperationView]
    culprit: int | None
    """The first of the candidate's that is wrong though all that it uses is right."""


class Sensitivity(msgspec.Struct, frozen=True):
    """What the debugger says of errors that it made itself, in relative L2 sizes."""

    itself: float | None
    """The reference beside itself: 0."""
    whole: float | None
    """The smallest error everywhere that is not ok; None if not even one of 1 is."""
    frame: float | None = None
    """The smallest in one row, relative to that row."""
    channel: float | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What a model's results are good for: the texts that a decoder makes of them."""

    reference: str
    candidate: str
    tokens: int
    """How many next-token distributions were compared."""
    kl: float | None
    """The mean divergence KL(reference || candidate) of the distributions, in nats."""
    top1: float
    """The share of them whose likeliest token is the same, from 0 to 1."""
    speaker: str = "features say"
    """What the texts are of, with its verb."""


class PairedLayer(msgspec.Struct, frozen=True):
    """A layer of the reference, and what it is on the candidate's side."""

    layer: str
    candidate: str
    """The module, the part of it, or several that are joined."""
    how: str
    """What made the pair, such as ``weights``."""
    doubt: str = ""
    """What speaks against it: likely a bug."""
    modules: list[str] = []
    """The candidate's, by their own names; the root's is empty."""


class UnpairedModule(msgspec.Struct, frozen=True):
    """A module that only one side has."""

    name: str
    of_reference: bool
    reason: str
    is_error: bool
    """Otherwise it is no error, and ``reason`` says why."""
    feeds_result: bool = False
    """Whether the reference's result depends on it: where all numbers are right, its own
    were computed in some other way."""


class _Doubtful(Protocol):
    @property
    def doubt(self) -> str: ...


def doubts_of(pairs: Iterable[_Doubtful], unpaired: Iterable[UnpairedModule]) -> list[str]:
    """What is likely a bug in an alignment, each as one line."""
    names: dict[str, list[str]] = {}
    for each in filter(lambda each: each.is_error, unpaired):
        own = each.reason if each.reason.endswith(CALLED_TIMES) else each.name
        names.setdefault(own, []).append(each.name)
    reasons = {each.name: each.reason for each in unpaired}
    return [
        *(pair.doubt for pair in pairs if pair.doubt),
        *(_said_of(alike, reasons[alike[0]]) for alike in names.values()),
    ]


def _said_of(names: Sequence[str], reason: str) -> str:
    """What is true of several modules is one line."""
    if not names[1:]:
        return f"{names[0]} {reason}"
    reason = re.sub(r"^has\b", "have", reason)
    rest = len(names) - MOST_NAMED
    last = f"{rest} more" if rest > 0 else names[-1]
    return f"{', '.join(names[: min(MOST_NAMED, len(names) - 1)])} and {last} {reason}"
