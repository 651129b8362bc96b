"""What the commands and their worker say to each other. Needs neither torch nor MAX."""

from typing import Any

import msgspec

from debug.protocol.messages import Failed, Message, Progress, decode_as

# -- What a command asks -------------------------------------------------------------


BACKENDS = ("cpu", "gpu", "max")

MAX_SECONDS = 6 * 3600.0
"""Of a file of sound, as long as nobody says otherwise: 1.4 GB of samples."""


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a file of sound is heard."""

    track: int | None = None
    """Of several, from 1; the first that is not silent, if none is given."""
    max_seconds: float = MAX_SECONDS


class BackendOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which Whisper runs, where and how."""

    name: str = "cpu"
    """cpu, gpu or max."""
    model: str = "micro"
    device: str = "auto"
    """Where MAX runs: auto, cpu, gpu or gpu:1; its number is the gpu backend's, too."""
    dtype: str = "auto"
    graph: str | None = None
    """The source of the MAX encoder, if it is not the project's own."""


class Decoding(msgspec.Struct, frozen=True, kw_only=True):
    """What openai-whisper's own ``transcribe`` is told."""

    language: str | None = None
    task: str = "transcribe"
    word_timestamps: bool = False
    temperature: float | None = None
    """One temperature without a fallback, or None for openai's fallback."""


class Transcribe(Message, frozen=True):
    """Open one backend and transcribe a file with it."""

    audio: str | None
    backend: BackendOptions
    decoding: Decoding = Decoding()
    listening: Listening = Listening()


class Bench(Message, frozen=True):
    """Open one backend, warm it up, and time it over several runs."""

    audio: str | None
    backend: BackendOptions
    decoding: Decoding = Decoding()
    runs: int = 5
    listening: Listening = Listening()


class Compare(Message, frozen=True):
    """Open every backend, transcribe with each, and compare their encoders' features."""

    audio: str | None
    backends: list[BackendOptions]
    decoding: Decoding = Decoding()
    listening: Listening = Listening()


class Examine(Message, frozen=True):
    """Look at this machine and at what is installed."""


class Reproduce(Message, frozen=True):
    """Write the files that show one layer in isolation into a folder."""

    options: dict[str, Any]
    """What a person asked for, as the subject takes it."""
    layer: str
    folder: str
    """It is there, and empty."""
    of_port: bool = False
    """Whether it is a layer of a port's file, and not of Whisper's encoder."""


class ListMutants(Message, frozen=True):
    """Say which mistakes can be made in a port's code."""

    options: dict[str, Any]
    """What a person asked for, as a port's subject takes it."""


class Plant(Message, frozen=True):
    """Write a port's files into a folder, one of them with a bug."""

    options: dict[str, Any]
    """What a person asked for, as a port's subject takes it."""
    number: int | None
    """Of a mistake; any, if there is none."""
    folder: str
    """It is there, and empty."""


Request = Transcribe | Bench | Compare | Examine | Reproduce | ListMutants | Plant


# -- What the worker answers ---------------------------------------------------------


class Ready(Message, frozen=True):
    """A backend is open."""

    backend: str
    model: str
    device: str
    """In words, such as ``cpu`` or ``encoder on MAX gpu, decoder on cpu``."""
    dtype: str
    load_seconds: float
    """Everything that was not compiling."""
    compile_seconds: float | None = None
    """What compiling the encoder took, now or once before; None where none is needed."""
    compiled_now: bool = False
    artifact: str | None = None
    """The file that the compiled encoder is kept in."""


class Seconds(msgspec.Struct, frozen=True):
    """One transcription. What is neither in the encoder nor in the decoder is the rest."""

    encode: float
    decode: float
    total: float


class Memory(msgspec.Struct, frozen=True):
    """Peaks in bytes; the device's is None where there is no GPU in use."""

    process: int
    device: int | None


class Transcript(Message, frozen=True):
    """What a backend heard. The fields of a segment are openai's."""

    backend: str
    audio: str
    audio_seconds: float
    language: str
    text: str
    segments: list[dict[str, Any]]
    seconds: Seconds
    memory: Memory
    warnings: list[str] = []
    """What a person should know of the audio, such as how much of it is lost."""

    @property
    def real_time_factor(self) -> float:
        """Seconds of work a second of audio."""
        return self.seconds.total / self.audio_seconds


