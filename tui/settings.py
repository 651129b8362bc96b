"""What a person asked for on the command line, and the options that both programs share."""

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import Any, NoReturn

import msgspec

from debug.protocol.diagnostic import Diagnostic, Problem
from debug.protocol.values import Mode
from tui.streams import tell

SUBJECT = "core.whisper:open_subject"
"""What is debugged, as the engine imports it: the one place that names Whisper."""

PORT = "debug.port.subject:open_port"
"""What is debugged where a port's file is given."""

COULD_NOT_RUN = 2
"""The exit status of a command that could not do its work at all."""


class OneLineParser(ArgumentParser):
    """Says what is wrong with the arguments in one line, as everything else does."""

    def error(self, message: str) -> NoReturn:
        raise Problem("arguments", f"{message}; see {self.prog} --help")


def complain(program: str, diagnostic: Diagnostic, as_json: bool = False) -> int:
    """One line for a person and, if asked for, an object for a program."""
    message = str(diagnostic)
    tell(f"{program}: {message}")
    if as_json:
        print(json.dumps({"error": {"kind": diagnostic.kind, "message": message}}))
    return COULD_NOT_RUN


class Settings(msgspec.Struct, frozen=True):
    options: dict[str, Any]
    """Passed to the subject unchanged."""
    mode: Mode = Mode.INTERPRET
    factory: str = SUBJECT
    paused: bool = False
    """Whether the dashboard waits for a key before it runs anything."""


def given_name(text: str) -> str:
    """What a person calls a file or a model: something."""
    if not text:
        raise ArgumentTypeError("its name is empty: is a variable of the shell not set?")
    return text


def add_subject_options(parser: ArgumentParser) -> None:
    """The options that say what is debugged, and how it runs."""
    add_model_options(parser)
    parser.add_argument("--start", type=float, default=0.0, help="seconds into the audio")
    parser.add_argument(
        "--seconds", type=float, help="a shorter window than 30 s, from 1: faster"
    )
    add_engine_options(parser)


def add_dashboard_options(parser: ArgumentParser) -> None:
    """The same, and how the dashboard begins."""
    add_subject_options(parser)
    parser.add_argument(
        "--paused", action="store_true", help="run nothing until a key steps or continues"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="forget where this port was left last time"
    )


def add_port_options(parser: ArgumentParser) -> None:
    """The same, for commands that work on a port's file only."""
    parser.add_argument("audio", type=given_name, metavar="PORT.py", help="a port's file")
    add_device_option(parser)
    add_engine_options(parser)


def add_engine_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--dtype", default="float32", help="float32, float64, float16, bfloat16"
    )
    parser.add_argument(
        "--engine",
        choices=[mode.value for mode in Mode],
        default=Mode.INTERPRET.value,
        help="run operation by operation, or compile the whole graph first (minutes)",
    )


def add_model_options(parser: ArgumentParser) -> None:
    """The options that say which Whisper hears what; shared by all that run one."""
    parser.add_argument(
        "audio",
        type=given_name,
        nargs="?",
        help="an audio file, - for stdin, or a port's .py file (default: a bundled clip)",
    )
    parser.add_argument(
        "--model",
        type=given_name,
        default="micro",
        help="micro, an official name, random:NAME, a checkpoint file, or a Hugging Face "
        "folder or hub name (default: micro)",
    )
    parser.add_argument(
        "--graph",
        type=given_name,
        help="the MAX encoder's source (default: core/encoder.py)",
    )
    parser.add_argument(
        "--track",
        type=_track,
        help="which audio track of several, from 1 (default: the first with sound)",
    )
    parser.add_argument(
        "--max-seconds",
        type=_seconds,
        help="leave out what comes after these (default: six hours)",
    )
    add_device_option(parser)


def _track(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 999:
        raise ArgumentTypeError(f"{text[:20]!r} is no number of a track; count from 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1e6:
        raise ArgumentTypeError(f"{text[:20]!r} is no number of seconds above 0")
    return value


def add_device_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--device", default="auto", help="where MAX runs: auto, cpu, gpu or gpu:1"
    )


def settings_of(arguments: Namespace) -> Settings:
    names = ("audio", "model", "graph", "device", "dtype", "start", "seconds")
    names += ("track", "max_seconds")
    given = {name: getattr(arguments, name, None) for name in names}
    options = {name: value for name, value in given.items() if value is not None}
    mode, paused = Mode(arguments.engine), getattr(arguments, "paused", False)
    if str(options.get("audio", "")).endswith(".py"):
        return Settings(_options_of_a_port(options), mode, PORT, paused)
    return Settings(options, mode, paused=paused)


def _options_of_a_port(options: dict[str, Any]) -> dict[str, Any]:
    """What is asked of a port's file instead of Whisper.

    Raises:
        Problem: an option of Whisper's was given, which a port's file has no use for.
    """
    defaults = {"model": "micro", "graph": None, "start": 0.0, "seconds": None}
    defaults |= {"track": None, "max_seconds": None}
    for name, default in defaults.items():
        if options.get(name, default) != default:
            option, port = f"--{name.replace('_', '-')}", options["audio"]
            message = f"{option} is Whisper's: {port} says itself what it runs"
            raise Problem("arguments", f"{message}; leave it out")
    kept = {name: options[name] for name in ("device", "dtype") if name in options}
    return {"port": options["audio"], **kept}
