"""``maxwhisper demo``: every backend on the same clip, one after the other."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from core.messages import Transcript, Unavailable
from tui import words
from tui.columns import Column, laid_out
from tui.commands.output import print_json, room, table_console
from tui.commands.shared.each_backend import missing_row, run_each
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import Reporter
from tui.commands.shared.transcribing_options import (
    add_backend_choice,
    add_transcribing_options,
    chosen_backends,
)
from tui.commands.transcribe import Heard, report, transcribe
from tui.settings import COULD_NOT_RUN
from tui.transcript_diff import word_differences

SUMMARY = "all backends on one clip, with times, memory and transcripts"

Outcomes = dict[str, Heard | Unavailable]
"""By backend: what it heard, or why it can't."""


def add_arguments(parser: ArgumentParser) -> None:
    add_transcribing_options(parser)
    add_backend_choice(parser)


def run(arguments: Namespace, log: EventLog) -> int:
    def transcribe_one(name: str, reporter: Reporter) -> Heard:
        return transcribe(arguments, name, reporter, row=name)

    outcomes = run_each(chosen_backends(arguments), log, transcribe_one)
    baseline = first_heard(outcomes)
    if arguments.json:
        rows = [_row(outcome, baseline) for outcome in outcomes.values()]
        print_json({"schema": 1, "backends": rows})
    else:
        print_table(outcomes, baseline)
    return 0 if baseline else COULD_NOT_RUN


def first_heard(outcomes: Outcomes) -> Heard | None:
    """The one that the others are compared with: the CPU, where it was asked for."""
    return next((o for o in outcomes.values() if isinstance(o, Heard)), None)


def _row(outcome: Heard | Unavailable, baseline: Heard | None) -> dict[str, Any]:
    if isinstance(outcome, Unavailable):
        return missing_row(outcome)
    assert baseline is not None
    first, heard = baseline.transcript, outcome.transcript
    return {
        **report(outcome),
        "speed_up": first.seconds.total / heard.seconds.total,
        "word_differences": word_differences(first.text, heard.text),
    }


def print_table(outcomes: Outcomes, baseline: Heard | None) -> None:
    console = table_console()
    if baseline:
        heard = baseline.transcript
        console.print(
            f"{baseline.ready.model}, {heard.audio} ({words.seconds(heard.audio_seconds)})"
        )
    columns = [Column("backend", str), *FIGURES]
    cells = [[name, *_cells(each, baseline)] for name, each in outcomes.items()]
    console.print(laid_out(columns, cells, room()), crop=False)
    console.print()
    for name, outcome in outcomes.items():
        console.print(_paragraph(name, outcome))


@dataclass(frozen=True)
class Row:
    """A backend that ran, and the one that it is compared with."""

    heard: Heard
    baseline: Heard

    @property
    def transcript(self) -> Transcript:
        return self.heard.transcript


def _speed_up(row: Row) -> str:
    first = row.baseline.transcript
    return f"{first.seconds.total / row.transcript.seconds.total:.2f}×"


def _words_off(row: Row) -> str:
    if row.heard is row.baseline:
        return "baseline"
    first, text = row.baseline.transcript.text, row.transcript.text
    return str(word_differences(first, text))


FIGURES: list[Column[Row]] = [
    Column("time", lambda row: words.seconds(row.transcript.seconds.total), right=True),
    Column("speed-up", _speed_up, right=True),
    Column("real time", lambda row: f"{row.transcript.real_time_factor:.3f}", right=True),
    Column(
        "encoder",
        lambda row: words.seconds(row.transcript.seconds.encode),
        right=True,
    ),
    Column("memory", lambda row: words.memory(row.transcript.memory), right=True),
    Column("words off", _words_off, right=True),
]
"""Beside the backend's name."""


def _cells(outcome: Heard | Unavailable, baseline: Heard | None) -> list[str | Text]:
    if isinstance(outcome, Unavailable) or baseline is None:
        return ["-" for _ in FIGURES]
    return [figure.cell(Row(outcome, baseline)) for figure in FIGURES]


def _paragraph(name: str, outcome: Heard | Unavailable) -> Text:
    if isinstance(outcome, Unavailable):
        reason = ("can't run: ", "dim"), outcome.reason
        return Text.assemble((f"{name}  ", "bold"), *reason)
    device = f"{outcome.ready.device}, {outcome.ready.dtype}"
    text = outcome.transcript.text or "(silence)"
    return Text.assemble((f"{name}  ", "bold"), (f"{device}\n", "dim"), f"  {text}")
