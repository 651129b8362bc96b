"""From a save to the first and the last changed number, in the real dashboard."""

import asyncio
import statistics
import tempfile
from pathlib import Path

from benchmarks.gpu_rows.found import Found, Say
from benchmarks.reload import SOURCE, measure_reloads

RUNS = 3


def saves(say: Say, device: str, model: str, dtype: str) -> Found:
    options = {"device": device, "model": model, "dtype": dtype}
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "encoder.py"
        graph.write_text(SOURCE.read_text())
        times, memory = asyncio.run(measure_reloads(options, RUNS, graph))
    figures = {
        edit: {
            "first_seconds": statistics.median(first for first, _ in pairs),
            "last_seconds": statistics.median(last for _, last in pairs),
        }
        for edit, pairs in times.items()
    }
    said = [
        f"{edit}: {each['first_seconds']:.2f} and {each['last_seconds']:.2f} s"
        for edit, each in figures.items()
    ]
    says = f"first and last number; {'; '.join(said)}"
    return Found(says, figures={**figures, "memory_gb": memory})
