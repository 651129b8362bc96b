"""An engine that answers from a script, and the rows of a small imaginary model."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import values
from textual.pilot import Pilot

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import (
    Abort,
    Compared,
    Dump,
    Dumped,
    Event,
    Explained,
    Failed,
    Idle,
    Isolated,
    Loaded,
    Message,
    Open,
    Opened,
    Probed,
    RunAgain,
    RunTo,
    Stopped,
    Working,
)
from debug.protocol.parent_end import Exited, Noise
from debug.protocol.statistics import Stats
from debug.protocol.survey import Excerpt, Locate, MapError, Sketch, Survey
from debug.protocol.values import (
    Divergence,
    Finding,
    Layer,
    Mode,
    Place,
    Slice,
)
from debug.protocol.verdict import Verdict

T = TypeVar("T")
ROWS: list[tuple[str, str | None]] = [
    ("noise", "model"),
    ("conv", "model"),
    ("blocks.0.norm", "blocks.0"),
    ("blocks.0.attn.query", "blocks.0.attn"),
    ("blocks.0.attn.key", "blocks.0.attn"),
    ("blocks.0.attn", "blocks.0"),
    ("blocks.0.mlp", "blocks.0"),
    ("blocks.0", "model"),
    ("blocks.1.norm", "blocks.1"),
    ("blocks.1", "model"),
    ("norm", "model"),
    ("model", None),
]
CALLS = {
    "blocks.0.norm": 4,
    "blocks.0.attn.query": 11,
    "blocks.0.attn.key": 12,
    "blocks.0.attn": 5,
    "blocks.0.mlp": 6,
    "blocks.1.norm": 4,
    "model": 16,
    "conv": 18,
    "blocks.0": 20,
    "blocks.1": 20,
    "norm": 21,
}
"""The line of the candidate's source that calls each layer."""
JOB = "running layers in isolation"
LOWER = 3
"""Lines by which the reference's source is longer, above all of these."""


def stats(mean: float = 0.5, shape: tuple[int, ...] = (1, 1500, 384)) -> Stats:
    return Stats(list(shape), "float32", mean, 1.25, -4.0, 5.0, 0)


def layers(file: str | None = None) -> list[Layer]:
    """Args:
    file: the reference's source; None for one that is not known.
    """
    places = {name: Place(file, line + LOWER) for name, line in CALLS.items() if file}
    return [
        Layer(name, parent, name == "noise", stats(), 3e-7, places.get(name), "frame")
        for name, parent in ROWS
    ]


def opened(mode: Mode = Mode.INTERPRET, file: str | None = None) -> Opened:
    return Opened(
        model="imaginary (random weights)",
        audio="speech.flac",
        graph="model.py",
        device="cpu",
        dtype="float32",
        mode=mode,
        layers=layers(file),
        seconds_load=0.1,
        seconds_reference=0.2,
    )


def divergence(ratio: float) -> Divergence:
    verdict = Verdict.OK if ratio <= 4 else Verdict.DIVERGED
    error = ratio * 3e-7
    return Divergence(
        verdict,
        rel_l2=error,
        ratio=ratio,
        max_abs=error * 4,
        max_abs_at=[0, 12, 7],
        cosine_distance=error**2 / 2,
        channel=Slice(7, ratio * 1.5, error * 1.5),
        frame=Slice(12, ratio * 1.2, error * 1.2),
        frames=[error] * 64,
        channels=[error] * 64,
    )


NAMES = [name for name, _ in ROWS]
OURS, THEIRS = "port.py", "openai.py"
LAST_ROW = len(ROWS) - 1
ATTENTION = NAMES.index("blocks.0.attn")
SOFTMAX = 13


def mistake(
    index: int = ATTENTION, ours: str = OURS, theirs: str | None = THEIRS
) -> Explained:
    """A softmax that is wrong, on both sides' lines."""
    assert theirs is not None
    place, reference = Place(ours, SOFTMAX), Place(theirs, SOFTMAX + LOWER)
    finding = Finding("its result", None, "softmax", place, reference, "")
    return Explained(1, index, [finding])


MISSING = Divergence(Verdict.MISSING, reason="the candidate never calls it")


def compared(index: int, ratio: float = 1.5, generation: int = 1, reused: bool = False):
    result = divergence(ratio)
    return Compared(generation, index, stats(), result, 0.02, reused)


