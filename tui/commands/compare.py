"""``maxwhisper compare``: the backends' transcripts side by side, and their features."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from core.messages import Answer, Compare, Features, Ready, Transcript, Unavailable
from debug.protocol.diagnostic import Problem
from tui import words
from tui.columns import Column, table_of
from tui.commands.output import print_json, room, table_console
from tui.commands.shared.ask import ask
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import reporting
from tui.commands.shared.transcribing_options import (
    add_backend_choice,
    add_transcribing_options,
    backend_options,
    chosen_backends,
    decoding_of,
    listening_of,
)
from tui.commands.transcribe import Heard, report
from tui.transcript_diff import (
    Word,
    aligned,
    word_differences,
    words_by_segment,
)

SUMMARY = "the backends' transcripts side by side; exit status 1 if they differ"


@dataclass
class Comparison:
    ready: list[Ready] = field(default_factory=list)
    transcripts: list[Transcript] = field(default_factory=list)
    features: list[Features] = field(default_factory=list)
    unavailable: list[Unavailable] = field(default_factory=list)

    def hear(self, answer: Answer) -> None:
        match answer:
            case Ready():
                self.ready.append(answer)
            case Transcript():
                self.transcripts.append(answer)
            case Features():
                self.features.append(answer)
            case Unavailable():
                self.unavailable.append(answer)

    @property
    def differences(self) -> list[int]:
        """Of words, from the first backend."""
        first = self.transcripts[0].text
        return [word_differences(first, other.text) for other in self.transcripts]


def add_arguments(parser: ArgumentParser) -> None:
    add_transcribing_options(parser)
    add_backend_choice(parser)


def run(arguments: Namespace, log: EventLog) -> int:
    comparison = compare(arguments, log)
    if arguments.json:
        print_json(json_report(comparison))
    else:
        print_comparison(comparison)
    return 1 if any(comparison.differences) else 0


def compare(arguments: Namespace, log: EventLog) -> Comparison:
    """
    Raises:
        Problem: fewer than two backends can run here.
    """
    comparison = Comparison()
    options = [backend_options(arguments, name) for name in chosen_backends(arguments)]
    with reporting(log) as reporter:
        request = Compare(
            arguments.audio, options, decoding_of(arguments), listening_of(arguments)
        )
        ask(request, comparison.hear, reporter)
    if len(comparison.transcripts) < 2:
        reasons = "; ".join(f"{u.backend}: {u.reason}" for u in comparison.unavailable)
        message = "it takes two backends to compare"
        raise Problem("backend", f"{message}; {reasons or 'leave --backend out'}")
    return comparison


def json_report(comparison: Comparison) -> dict[str, Any]:
    pairs = zip(comparison.ready, comparison.transcripts, strict=True)
    rows = [report(Heard(ready, transcript)) for ready, transcript in pairs]
    for row, features, differences in zip(
        rows, comparison.features, comparison.differences, strict=True
    ):
        numbers = msgspec.structs.asdict(features)
        row["features"] = {k: v for k, v in numbers.items() if k != "backend"}
        row["word_differences"] = differences
    missing = [msgspec.structs.asdict(u) for u in comparison.unavailable]
    same = not any(comparison.differences)
    return {"schema": 1, "same": same, "backends": rows, "unavailable": missing}


def print_comparison(comparison: Comparison) -> None:
    console = table_console()
    first = comparison.transcripts[0]
    console.print(
        f"{comparison.ready[0].model}, {first.audio} ({words.seconds(first.audio_seconds)})"
    )
    console.print(_side_by_side(comparison.transcripts))
    console.print()
    console.print(table_of(FEATURES, comparison.features, room()), crop=False)
    console.print()
    for missing in comparison.unavailable:
        console.print(f"{missing.backend} can't run: {missing.reason}")
    console.print(_conclusion(comparison), style="bold")


def _side_by_side(transcripts: list[Transcript]) -> Table:
    """A row for each segment of the first transcript, beside it what the others have."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("from", justify="right", no_wrap=True)
    for transcript in transcripts:
        table.add_column(transcript.backend, ratio=1)
    first, *others = transcripts
    lines = words_by_segment([segment["text"] for segment in first.segments])
    starts = [words.clock(segment["start"]) for segment in first.segments] or ["-"]
    flat = [word for line in lines for word in line]
    places = [aligned(flat, other.text.split()) for other in others]
    position = 0
    for number, line in enumerate(lines):
        end = position + len(line) if number < len(lines) - 1 else None
        cells = [_marked([w for p in place[position:end] for w in p]) for place in places]
        table.add_row(starts[number], " ".join(line) or "(silence)", *cells)
        position += len(line)
    return table


def _marked(heard: list[Word]) -> Text:
    """Differing words in brackets: never by colour alone."""
    texts = [
        Text(f"[{word.text or '-'}]", "bold red") if word.differs else Text(word.text)
        for word in heard
    ]
    return Text(" ").join(texts) if texts else Text("(silence)")


FEATURES: list[Column[Features]] = [
    Column("features", lambda row: row.backend),
    Column("mean", lambda row: words.number(row.mean), right=True, dispensable=1),
    Column("std", lambda row: words.number(row.std), right=True, dispensable=1),
    Column("min", lambda row: words.number(row.min), right=True, dispensable=2),
    Column("max", lambda row: words.number(row.max), right=True, dispensable=2),
    Column("relative L2", lambda row: words.number(row.rel_l2, 3), right=True),
    Column("1 - cos", lambda row: words.number(row.cosine_distance, 3), right=True),
]


def _conclusion(comparison: Comparison) -> str:
    names = [transcript.backend for transcript in comparison.transcripts]
    if not any(comparison.differences):
        return f"{' and '.join(names)} say the same."
    pairs = zip(names[1:], comparison.differences[1:], strict=True)
    counts = [f"{name} differs in {count} words" for name, count in pairs if count]
    return f"{', '.join(counts)} from {names[0]}."
