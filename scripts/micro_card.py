"""Measures what micro's card shows of its encoder, and writes it there:
python -m scripts.micro_card

The statistics by layer are those of openai's own encoder on a bundled clip. Then the MAX
encoder is broken in ways that its mean and std hardly show, and transcribes the clip.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CARD = ROOT / "core" / "checkpoints" / "README.md"
ENCODER = ROOT / "core" / "encoder.py"
CLIP = "speech.flac"
BEGIN, END = "<!-- measured -->\n", "<!-- /measured -->"
SCORES = "        qk = (q * scale) @ (k * scale)"


@dataclass(frozen=True)
class Break:
    what: str
    old: str
    new: str


BREAKS = [
    Break("`ln_post` removed", "        x = self.ln_post(x)\n", ""),
    Break(
        "values given to the other head",
        SCORES,
        "        v = ops.concat([v[:, 1:], v[:, :1]], axis=1)\n" + SCORES,
    ),
]


def main() -> None:
    before, _, rest = CARD.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    CARD.write_text(f"{before}{BEGIN}{measured()}{END}{after}")


def measured() -> str:
    layers = maxwhisper("check", f"audio_samples/{CLIP}")["layers"]
    rows = [layer for layer in layers if layer["name"].count(".") < 2]
    lines = [
        f"By `python -m scripts.micro_card` on {date.today()}, a CPU, float32, `{CLIP}`:\n",
        "| layer | std | range |",
        "|---|---|---|",
        *(_layer(row["name"], row["reference"]) for row in rows),
        "",
        "| MAX encoder | what is heard |",
        "|---|---|",
        f"| as it is | {heard(ENCODER.read_text())} |",
        *(f"| {each.what} | {heard(broken(each))} |" for each in BREAKS),
        "",
    ]
    return "\n".join(lines)


def _layer(name: str, stats: dict[str, Any]) -> str:
    return f"| `{name}` | {stats['std']:.2f} | {stats['min']:.1f} to {stats['max']:.1f} |"


def broken(each: Break) -> str:
    source = ENCODER.read_text()
    assert each.old in source, each.what
    return source.replace(each.old, each.new)


def heard(source: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "encoder.py"
        graph.write_text(source)
        clip = f"audio_samples/{CLIP}"
        options = ("--backend", "max", "--graph", str(graph), "--device", "cpu")
        return maxwhisper("transcribe", clip, *options)["text"] or "(nothing)"


def maxwhisper(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tui.commands", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
