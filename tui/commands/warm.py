"""``maxwhisper warm``: compiles once what the interpreter needs on this machine."""

from argparse import ArgumentParser, Namespace

from tui import words
from tui.commands.output import print_json
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.headless import run_all
from tui.settings import add_subject_options, settings_of

SUMMARY = "compile the debugger's kernels, once on a machine"


def add_arguments(parser: ArgumentParser) -> None:
    add_subject_options(parser)


def run(arguments: Namespace, log: EventLog) -> int:
    compared = run_all(settings_of(arguments), log)
    opened = compared.opened
    assert opened is not None
    if arguments.json:
        precision = {"dtype": opened.dtype, "emulated": compared.emulated}
        print_json({"schema": 1, "device": opened.device, **precision})
    else:
        print(
            f"warm: {opened.mode.value} on {opened.device} in {words.precision(compared)}"
        )
    return 0
