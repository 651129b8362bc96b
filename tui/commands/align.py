"""``maxwhisper align``: which layer of PyTorch is which module of a port, and why.

A port's names are its own, so layers are found by their weights. This prints what was
found, and what is left over, so that a person can argue with it in the port's file.
"""

from argparse import ArgumentParser, Namespace

import msgspec
from rich.text import Text

from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Aligned
from tui import words
from tui.alignment_tables import PAIRS, UNPAIRED
from tui.columns import table_of
from tui.commands.output import print_json, room, table_console
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.headless import load
from tui.settings import PORT, add_port_options, settings_of

SUMMARY = "show which layer of PyTorch is which module of a port; exit status 1 if in doubt"


def add_arguments(parser: ArgumentParser) -> None:
    add_port_options(parser)


def run(arguments: Namespace, log: EventLog) -> int:
    settings = settings_of(arguments)
    if settings.factory != PORT:
        message = f"{arguments.audio} is no port's file: give one that ends in .py"
        raise Problem("arguments", message)
    aligned = load(settings, log).aligned
    assert aligned is not None
    if arguments.json:
        print_json({"schema": 1, **msgspec.to_builtins(aligned), "doubts": aligned.doubts})
    else:
        print_alignment(aligned)
    return 1 if aligned.doubts else 0


def print_alignment(aligned: Aligned) -> None:
    console = table_console()
    console.print(table_of(PAIRS, aligned.pairs, room()), crop=False)
    if aligned.no_errors:
        console.print(table_of(UNPAIRED, aligned.no_errors, room()), crop=False)
    for doubt in aligned.doubts:
        console.print(Text(f"✗ {doubt}", "bold red"), soft_wrap=True)
    console.print(words.aligned(aligned), markup=False, soft_wrap=True)
