"""The arguments of every command, and what all commands share.

A command is a module with ``SUMMARY``, one line for the help, ``add_arguments(parser)`` and
``run(arguments, log)``, which returns the exit status. It is a command once `COMMANDS` has
it.
"""

import argparse
import sys
from contextlib import nullcontext
from types import ModuleType

from debug.protocol.diagnostic import Problem
from tui.commands import (
    INTERRUPTED,
    align,
    bench,
    check,
    compare,
    completion,
    demo,
    doctor,
    dump,
    new,
    practice,
    report,
    repro,
    transcribe,
    warm,
)
from tui.commands.shared.event_log import EventLog
from tui.settings import COULD_NOT_RUN, OneLineParser, complain, given_name
from tui.stdin import piped_audio
from tui.versions import add_version_option

COMMANDS: dict[str, ModuleType] = {
    "check": check,
    "align": align,
    "new": new,
    "transcribe": transcribe,
    "compare": compare,
    "demo": demo,
    "bench": bench,
    "practice": practice,
    "report": report,
    "dump": dump,
    "repro": repro,
    "doctor": doctor,
    "warm": warm,
    "completion": completion,
}


def run(arguments: list[str] | None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    try:
        parsed = build_parser().parse_args(given)
        with EventLog.to(parsed.log, parsed.name) as log:
            return _logged(parsed, log)
    except Problem as problem:
        return complain("maxwhisper", problem.diagnostic, "--json" in given)


def _logged(parsed: argparse.Namespace, log: EventLog) -> int:
    """Runs the command between its first and its last event."""
    status = COULD_NOT_RUN
    log.write("start", arguments=log.arguments(parsed))
    try:
        takes_audio = hasattr(parsed, "audio")
        longest = getattr(parsed, "max_seconds", None)
        piped = piped_audio(parsed.audio, longest) if takes_audio else nullcontext()
        with piped as audio:
            parsed.audio = audio
            status = COMMANDS[parsed.name].run(parsed, log)
        return status
    except Problem as problem:
        log.write("problem", kind=problem.diagnostic.kind, message=str(problem))
        raise
    except KeyboardInterrupt:
        status = INTERRUPTED
        raise
    finally:
        log.write("end", status=status)


def build_parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="maxwhisper",
        description="Whisper in PyTorch and with its encoder on MAX: compared layer by "
        "layer, and put to work.",
    )
    add_version_option(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="name")
    for name, module in COMMANDS.items():
        summary = module.SUMMARY
        command = commands.add_parser(name, help=summary, description=summary)
        module.add_arguments(command)
        command.add_argument("--json", action="store_true", help="print one JSON object")
        command.add_argument(
            "--log",
            type=given_name,
            metavar="FILE",
            help="append what happens, one JSON object a line",
        )
    # That command describes all of them: it can't import what imports it.
    commands.choices["completion"].set_defaults(build_parser=build_parser)
    return parser
