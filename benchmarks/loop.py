"""What a person waits for, asked of the engine itself, without a screen.

Usage: python benchmarks/loop.py [MODEL] [--saves 5] [--reloads 0]

- from the start of the engine to PyTorch's side, to the first number and to all of them, in
  a session that has nothing kept of the reference, and in the next one;
- from a save to the last number that it changes, for an edit in the first block, in the
  last, and in every block;
- what many reloads leave of memory;
- what the engine does with the processor while nobody asks for anything.

Prints one JSON object. Seconds are of the wall, in the given environment; what the engine's
processor did in them is beside them.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from debug.protocol.messages import (
    Compared,
    Event,
    Failed,
    Idle,
    Open,
    Opened,
    RunAgain,
    RunTo,
    Stopped,
)
from debug.protocol.parent_end import EngineClient, Exited

SUBJECT = "core.whisper:open_subject"
SOURCE = Path(__file__).resolve().parent.parent / "core" / "encoder.py"
BLOCK = "x = block(x)"
EDITS = {
    "first block": (BLOCK, "x = block(x * ({} if block is self.blocks[0] else 1.0))"),
    "last block": (BLOCK, "x = block(x * ({} if block is self.blocks[-1] else 1.0))"),
    "every block": ("d_head**-0.25", "d_head**-0.25 * {}"),
}
QUIET = 20
"""For how many seconds an idle engine is looked at."""


@dataclass
class Talk:
    """One engine, the file that it debugs, and all that it says."""

    engine: EngineClient
    graph: Path
    events: AsyncIterator[Any]
    count: int = 0
    """Layers and inputs."""

    async def until(self, kind: type[Event]) -> Any:
        async for news in self.events:
            if isinstance(news, Failed | Exited):
                raise SystemExit(f"the engine says: {news}")
            if isinstance(news, kind):
                return news
        raise SystemExit("the engine fell silent")

    @property
    def process(self) -> psutil.Process:
        assert self.engine.pid is not None
        return psutil.Process(self.engine.pid)

    @property
    def busy(self) -> float:
        """Seconds that the processor has worked for it."""
        times = self.process.cpu_times()
        return times.user + times.system

    @property
    def gigabytes(self) -> float:
        return self.process.memory_info().rss / 1e9


async def started(model: str, folder: Path) -> tuple[Talk, dict[str, float]]:
    """An engine that has run all layers, with the seconds until it had got so far."""
    graph = folder / "encoder.py"
    graph.write_text(SOURCE.read_text())
    begun = time.perf_counter()

    def since() -> float:
        return round(time.perf_counter() - begun, 2)

    engine = EngineClient(SUBJECT)
    await engine.start()
    engine.send(Open({"model": model, "graph": str(graph)}, watch=False))
    talk = Talk(engine, graph, engine.events())
    opened = await talk.until(Opened)
    times = {"opened": since()}
    talk.count = len(opened.layers)
    engine.send(RunTo(talk.count - 1))
    await talk.until(Compared)
    times["first_number"] = since()
    await talk.until(Stopped)  # at the last layer: the one before was heard already
    times |= {"all_layers": since(), "busy": round(talk.busy, 2)}
    await talk.until(Idle)
    times |= {"settled": since(), "gigabytes": round(talk.gigabytes, 2)}
    return talk, times


async def saved(talk: Talk, edit: tuple[str, str], number: int) -> tuple[float, float]:
    """Seconds of the wall and of the processor, from a save to its last number; without
    old text, of the source as it was."""
    old, new = edit
    edited = SOURCE.read_text().replace(old, new.format(1 + number / 1000)) if old else None
    talk.graph.write_text(edited or SOURCE.read_text())
    began, busy = time.perf_counter(), talk.busy
    talk.engine.send(RunAgain(talk.count - 1))
    await talk.until(Stopped)
    return time.perf_counter() - began, talk.busy - busy


async def measured(model: str, saves: int, reloads: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        # What was kept of the reference before is not found in another folder; MAX's
        # kernels, which are kept elsewhere, are.
        os.environ.setdefault("MODULAR_CACHE_DIR", str(Path.home() / ".cache" / "modular"))
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        first, cold = await started(model, folder)
        await first.engine.stop()
        talk, warm = await started(model, folder)
        report: dict[str, Any] = {"model": model, "cold": cold, "warm": warm, "saves": {}}
        for name, edit in EDITS.items():
            found = [await saved(talk, edit, number) for number in range(1, saves + 1)]
            wall, busy = (statistics.median(each) for each in zip(*found, strict=True))
            report["saves"][name] = {"wall": round(wall, 2), "busy": round(busy, 2)}
        if reloads:
            report["reloads"] = await reloaded(talk, reloads)
        # As it was, so that no cause is looked for: only then is the engine soon idle.
        await saved(talk, ("", ""), 0)
        await talk.until(Idle)
        busy = talk.busy
        await asyncio.sleep(QUIET)
        report["idle_percent"] = round(100 * (talk.busy - busy) / QUIET, 2)
        await talk.engine.stop()
    return report


async def reloaded(talk: Talk, count: int) -> dict[str, float]:
    """Memory after a tenth of the reloads, and after all."""
    found: dict[str, float] = {}
    for number in range(1, count + 1):
        await saved(talk, EDITS["last block"], 100 + number)
        if number in (count // 10, count):
            found[f"gigabytes after {number}"] = round(talk.gigabytes, 3)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="random:tiny")
    parser.add_argument("--saves", type=int, default=5)
    parser.add_argument("--reloads", type=int, default=0)
    given = parser.parse_args()
    found = asyncio.run(measured(given.model, given.saves, given.reloads))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
