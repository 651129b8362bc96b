"""``maxwhisper demo``: every backend on the same clip, one after the other."""

from argparse import ArgumentParser, Namespace
from typing import Any

from rich.table import Table
from rich.text import Text

from core.messages import INPUT_KINDS
from debug.diagnostic import Problem
from debug.protocol import Progress
from tui import words
from tui.commands.output import print_json, table_console
from tui.commands.transcribe import Heard, report, transcribe
from tui.differences import word_differences
from tui.log import EventLog
from tui.progress import reporting
from tui.settings import COULD_NOT_RUN
from tui.transcribing import (
    add_backend_choice,
    add_transcribing_options,
    chosen_backends,
)

SUMMARY = "all backends on one clip, with times, memory and transcripts"

Outcome = Heard | str
"""What a backend heard, or why it can't."""


def add_arguments(parser: ArgumentParser) -> None:
    add_transcribing_options(parser)
    add_backend_choice(parser)


def run(arguments: Namespace, log: EventLog) -> int:
    outcomes = transcribe_all(arguments, log)
    if arguments.json:
        print_json({"schema": 1, "backends": [_row(n, o, outcomes) for n, o in outcomes]})
    else:
        print_table(outcomes)
    return 0 if first_heard(outcomes) else COULD_NOT_RUN


def transcribe_all(arguments: Namespace, log: EventLog) -> list[tuple[str, Outcome]]:
    """By backend. One that can't run here says why.

    Raises:
        Problem: none of them could.
    """
    names = chosen_backends(arguments)
    outcomes: list[tuple[str, Outcome]] = []
    with reporting(log, names) as reporter:
        for name in names:
            try:
                outcome = transcribe(arguments, name, reporter, row=name)
            except Problem as problem:
                if problem.diagnostic.kind in INPUT_KINDS:
                    raise
                outcome = str(problem.diagnostic)
                log.write("unavailable", backend=name, reason=outcome)
            what = "done" if isinstance(outcome, Heard) else "unavailable"
            reporter.progress(Progress(what, 1, 1), name)
            outcomes.append((name, outcome))
    return outcomes


def first_heard(outcomes: list[tuple[str, Outcome]]) -> Heard | None:
    """The one that the others are compared with: the CPU, where it was asked for."""
    return next((o for _, o in outcomes if isinstance(o, Heard)), None)


def _row(
    name: str, outcome: Outcome, outcomes: list[tuple[str, Outcome]]
) -> dict[str, Any]:
    baseline = first_heard(outcomes)
    if isinstance(outcome, str) or baseline is None:
        return {"backend": name, "unavailable": outcome}
    return {
        **report(outcome),
        "speed_up": baseline.transcript.seconds.total / outcome.transcript.seconds.total,
        "word_differences": word_differences(
            baseline.transcript.text, outcome.transcript.text
        ),
    }


def print_table(outcomes: list[tuple[str, Outcome]]) -> None:
    console, baseline = table_console(), first_heard(outcomes)
    if baseline:
        heard = baseline.transcript
        console.print(
            f"{baseline.ready.model}, {heard.audio} ({words.seconds(heard.audio_seconds)})"
        )
    table = Table(box=None, pad_edge=False)
    titles = ("backend", "time", "speed-up", "real time", "encoder", "memory", "words off")
    for title in titles:
        table.add_column(title, justify="left" if title == "backend" else "right")
    for name, outcome in outcomes:
        cells = _cells(outcome, baseline) if isinstance(outcome, Heard) and baseline else []
        table.add_row(name, *cells or ["-"] * (len(titles) - 1))
    console.print(table)
    console.print()
    for name, outcome in outcomes:
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


def _paragraph(name: str, outcome: Outcome) -> Text:
    if isinstance(outcome, str):
        return Text.assemble((f"{name}  ", "bold"), ("can't run: ", "dim"), outcome)
    device = f"{outcome.ready.device}, {outcome.ready.dtype}"
    text = outcome.transcript.text or "(silence)"
    return Text.assemble((f"{name}  ", "bold"), (f"{device}\n", "dim"), f"  {text}")
