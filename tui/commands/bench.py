"""``maxwhisper bench``: every backend timed over several runs, after a warm-up."""

import shlex
import statistics
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from core.messages import Answer, Bench, Machine, Ready, Timed, Transcript
from tui.commands import history
from tui.commands.output import print_json, table_console
from tui.commands.shared.ask import ask
from tui.commands.shared.each_backend import missing_row, run_each
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import Reporter
from tui.commands.shared.transcribing_options import (
    add_backend_choice,
    add_transcribing_options,
    backend_options,
    chosen_backends,
    decoding_of,
    listening_of,
)
from tui.commands.transcribe import subject
from tui.saving import save_json
from tui.settings import COULD_NOT_RUN

SUMMARY = "time all backends; save the figures, or list the saved ones"


@dataclass(frozen=True)
class Measured:
    """One backend's figures, and the machine that they are from."""

    row: dict[str, Any]
    machine: Machine


def add_arguments(parser: ArgumentParser) -> None:
    add_transcribing_options(parser)
    add_backend_choice(parser)
    parser.add_argument(
        "--runs", type=positive, default=5, help="after one that warms up (default: 5)"
    )
    parser.add_argument(
        "--save", metavar="FILE", type=Path, help="keep the figures as JSON"
    )
    parser.add_argument(
        "--history",
        metavar="FOLDER",
        type=Path,
        nargs="?",
        const=Path("benchmarks/results"),
        help="list the saved files of a folder, and write its RESULTS.md "
        "(default: benchmarks/results)",
    )


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text!r} is not a number of runs, 1 or more")
    return int(text)


def run(arguments: Namespace, log: EventLog) -> int:
    if arguments.history is not None:
        return history.run(arguments.history, arguments.json)
    if arguments.save is not None:
        save_json(arguments.save, None)  # before the minutes of measuring, not after
    measured = measure(arguments, log)
    if arguments.save is not None:
        save_json(arguments.save, measured)
    if arguments.json:
        print_json(measured)
    else:
        history.print_figures(table_console(), [measured])
    ran = any("unavailable" not in row for row in measured["backends"])
    return 0 if ran else COULD_NOT_RUN


def measure(arguments: Namespace, log: EventLog) -> dict[str, Any]:
    """One object with everything that a figure needs to be believed.

    Raises:
        Problem: the clip or the model can't be had.
    """

    def measure_one(name: str, reporter: Reporter) -> Measured:
        return _measure_one(arguments, name, reporter)

    outcomes = run_each(chosen_backends(arguments), log, measure_one).values()
    machine = next((each.machine for each in outcomes if isinstance(each, Measured)), None)
    rows = [
        each.row if isinstance(each, Measured) else missing_row(each) for each in outcomes
    ]
    return {
        "schema": 1,
        "kind": history.KIND,
        "date": date.today().isoformat(),
        "command": shlex.join(["maxwhisper", *sys.argv[1:]]),
        "machine": msgspec.structs.asdict(machine) if machine else None,
        "backends": rows,
    }


def _measure_one(arguments: Namespace, name: str, reporter: Reporter) -> Measured:
    heard: dict[type, Any] = {}

    def hear(answer: Answer) -> None:
        heard[type(answer)] = answer

    options, decoding = backend_options(arguments, name), decoding_of(arguments)
    part = listening_of(arguments)
    request = Bench(arguments.audio, options, decoding, arguments.runs, part)
    ask(request, hear, reporter, name)
    row = _row(heard[Ready], heard[Transcript], heard[Timed])
    return Measured(row, heard[Machine])


def _row(ready: Ready, transcript: Transcript, timed: Timed) -> dict[str, Any]:
    parts = {
        part: summary([getattr(run, part) for run in timed.runs])
        for part in ("encode", "decode", "total")
    }
    return {
        **subject(ready, transcript),
        "runs": len(timed.runs),
        "seconds": {"load": ready.load_seconds, "compile": ready.compile_seconds, **parts},
        "real_time_factor": parts["total"]["median"] / transcript.audio_seconds,
        "memory": msgspec.structs.asdict(transcript.memory),
        "text": transcript.text,
    }


def summary(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}
