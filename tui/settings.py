"""What a person asked for on the command line, and the options that both programs share."""

from argparse import ArgumentParser, Namespace
from typing import Any

import msgspec

SUBJECT = "core.whisper:open_subject"


class Settings(msgspec.Struct, frozen=True):
    options: dict[str, Any]
    """Given to the subject as they are."""
    engine: str = "interpret"
    factory: str = SUBJECT


def add_subject_options(parser: ArgumentParser) -> None:
    """The options that say what is debugged, and how it runs."""
    parser.add_argument("audio", nargs="?", help="an audio file (default: a bundled clip)")
    parser.add_argument(
        "--model",
        default="micro",
        help="micro, an official name, random:NAME, or a checkpoint file (default: micro)",
    )
    parser.add_argument("--graph", help="the encoder's source (default: core/encoder.py)")
    parser.add_argument("--device", default="auto", help="auto, cpu or gpu")
    parser.add_argument(
        "--dtype", default="float32", help="float32, float64, float16, bfloat16"
    )
    parser.add_argument("--start", type=float, default=0.0, help="seconds into the audio")
    parser.add_argument(
        "--engine",
        choices=("interpret", "compile"),
        default="interpret",
        help="run operation by operation, or compile the whole graph first (minutes)",
    )


def settings_of(arguments: Namespace) -> Settings:
    names = ("audio", "model", "graph", "device", "dtype", "start")
    given = {name: getattr(arguments, name) for name in names}
    options = {name: value for name, value in given.items() if value is not None}
    return Settings(options, arguments.engine)