class Timed(Message, frozen=True):
    """A backend's runs after a warm-up; the transcript is that of the last."""

    runs: list[Seconds]


class Unavailable(Message, frozen=True):
    """A backend of several that can't run here, and why."""

    backend: str
    reason: str


class Features(Message, frozen=True):
    """A backend's encoder output over all windows of a clip; None for NaN and Inf."""

    backend: str
    windows: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    rel_l2: float | None
    """Of the difference from the first backend's; None for that one itself."""
    cosine_distance: float | None


class Examination(Message, frozen=True, tag="Finding"):
    """Something about this machine. One that is not ok stops the debugger from working.

    A remedy beside one that is ok says what could be better.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""


class Machine(Message, frozen=True):
    """What a measurement was taken on."""

    processor: str
    cores: int
    memory: int
    gpu: str | None
    system: str
    versions: dict[str, str]


class Build(msgspec.Struct, frozen=True, tag="encoder", tag_field="of"):
    """What it takes to build one layer of the encoder and to feed it, on both sides."""

    sizes: list[int]
    """The encoder's, in openai's order."""
    path: str
    """Of the layer within the encoder; empty for the encoder itself."""
    axes: list[int] | None
    """The permutation between PyTorch's layout and the port's, if they may differ."""
    argument_shape: list[int]
    """In the port."""


class Row(msgspec.Struct, frozen=True):
    """A call of a module of a reference, and the layout that its value has in the port."""

    path: str
    """The module's dotted name; empty for the reference itself."""
    call: int
    axes: list[int] | None
    shape: list[int] | None


class Value(msgspec.Struct, frozen=True):
    """What a value is in the port."""

    shape: list[int]
    dtype: str


class Aside(msgspec.Struct, frozen=True):
    """Another layer whose result enters one beside its first input, such as a residual."""

    layer: Row
    module: str
    """In the port."""
    call: int
    value: Value


class PortBuild(msgspec.Struct, frozen=True, tag="port", tag_field="of"):
    """What it takes to run one layer of a port's file in isolation, on both sides."""

    port: str
    """The module that has the function ``port``."""
    is_v3: bool
    """Whether the port's modules are of `max.experimental.nn`, not of `max.nn`."""
    layer: Row
    modules: list[str]
    """In the port; the results of several are joined along the last axis."""
    call: int
    """Which of the calls of these modules it is."""
    channels: list[int] | None
    """The channels that are the layer's, if not all are."""
    argument: Value | None
    """The layer's first input, which is the reference's; None where the port's is kept."""
    aside: list[Aside]
    """What else is the reference's."""
    sizes: dict[str, int]
    """Of the dimensions that the port names."""
    own: list[str]
    """Inputs of the model that reach the layer by way of the port's own code."""


class Reproduced(Message, frozen=True):
    """The files are written, all but what `check` said of the layer."""

    build: Build | PortBuild
    copies: dict[str, str]
    """Where the candidate's source files lie within the folder, by where they were."""
    versions: dict[str, str]
    """Of Python, and of the packages that the script needs."""
    libraries: dict[str, str] = {}
    """The port's files in installed packages, as they are named there."""


class ListedMutant(msgspec.Struct, frozen=True):
    """A mistake that can be made in a port's code; whether it is a bug is not tried."""

    number: int
    hint: str
    file: str
    solution: str
    """As a diff."""


class Mutants(Message, frozen=True):
    """All of them, in the order of their numbers."""

    mutants: list[ListedMutant]


class Planted(Message, frozen=True):
    """A port's files are written, one of them with a bug."""

    number: int
    hint: str
    solution: str
    port: str
    """Where the port's file lies within the folder."""


INPUT_KINDS = frozenset({"audio", "model", "language", "task", "installation"})
"""The kinds of problems that every backend meets alike."""

Answer = (
    Ready
    | Transcript
    | Timed
    | Unavailable
    | Features
    | Examination
    | Machine
    | Reproduced
    | Mutants
    | Planted
    | Progress
    | Failed
)

_answers = msgspec.json.Decoder(Answer)


def decode_request(line: bytes) -> Request:
    return decode_as(line, Request)


def decode_answer(line: bytes) -> Answer:
    return _answers.decode(line)
