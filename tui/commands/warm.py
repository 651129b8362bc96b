"""``maxwhisper warm``: compiles once what the interpreter needs on this machine."""

from argparse import ArgumentParser, Namespace

from tui.commands.output import print_json
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.headless import run_all
from tui.settings import add_subject_options, settings_of

SUMMARY = "compile the debugger's kernels, once on a machine"


def add_arguments(parser: ArgumentParser) -> None:
    add_subject_options(parser)


def run(arguments: Namespace, log: EventLog) -> int:
    opened = run_all(settings_of(arguments), log).opened
    assert opened is not None
    if arguments.json:
        print_json({"schema": 1, "device": opened.device, "dtype": opened.dtype})
    else:
        print(f"warm: {opened.mode.value} on {opened.device} in {opened.dtype}")
    return 0
