"""What the screen and the engine say to each other: one JSON object a line.

Commands go to the engine, events come back. No tensor crosses, only what a person reads:
statistics, small profiles and texts. NaN and Inf become null on the way.
"""

from typing import Any

import msgspec

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.verdict import Verdict


class Message(msgspec.Struct, frozen=True, tag=True, tag_field="type"):
    """One line of the protocol; its type is its class."""


# -- What the screen asks ------------------------------------------------------------


class Open(Message, frozen=True):
    """Load a subject, run the reference, build the candidate."""

    options: dict[str, Any]
    engine: str = "interpret"
    """interpret or compile."""
    watch: bool = True
    """Reload the candidate whenever one of its source files is saved."""


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
    """From here on go on from the reference's value of a layer, or from the candidate's
    again."""

    index: int


Command = Open | RunTo | RunAgain | Abort | Inspect | Inject


# -- What the engine answers ---------------------------------------------------------


class Stats(msgspec.Struct, frozen=True):
    """One side's values; None where nothing finite is left to measure."""

    shape: list[int]
    dtype: str
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    nonfinite: int


class Slice(msgspec.Struct, frozen=True):
    """The channel, frame or head with the largest ratio."""

    index: int
    ratio: float | None
    rel_l2: float | None
    verdict: Verdict = Verdict.OK
    """One spoiled frame hides in a large tensor, so the worst slices decide, too."""


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
    head: Slice | None = None
    """Of a layer whose channels belong to heads."""
    frames: list[float | None] = []
    """The relative error along the frames, in at most 64 steps."""
    channels: list[float | None] = []
    """The relative error along the channels, in at most 64 steps."""
    reason: str = ""
    """Why the verdict is invalid or missing."""


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


class Opened(Message, frozen=True):
    """The reference has run: every layer of the subject, in order of computation."""

    model: str
    audio: str
    graph: str
    device: str
    dtype: str
    engine: str
    layers: list[Layer]
    seconds_load: float
    seconds_reference: float


class Loaded(Message, frozen=True):
    """A generation of the candidate was built; its layers are about to run."""

    generation: int
    places: dict[str, Place]
    """The source line that calls each layer."""
    seconds: float
    injected: list[str] = []
    """The layers behind which the reference's values go on."""


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
    """One layer of the candidate has run alone, on what the reference feeds it."""

    generation: int
    index: int
    divergence: Divergence


class Cause(msgspec.Struct, frozen=True):
    """A hypothesis that was tried on the reference's mathematics."""

    hypothesis: str
    explains: float
    """The share of the error's energy that it accounts for, from 0 to 1."""
    ratio: float | None
    """R of what is left."""
    weight: str | None = None


class Finding(msgspec.Struct, frozen=True):
    """A mistake in a layer's own code: it gets right values and hands on a wrong one."""

    target: str
    """What it hands on."""
    feeds: str | None
    """The layer that gets it; None for the layer's own result."""
    op: str | None
    place: Place | None
    reference: Place | None
    """The reference's line for the same step."""
    match: str
    """What the op's value is of the reference's, if anything."""
    causes: list[Cause] = []


class Operation(msgspec.Struct, frozen=True):
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


class Code(msgspec.Struct, frozen=True):
    """What computes one value that a layer hands on."""

    target: str
    candidate: list[Operation]
    reference: list[Operation]
    culprit: int | None
    """The first of the candidate's that is wrong though all that it uses is right."""


class Sensitivity(msgspec.Struct, frozen=True):
    """What the debugger says of errors that it made itself, in relative L2 sizes."""

    itself: float | None
    """The reference beside itself: 0."""
    whole: float | None
    """The smallest error everywhere that is not ok; None if not even one of 1 is."""
    frame: float | None = None
    """The smallest in one frame, relative to that frame."""
    channel: float | None = None


class Inspected(Message, frozen=True):
    """A layer's own code, stretch by stretch; each was fed the reference's values."""

    generation: int
    index: int
    codes: list[Code]
    disappears: float | None = None
    """The share of the final error that would go if the layer's value were right."""
    appears: float | None = None
    """The final error if everything but this layer were the reference's."""
    sensitivity: Sensitivity | None = None


class Explained(Message, frozen=True):
    """A layer that is wrong alone was looked into."""

    generation: int
    index: int
    findings: list[Finding]
    """Empty where its own code is right: it is wrong because of a layer within."""


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


class Followed(Message, frozen=True):
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
    """With the layer fed what the reference feeds it."""
    note: str = ""


class Untapped(Message, frozen=True):
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
    """Nothing is left to do: what was computed has also run alone."""

    generation: int


class Progress(Message, frozen=True):
    """Something slow has begun or got on; the screen's clock tells for how long."""

    what: str
    done: float | None = None
    """How much of ``total``, where that is known."""
    total: float | None = None


class Changed(Message, frozen=True):
    """A source file was saved; the candidate is being reloaded."""

    path: str


class Failed(Message, frozen=True):
    """Nothing came of it. Unless fatal, the last good generation stands."""

    diagnostic: Diagnostic
    fatal: bool


class Refused(Message, frozen=True):
    """A question has no answer; the run stands as it is."""

    diagnostic: Diagnostic


Event = (
    Opened
    | Loaded
    | Compared
    | Isolated
    | Explained
    | Inspected
    | Followed
    | Untapped
    | Probed
    | Stopped
    | Idle
    | Progress
    | Changed
    | Failed
    | Refused
)

_encoder = msgspec.json.Encoder()
_commands = msgspec.json.Decoder(Command)
_events = msgspec.json.Decoder(Event)


def encode(message: Message) -> bytes:
    """One line, with its newline."""
    return _encoder.encode(message) + b"\n"


def decode_command(line: bytes) -> Command:
    return _commands.decode(line)


def decode_event(line: bytes) -> Event:
    return _events.decode(line)
