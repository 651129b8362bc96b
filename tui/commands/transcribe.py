"""``maxwhisper transcribe``: a file's words from one backend."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import Any

import msgspec

from core.messages import BACKENDS, Answer, Ready, Transcribe, Transcript
from tui.commands.output import print_json
from tui.commands.shared.ask import ask
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import Reporter, reporting
from tui.commands.shared.transcribing_options import (
    add_transcribing_options,
    backend_options,
    decoding_of,
    listening_of,
)

SUMMARY = "the words of an audio file"


@dataclass(frozen=True)
class Heard:
    ready: Ready
    transcript: Transcript


def add_arguments(parser: ArgumentParser) -> None:
    add_transcribing_options(parser)
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="cpu",
        help="PyTorch on the cpu or gpu, or the MAX encoder with PyTorch's decoder",
    )


def run(arguments: Namespace, log: EventLog) -> int:
    with reporting(log) as reporter:
        heard = transcribe(arguments, arguments.backend, reporter)
    if arguments.json:
        print_json({"schema": 1, **report(heard)})
    elif arguments.word_timestamps:
        print_words(heard.transcript)
    else:
        print(heard.transcript.text)
    return 0


def transcribe(
    arguments: Namespace, backend: str, reporter: Reporter, row: str = ""
) -> Heard:
    """Has one backend transcribe, in a process of its own.

    Raises:
        Problem: it can't.
    """
    ready: Ready | None = None
    transcript: Transcript | None = None

    def hear(answer: Answer) -> None:
        nonlocal ready, transcript
        if isinstance(answer, Ready):
            ready = answer
        elif isinstance(answer, Transcript):
            transcript = answer

    options, decoding = backend_options(arguments, backend), decoding_of(arguments)
    request = Transcribe(arguments.audio, options, decoding, listening_of(arguments))
    ask(request, hear, reporter, row)
    assert ready is not None
    assert transcript is not None
    return Heard(ready, transcript)


def print_words(transcript: Transcript) -> None:
    """A line a word, after the seconds at which it begins and ends."""
    for segment in transcript.segments:
        for word in segment["words"]:
            print(f"{word['start']:8.2f} {word['end']:8.2f}  {word['word'].strip()}")


def subject(ready: Ready, transcript: Transcript) -> dict[str, Any]:
    """What ran where, and on what."""
    return {
        "backend": ready.backend,
        "model": ready.model,
        "device": ready.device,
        "dtype": ready.dtype,
        "audio": transcript.audio,
        "audio_seconds": transcript.audio_seconds,
        "warnings": transcript.warnings,
    }


def report(heard: Heard) -> dict[str, Any]:
    """What ``--json`` says of one backend's transcript."""
    ready, transcript = heard.ready, heard.transcript
    return {
        **subject(ready, transcript),
        "language": transcript.language,
        "text": transcript.text,
        "segments": transcript.segments,
        "seconds": {
            "load": ready.load_seconds,
            "compile": ready.compile_seconds if ready.compiled_now else 0.0,
            **msgspec.structs.asdict(transcript.seconds),
        },
        "real_time_factor": transcript.real_time_factor,
        "memory": msgspec.structs.asdict(transcript.memory),
    }
