"""Prints two tables of micro's card: python -m scripts.micro_card

What its layers compute on the default clip, and what it says of that clip while its MAX
encoder has a bug. Each bug has its encoder compiled, which takes one to three minutes.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.model.audio import BUNDLED_CLIP
from core.model.port import GRAPH

NO_LN_POST = "without `ln_post`"
HEADS_SWAPPED = "with the two heads of every block swapped"
BUGS = {
    NO_LN_POST: ("        x = self.ln_post(x)\n", ""),
    HEADS_SWAPPED: (
        "        return wv.reshape(",
        "        wv = ops.concat([wv[:, :, 1:], wv[:, :, :1]], axis=2)\n"
        "        return wv.reshape(",
    ),
}
"""What is replaced in the encoder's source, and by what."""


def maxwhisper(*arguments: str) -> dict[str, Any]:
    """What a command answers in JSON."""
    command = [sys.executable, "-m", "tui.commands", *arguments, "--json"]
    # Importing MAX changes the environment unseen by Python: it is handed over explicitly.
    environment = dict(os.environ)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    return json.loads(done.stdout)


def write_bug(name: str, folder: Path) -> Path:
    """A copy of the encoder with a bug in it."""
    source, (right, wrong) = GRAPH.read_text(), BUGS[name]
    assert source.count(right) == 1
    path = folder / GRAPH.name
    path.write_text(source.replace(right, wrong))
    return path


def activations() -> Iterator[str]:
    yield "| layer | mean | std | min | max |"
    yield "|---|---|---|---|---|"
    for layer in maxwhisper("check")["layers"]:
        stats = layer["reference"]
        numbers = [f"{stats[key]:.3g}" for key in ("mean", "std", "min", "max")]
        yield f"| `{layer['name']}` | {' | '.join(numbers)} |"


def transcripts() -> Iterator[str]:
    yield f"| MAX encoder | what `{BUNDLED_CLIP.name}` says |"
    yield "|---|---|"
    right = maxwhisper("transcribe", "--backend", "max")
    yield f"| as it is | {right['text']} |"
    for name in BUGS:
        with tempfile.TemporaryDirectory() as folder:
            graph = str(write_bug(name, Path(folder)))
            wrong = maxwhisper("transcribe", "--backend", "max", "--graph", graph)
        yield f"| {name} | {wrong['text'] or '(nothing)'} |"


def main() -> None:
    for table in activations(), transcripts():
        print("\n".join(table), end="\n\n")


if __name__ == "__main__":
    main()
