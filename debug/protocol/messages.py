"""What the screen and the engine say to each other: one JSON object a line.

Commands go to the engine over its stdin, events come back over a private copy of its
stdout. No tensor crosses, only what a person reads: statistics, short profiles and texts.
NaN and Inf become null on the way, since JSON has neither.

To add an event, write its class here, put it into `Event`, emit it where it happens, and
say in `Run.apply` (`debug.results.run`) or in the dashboard's link what it means; whoever
does not know an event passes it over. Where a class or field was renamed, it keeps its
tag or key on the wire.
"""

import json
from collections import Counter
from typing import Any, TypeVar

import msgspec

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.message import Message
from debug.protocol.statistics import Stats
from debug.protocol.survey import Answer, Look
from debug.protocol.values import (
    Divergence,
    Finding,
    Layer,
    Mode,
    Outcome,
    PairedLayer,
    Place,
    SegmentView,
    Sensitivity,
    Tolerance,
    UnpairedModule,
    doubts_of,
)
from debug.protocol.weights import CompareWeights, WeightsCompared

LONGEST_SECONDS = 3600.0
"""Of silence: the reference of a large model, or a compilation, may take that long."""
OWN_CODE_SECONDS = 300.0
"""Of silence while a person's own code is executed, or a layer of it is computed."""

# -- What the screen asks ------------------------------------------------------------


class Open(Message, frozen=True, rename={"mode": "engine"}):
    """Load a subject, run the reference, build the candidate."""

    options: dict[str, Any]
    mode: Mode = Mode.INTERPRET
    watch: bool = True
    """Reload the candidate whenever one of its source files is saved."""
    partial: bool = False
    """Where the source raises while the graph is built, run the layers before that."""
    known: dict[str, str | None] = {}
    """By path, the contents of the files that an engine before this one has executed."""
    wait: bool = False
    """Execute nothing until one of those files has another content: they end engines."""
    tolerance: Tolerance | None = None
    """By which the elements of each layer are counted that are not close."""


class RunTo(Message, frozen=True):
    """Compute layers up to this index, then stop."""

    index: int


class RunAgain(Message, frozen=True):
    """Read the candidate's source again and run it up to this index."""

    index: int


class Abort(Message, frozen=True):
    """Stop after the layer in hand."""


class Inspect(Message, frozen=True):
    """Take a layer's own code apart into its operations."""

    index: int


class Inject(Message, frozen=True):
    """Replace what a layer returns by the reference's value, or undo that."""

    index: int


class Dump(Message, frozen=True):
    """Write both sides of a layer as files, into an empty folder: tensors stay out of the
    pipe."""

    index: int
    folder: str


Command = Open | RunTo | RunAgain | Abort | Inspect | Inject | Dump | Look | CompareWeights


# -- What the engine answers ---------------------------------------------------------


class Opened(Message, frozen=True, rename={"mode": "engine"}):
    """The reference has run: every layer of the subject, in order of computation."""

    model: str
    audio: str
    graph: str
    device: str
    dtype: str
    mode: Mode
    layers: list[Layer]
    seconds_load: float
    seconds_reference: float
    warnings: list[str] = []
    """Why the results may say little, each in one line."""


class Loaded(Message, frozen=True):
    """A generation of the candidate was built; its layers are about to run."""

    generation: int
    places: dict[str, Place]
    """The source line that calls each layer."""
    seconds: float
    injected: list[str] = []
    """The layers whose results were replaced by the reference's."""
    emulated: list[str] = []
    """The precisions that MAX does not compute in there, and that were emulated."""
    uncompared: list[str] = []
    """What the port is called with that is none of the reference's inputs."""


class Aligned(Message, frozen=True):
    """Which layer is which module, where that had to be found out."""

    generation: int
    pairs: list[PairedLayer]
    unpaired: list[UnpairedModule]

    @property
    def doubts(self) -> list[str]:
        """What is likely a bug, each as one line."""
        return doubts_of(self.pairs, self.unpaired)

    @property
    def no_errors(self) -> list[UnpairedModule]:
        """What only one side has, and that is no mistake."""
        return [each for each in self.unpaired if not each.is_error]

    @property
    def ways(self) -> str:
        """How many layers were found in which way: ``2 by weights, 1 by the model``."""
        counts = Counter(pair.how for pair in self.pairs)
        return ", ".join(f"{count} by {how}" for how, count in counts.most_common())


class Compared(Message, frozen=True):
    """One layer of the candidate has run."""

    generation: int
    index: int
    candidate: Stats | None
    chained: Divergence
    seconds: float
    reused: bool
    """Nothing that this layer depends on has changed, so it was not computed again."""


class Isolated(Message, frozen=True):
    """One layer of the candidate has run in isolation, on the reference's own input."""

    generation: int
    index: int
    divergence: Divergence


class Inspected(Message, frozen=True):
    """A layer's own code, segment by segment; each started from the reference's values."""

    generation: int
    index: int
    codes: list[SegmentView]
    disappears: float | None = None
    """The share of the final error that would go if the layer's value were right."""
    appears: float | None = None
    """The final error if everything but this layer were the reference's."""
    sensitivity: Sensitivity | None = None
    more_to_come: bool = False
    """Whether the same follows once more, with how much the layer matters."""


