"""How fast the encoder is beside other ways to run the same weights, and how right.

Usage: python benchmarks/peers.py [MODEL ...] [--runs 11] [--threads 2] [--save FILE]

PyTorch eager with attention written out and with SDPA, torch.compile, ONNX Runtime,
CTranslate2 and MAX, in one process, in turns: what the machine does besides hits all of
them alike. R is of the last layer: the error beside PyTorch's float64, over that of PyTorch
eager. After the encoders come whole transcriptions of the bundled clip: each encoder before
openai's decoder, at temperature 0, and CTranslate2 with its own decoder.

The peers are an optional extra: pip install -e ".[peers]". One that is not there, or can't
run, has a row that says so.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.peer_models.encoders import CTRANSLATE2, EAGER, SDPA, Encode, encoders
from benchmarks.peer_models.transcriptions import Heard, transcriptions
from core.machine import processor
from core.model.audio import BUNDLED_CLIP, WHOLE, load_audio, log_mel, window
from core.model.checkpoint import Checkpoint, load_checkpoint
from core.whisper import open_subject
from debug.measure.divergence import compare
from debug.measure.truth import Truth
from debug.reference.archived import reference_of
from debug.subject import Options, model_of

MODELS = ["micro", "random:tiny", "random:base", "random:small"]
WHOLE_RUNS = 3


@dataclass
class Row:
    """One peer, with the seconds of its runs."""

    name: str
    why_not: str | None = None
    ratio: float | None = None
    seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    """What all of its threads have worked in them."""

    def run(self, call: Callable[[], object]) -> None:
        started, worked = time.perf_counter(), time.process_time()
        call()
        self.seconds.append(time.perf_counter() - started)
        self.busy.append(time.process_time() - worked)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def cells(self, eager: float) -> list[str]:
        if self.why_not is not None:
            return [self.name, *"-----", self.why_not]
        spread = f"{min(self.seconds):.3f} to {max(self.seconds):.3f}"
        ratio = "-" if self.ratio is None else f"{self.ratio:.1f}"
        times, busy = f"{eager / self.median:.2f}", f"{statistics.median(self.busy):.3f}"
        return [self.name, f"{self.median:.3f}", spread, busy, times, ratio, ""]


def truth_of(model: str) -> Truth:
    """What PyTorch's encoder gives of the bundled clip in float64, and its floor."""
    subject = open_subject(Options({"model": model}))
    return reference_of(subject, "float32")[model_of(subject.layers).name]


@torch.inference_mode()
def encoder_rows(
    model: str, ready: dict[str, Encode | str], mel: Tensor, runs: int
) -> list[Row]:
    truth = truth_of(model)
    rows = {name: Row(name) for name in ready}
    for name, encode in ready.items():
        if isinstance(encode, str):
            rows[name].why_not = encode
        else:
            rows[name].ratio = compare(encode(mel), truth, "float32")[1].ratio
    for _ in range(runs):
        for name, encode in ready.items():
            if not isinstance(encode, str):
                rows[name].run(lambda encode=encode: encode(mel))
    return list(rows.values())


def table(rows: list[Row]) -> Iterator[str]:
    eager = next(row for row in rows if row.name == EAGER).median
    yield "| peer | seconds | of all runs | processor | times as fast as eager | R | |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        yield f"| {' | '.join(row.cells(eager))} |"


def heard_table(rows: list[Heard]) -> Iterator[str]:
    yield "| peer | seconds | of these in the encoder | in the decoder | tokens | text |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in rows:
        yield f"| {' | '.join(row.cells())} |"


def mel_of(checkpoint: Checkpoint) -> Tensor:
    """The bundled clip in a window of 30 s, (1, n_mels, 3000)."""
    samples = window(load_audio(BUNDLED_CLIP).samples, 0.0, WHOLE)
    return log_mel(samples, checkpoint.dims.n_mels)


def report(models: list[str], runs: int, threads: int) -> Iterator[str]:
    yield f"# Peers, {date.today().isoformat()}, {processor()}, {os.cpu_count()} cores"
    yield ""
    options = f"--runs {runs} --threads {threads}"
    yield f"`python benchmarks/peers.py {' '.join(models)} {options}`"
    for model in models:
        checkpoint = load_checkpoint(model)
        mel = mel_of(checkpoint)
        ready = dict(encoders(checkpoint, threads))
        yield from ("", f"## {model}: the encoder, {runs} runs", "")
        yield from table(encoder_rows(model, ready, mel, runs))
        if model == models[0]:
            yield from ("", f"## {model}: a whole transcription, {WHOLE_RUNS} runs", "")
            spoken = {n: e for n, e in ready.items() if n not in (SDPA, CTRANSLATE2)}
            heard = transcriptions(checkpoint, spoken, mel, WHOLE_RUNS, threads)
            yield from heard_table(heard)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="*", default=MODELS)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--save", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    lines = []
    for line in report(arguments.model, arguments.runs, arguments.threads):
        print(line, flush=True)
        lines.append(line)
    if arguments.save:
        arguments.save.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
