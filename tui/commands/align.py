"""``maxwhisper align``: which layer of PyTorch is which module of a port, and why.

A port's names are its own, so layers are found by their weights. This prints what was
found, and what is left over, so that a person can argue with it in the port's file.
"""

from argparse import ArgumentParser, Namespace

import msgspec
from rich.text import Text

from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Aligned
from debug.results.run import Run
from tui import words
from tui.alignment_tables import PAIRS, UNPAIRED
from tui.columns import table_of
from tui.commands.output import print_json, room, table_console
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.headless import load, run_as_far_as_it_goes
from tui.settings import PORT, add_port_options, settings_of

SUMMARY = "show which layer of PyTorch is which module of a port; exit status 1 if in doubt"


def add_arguments(parser: ArgumentParser) -> None:
    add_port_options(parser)


def run(arguments: Namespace, log: EventLog) -> int:
    settings = settings_of(arguments)
    if settings.factory != PORT:
        message = f"{arguments.audio} is no port's file: give one that ends in .py"
        raise Problem("arguments", message)
    compared = load(settings, log)
    if any(each.feeds_result for each in compared.doubtful):
        # The port may compute it in some other way: its numbers say so.
        compared = run_as_far_as_it_goes(settings, log)
    aligned = compared.aligned
    assert aligned is not None
    if arguments.json:
        told = {"doubts": compared.doubts, "notes": words.computed_within(compared)}
        print_json({"schema": 1, **msgspec.to_builtins(aligned), **told})
    else:
        print_alignment(compared, aligned)
    return 1 if compared.doubts else 0


def print_alignment(run: Run, aligned: Aligned) -> None:
    console = table_console()
    console.print(table_of(PAIRS, aligned.pairs, room()), crop=False)
    if aligned.no_errors:
        console.print(table_of(UNPAIRED, aligned.no_errors, room()), crop=False)
    for note in words.computed_within(run):
        console.print(note, markup=False, soft_wrap=True)
    for doubt in run.doubts:
        console.print(Text(f"✗ {doubt}", "bold red"), soft_wrap=True)
    console.print(words.aligned(aligned), markup=False, soft_wrap=True)