def isolated(index: int, ratio: float = 1.0, generation: int = 1) -> Isolated:
    return Isolated(generation, index, divergence(ratio))


def probed(index: int, name: str, ratio: float | None = 1.5, note: str = "") -> Probed:
    chained = None if ratio is None else divergence(ratio)
    return Probed(1, index, name, Place("model.py", 7), chained=chained, note=note)


class FakeEngine:
    """Stands in for `debug.protocol.parent_end.EngineClient`.

    ``ratios`` are what it will find, by row, and ``isolated`` what it will find of layers
    in isolation; the test changes them to play an edit.
    """

    instances: list["FakeEngine"] = []
    broken: Diagnostic | None = None
    """Why a source that is opened makes no graph."""

    def __init__(self, factory: str) -> None:
        self.factory = factory
        self.sent: list[Message] = []
        self.ratios: dict[int, float] = {}
        self.isolated: dict[int, float] = {}
        self.generation = 0
        self.position = -1
        self.alive = False
        self.hangs = False
        self.dumps = True
        """Whether it writes a layer's values, and says so."""
        self.lingers = False
        """Whether it is still at its idle work when the test looks."""
        self.source = getattr(FakeEngine, "_file", "model.py")
        self.reference = getattr(FakeEngine, "_reference", None)
        self._news: asyncio.Queue[Event | Noise | Exited] = asyncio.Queue()
        FakeEngine.instances.append(self)

    async def start(self) -> None:
        self.alive = True

    def say(self, *news: Event | Noise | Exited) -> None:
        for item in news:
            self._news.put_nowait(item)

    async def events(self) -> AsyncIterator[Event | Noise | Exited]:
        while True:
            news = await self._news.get()
            yield news
            if isinstance(news, Exited):
                return

    def send(self, command: Message) -> None:
        self.sent.append(command)
        if self.hangs:
            return
        match command:
            case Open(wait=False, mode=mode):
                self.answer(mode)
            case RunTo(index):
                self.compute(index)
            case RunAgain(index):
                self.load()
                self.compute(index)
            case Dump(index, folder) if self.dumps:
                Path(folder, "candidate.npy").write_bytes(b"")
                self.say(Dumped(self.generation, index, ["candidate.npy"]))
            case Locate() | Survey() | Excerpt() | MapError() | Sketch():
                self.say(values.answer(self.generation, command))
            case Abort():
                self.say(Stopped(self.generation, self.position, 0.1))

    def answer(self, mode: Mode = Mode.INTERPRET) -> None:
        """Opens; one that is to wait does it only now."""
        self.say(opened(mode, self.reference))
        if self.broken:
            self.say(Failed(self.broken, fatal=False))
            return
        self.load()
        self.say(Stopped(self.generation, -1, 0.1))

    def load(self) -> None:
        self.generation += 1
        self.position = -1
        places = {name: Place(self.source, line) for name, line in CALLS.items()}
        self.say(Loaded(self.generation, places, 0.05))

    def compute(self, index: int) -> None:
        for row in range(self.position + 1, index + 1):
            ratio = self.ratios.get(row, 1.5)
            self.say(compared(row, ratio, self.generation))
        self.position = max(self.position, index)
        self.say(Stopped(self.generation, self.position, 0.5))
        if self.lingers:
            self.say(Working(JOB, 3, self.position))
            return
        for row in range(1, self.position + 1):
            self.say(isolated(row, self.isolated.get(row, 1.0), self.generation))
        self.say(Idle(self.generation))

    def reload(self) -> None:
        """A save: the new generation runs as far as the old one had."""
        index = self.position
        self.load()
        self.compute(index)

    def die(self, code: int = -9) -> None:
        self.alive = False
        self.say(Exited(code))

    async def stop(self) -> None:
        self.alive = False

    def kill(self) -> None:
        if self.alive:
            self.die()

    async def stop_short(self) -> None:
        self.kill()


def asked(kind: type[T]) -> list[T]:
    """The first engine's commands of one kind, in their order."""
    return [each for each in FakeEngine.instances[0].sent if isinstance(each, kind)]


async def say(pilot: Pilot, *news: Event) -> None:
    """The first engine says something, which is shown."""
    FakeEngine.instances[0].say(*news)
    await settle(pilot)


async def settle(pilot: Pilot) -> None:
    """Until everything that the engine said has been shown."""
    await pilot.pause()
