"""A window of sound to its text, by every peer: encoder, decoder and all that is between.

openai's decoder hears each encoder's features; CTranslate2 has a decoder of its own. All
of them choose the likeliest token, without timestamps, so that they do the same work.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from whisper.decoding import DecodingOptions, DecodingResult, decode
from whisper.model import Whisper

from benchmarks.peer_models.ctranslate2_model import tokenizer_of, whisper_of, words_of
from benchmarks.peer_models.encoders import CTRANSLATE2, Encode
from core.backends.stopwatch import Stopwatch
from core.model.checkpoint import Checkpoint
from debug.protocol.diagnostic import first_line


@dataclass
class Heard:
    """One peer's text, with the seconds of its runs."""

    name: str
    why_not: str | None = None
    text: str = ""
    tokens: int | None = None
    seconds: list[float] = field(default_factory=list)
    encoder: list[float] = field(default_factory=list)
    decoder: list[float] = field(default_factory=list)

    def cells(self) -> list[str]:
        if self.why_not is not None:
            return [self.name, "-", "-", "-", "-", self.why_not]
        parts = [
            f"{statistics.median(part):.2f}" if part else "-"
            for part in (self.seconds, self.encoder, self.decoder)
        ]
        tokens = "-" if self.tokens is None else str(self.tokens)
        return [self.name, *parts, tokens, self.text[:60]]


class _Encoder(nn.Module):
    """A peer in the place of openai's encoder."""

    def __init__(self, encode: Encode) -> None:
        super().__init__()
        self._encode = encode

    def forward(self, mel: Tensor) -> Tensor:
        return self._encode(mel)


@torch.inference_mode()
def transcriptions(
    checkpoint: Checkpoint,
    encoders: Mapping[str, Encode | str],
    mel: Tensor,
    runs: int,
    threads: int,
) -> list[Heard]:
    """Each peer's, in turns."""
    rows: list[Heard] = []
    calls: list[Callable[[], None]] = []
    for name, encode in encoders.items():
        rows.append(row := Heard(name))
        if isinstance(encode, str):
            row.why_not = encode
        else:
            calls.append(_before_openais_decoder(checkpoint.build(), encode, mel, row))
    rows.append(row := Heard(CTRANSLATE2))
    try:
        tokenizer = tokenizer_of(checkpoint.build_decoder())
        hear = words_of(whisper_of(checkpoint, threads), tokenizer)
        row.text = hear(mel)
        calls.append(_timed(hear, mel, row))
    except Exception as error:
        row.why_not = f"{type(error).__name__}: {first_line(error)}"
    for _ in range(runs):
        for call in calls:
            call()
    return rows


def _timed(hear: Callable[[Tensor], str], mel: Tensor, row: Heard) -> Callable[[], None]:
    def call() -> None:
        started = time.perf_counter()
        hear(mel)
        row.seconds.append(time.perf_counter() - started)

    return call


def _before_openais_decoder(
    model: Whisper, encode: Encode, mel: Tensor, row: Heard
) -> Callable[[], None]:
    model.encoder = _Encoder(encode)  # pyright: ignore[reportAttributeAccessIssue]
    watches = Stopwatch(model.encoder), Stopwatch(model.decoder)
    options = DecodingOptions(
        language="en", temperature=0.0, without_timestamps=True, fp16=False
    )

    def call() -> None:
        for watch in watches:
            watch.reset()
        started = time.perf_counter()
        heard = decode(model, mel[0], options)
        row.seconds.append(time.perf_counter() - started)
        row.encoder.append(watches[0].seconds)
        row.decoder.append(watches[1].seconds)
        assert isinstance(heard, DecodingResult)
        row.text, row.tokens = heard.text.strip(), len(heard.tokens)

    return call