class Explained(Message, frozen=True):
    """A layer that is wrong in isolation was looked into."""

    generation: int
    index: int
    findings: list[Finding]
    """Empty where its own code is right: it is wrong because of a layer within."""


class ShareKnown(Message, frozen=True):
    """How much of the final error a root cause makes if nothing else is wrong was worked
    out, where there are several."""

    generation: int
    index: int
    """Of the first layer that has the mistake."""
    share: float
    """1 is all of it. It may be more, where mistakes make up for each other."""


class OutcomeKnown(Message, frozen=True, tag="Followed"):
    """The whole model has run, and what its result is used for was tried on both sides."""

    generation: int
    outcome: Outcome


class Probed(Message, frozen=True):
    """A value that the candidate's source names, beside the reference's variable."""

    generation: int
    index: int
    """Of the layer that has the variable."""
    name: str
    """The layer's, a dot, and the variable's."""
    place: Place | None
    """The candidate's line."""
    reference_place: Place | None = None
    """The line that makes the reference's value, unless it comes from outside the code."""
    candidate: Stats | None = None
    reference: Stats | None = None
    chained: Divergence | None = None
    """None where there is nothing to compare; ``note`` says why."""
    isolated: Divergence | None = None
    """With the layer on the reference's own input."""
    note: str = ""


class ComparedWithoutTaps(Message, frozen=True, tag="Untapped"):
    """The graph was compiled as production does, with its result as the only output."""

    generation: int
    divergence: Divergence
    """Of its result."""
    from_tapped: float | None
    """The relative L2 difference to the compiled graph whose layers are outputs, too."""
    from_interpreted: float | None
    """And to the interpreter's."""


class Stopped(Message, frozen=True):
    """The engine waits: the target was reached, or it was told to stop."""

    generation: int
    position: int
    """The index of the last layer that was computed, -1 for none."""
    seconds: float


class Idle(Message, frozen=True):
    """Nothing is left to do: all that can be said of what was computed was said."""

    generation: int


class Dumped(Message, frozen=True):
    """Both sides of a layer were written."""

    generation: int
    index: int
    files: list[str]
    """Their names."""


class Working(Message, frozen=True):
    """The engine's idle work has got to another job, or another piece of one."""

    job: str
    """What a status bar can show: "looking for the cause"."""
    done: int
    """The piece that has begun, counted from 1."""
    total: int
    """How many there are, as far as is known now."""


class Progress(Message, frozen=True):
    """Something slow has begun or got on; the screen's clock tells for how long."""

    what: str
    done: float | None = None
    """How much of ``total``, where that is known."""
    total: float | None = None
    hint: str = ""
    """What a person can do, should it take minutes."""
    limit: float = LONGEST_SECONDS
    """After so many seconds without a word it is taken to hang."""


class Reading(Message, frozen=True):
    """Files are about to be executed. What ends the process may leave no other word."""

    files: dict[str, str | None]
    """By path, the hash of what is in each; the first is the source itself."""


class Spoiled(Message, frozen=True):
    """The source has changed the engine's process for good: it ends."""

    what: list[str]


class SourceSaved(Message, frozen=True, tag="Changed"):
    """A source file was saved; the candidate is being reloaded."""

    path: str


class SourceRead(Message, frozen=True):
    """The candidate's own files as a load has found them, before any of them is executed;
    not sent where none has changed since the last load."""

    files: dict[str, bytes]
    """By path: not as text, for whoever wants one back wants it to the byte."""


class Failed(Message, frozen=True):
    """Nothing came of it. Unless fatal, the last good generation stands."""

    diagnostic: Diagnostic
    fatal: bool


class NotPossible(Message, frozen=True, tag="Refused"):
    """A question has no answer; the run stands as it is."""

    diagnostic: Diagnostic


Event = (
    Opened
    | Loaded
    | Aligned
    | Compared
    | Isolated
    | Explained
    | Inspected
    | Answer
    | WeightsCompared
    | ShareKnown
    | OutcomeKnown
    | ComparedWithoutTaps
    | Probed
    | Dumped
    | Stopped
    | Idle
    | Progress
    | Reading
    | Spoiled
    | Working
    | SourceSaved
    | SourceRead
    | Failed
    | NotPossible
)

_encoder = msgspec.json.Encoder()
_events = msgspec.json.Decoder(Event)

T = TypeVar("T")


def encode(message: Message) -> bytes:
    """One line, with its newline."""
    try:
        return _encoder.encode(message) + b"\n"
    except UnicodeEncodeError:  # Python holds a file name that is no UTF-8 in surrogates
        return json.dumps(msgspec.to_builtins(message)).encode() + b"\n"


def decode_as(line: bytes, kind: type[T] | Any) -> T:
    """What a screen asks, names of files that are no UTF-8 included."""
    return msgspec.convert(json.loads(line), kind)


def decode_command(line: bytes) -> Command:
    return decode_as(line, Command)


def decode_event(line: bytes) -> Event:
    return _events.decode(line)
