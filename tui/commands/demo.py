"""``maxwhisper demo``: every backend on the same clip, one after the other."""

from argparse import ArgumentParser, Namespace
from typing import Any

from rich.table import Table
from rich.text import Text

from core.messages import Unavailable
from tui import words
from tui.commands.output import print_json, table_console
from tui.commands.shared.each_backend import missing_row, run_each
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import Reporter
from tui.commands.shared.transcribing_options import (
    add_backend_choice,
    add_transcribing_options,
    chosen_backends,
)
from tui.commands.shared.transcript_diff import word_differences
from tui.commands.transcribe import Heard, report, transcribe
from tui.settings import COULD_NOT_RUN

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
    table = Table(box=None, pad_edge=False)
    titles = ("backend", "time", "speed-up", "real time", "encoder", "memory", "words off")
    for title in titles:
        table.add_column(title, justify="left" if title == "backend" else "right")
    for name, outcome in outcomes.items():
        cells = _cells(outcome, baseline) if isinstance(outcome, Heard) and baseline else []
        table.add_row(name, *cells or ["-"] * (len(titles) - 1))
    console.print(table)
    console.print()
    for name, outcome in outcomes.items():
        console.print(_paragraph(name, outcome))


def _cells(heard: Heard, baseline: Heard) -> list[str]:
    seconds = heard.transcript.seconds
    differences = word_differences(baseline.transcript.text, heard.transcript.text)
    return [
        words.seconds(seconds.total),
        f"{baseline.transcript.seconds.total / seconds.total:.2f}×",
        f"{heard.transcript.real_time_factor:.3f}",
        words.seconds(seconds.encode),
        words.memory(heard.transcript.memory),
        "baseline" if heard is baseline else str(differences),
    ]


def _paragraph(name: str, outcome: Heard | Unavailable) -> Text:
    if isinstance(outcome, Unavailable):
        reason = ("can't run: ", "dim"), outcome.reason
        return Text.assemble((f"{name}  ", "bold"), *reason)
    device = f"{outcome.ready.device}, {outcome.ready.dtype}"
    text = outcome.transcript.text or "(silence)"
    return Text.assemble((f"{name}  ", "bold"), (f"{device}\n", "dim"), f"  {text}")
