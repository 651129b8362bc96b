"""Whole files through openai-whisper's own ``transcribe``."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import torch
import whisper
from whisper.audio import FRAMES_PER_SECOND, SAMPLE_RATE
from whisper.model import Whisper
from whisper.tokenizer import LANGUAGES, TO_LANGUAGE_CODE

from core.backends.backend import Backend
from core.backends.stopwatch import Stopwatch, now
from core.machine import DeviceMemory
from core.messages import Decoding, Seconds, Transcript
from core.model.sound import Sound
from debug.protocol.diagnostic import Problem

TASKS = ("transcribe", "translate")
SEED = 0
"""Above temperature 0 tokens are drawn: every backend draws alike."""

Report = Callable[[float, float], None]
"""Is told how many seconds of audio are done, and of how many."""


class Transcriber:
    """A backend with a stop-watch on its encoder and its decoder."""

    def __init__(self, backend: Backend, decoding: Decoding, memory: DeviceMemory) -> None:
        """
        Raises:
            Problem: the model can't do what ``decoding`` asks for.
        """
        self._backend = backend
        self._options = transcribe_options(backend.model, decoding)
        self._memory = memory
        self._encoder = Stopwatch(backend.model.encoder)
        self._decoder = Stopwatch(backend.model.decoder)

    def transcribe(self, sound: Sound, report: Report) -> Transcript:
        """Runs once; ``report`` is told of every window."""
        torch.manual_seed(SEED)
        self._encoder.reset()
        self._decoder.reset()
        started = now()
        with reporting(report):
            heard = self._hear(sound.samples)
        total = now() - started
        text, segments = heard["text"], heard["segments"]
        assert isinstance(text, str)
        assert isinstance(segments, list)
        return Transcript(
            backend=self._backend.ready.backend,
            audio=sound.name,
            audio_seconds=len(sound.samples) / SAMPLE_RATE,
            language=str(heard["language"]),
            text=text.strip(),
            segments=msgspec.to_builtins(segments, enc_hook=plain),
            seconds=Seconds(self._encoder.seconds, self._decoder.seconds, total),
            memory=self._memory.measure(),
            warnings=sound.notes,
        )

    def _hear(self, samples: np.ndarray) -> dict[str, Any]:
        model, half = self._backend.model, self._backend.half
        try:
            return whisper.transcribe(model, samples, fp16=half, **self._options)
        except ValueError as error:  # PyTorch can't draw a token from NaN
            if "invalid values" not in str(error):
                raise
            message = "the decoder gets NaN or Inf: maxwhisper check says from which layer"
            raise Problem("run", message, detail=str(error)) from error


def plain(value: np.generic) -> Any:
    """openai's word times and probabilities are numbers of numpy."""
    return value.item()


def transcribe_options(model: Whisper, decoding: Decoding) -> dict[str, Any]:
    """The arguments for openai's ``transcribe``.

    Raises:
        Problem: the model does not know the language or the task.
    """
    if decoding.task not in TASKS:
        message = f"unknown task {decoding.task!r}; choose {' or '.join(TASKS)}"
        raise Problem("task", message)
    language = None if decoding.language is None else _language(decoding.language)
    if not model.is_multilingual and (
        language not in (None, "en") or decoding.task != "transcribe"
    ):
        message = "this model knows English only, and does not translate"
        raise Problem("language", f"{message}; leave --language and --task out")
    options: dict[str, Any] = {
        "language": language,
        "task": decoding.task,
        "word_timestamps": decoding.word_timestamps,
    }
    if decoding.temperature is not None:
        options["temperature"] = decoding.temperature
    return options


def _language(given: str) -> str:
    code = TO_LANGUAGE_CODE.get(given.lower(), given.lower())
    if code not in LANGUAGES:
        message = f"unknown language {given!r}; give a code or name, such as en or german"
        raise Problem("language", message)
    return code


@contextmanager
def reporting(report: Report) -> Iterator[None]:
    """Hears of openai's progress, which goes to a bar of tqdm and to nobody else."""
    module = importlib.import_module("whisper.transcribe")
    before = vars(module)["tqdm"]

    class Bar:
        def __init__(self, total: int, **_: Any) -> None:
            self._total, self._done = total, 0
            self.update(0)

        def update(self, frames: int) -> None:
            self._done += frames
            report(self._done / FRAMES_PER_SECOND, self._total / FRAMES_PER_SECOND)

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None: ...

    vars(module)["tqdm"] = SimpleNamespace(tqdm=Bar)
    try:
        yield
    finally:
        vars(module)["tqdm"] = before
