"""The command ``maxwhisper``: the dashboard's work without a screen."""

import argparse
import json
import sys
from collections.abc import Callable

from debug.diagnostic import Problem
from tui import check, doctor
from tui.headless import run_all
from tui.settings import (
    COULD_NOT_RUN,
    OneLineParser,
    add_subject_options,
    complain,
    settings_of,
)

OK, INTERRUPTED = 0, 130


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    try:
        parsed = _parser().parse_args(given)
        return parsed.command(parsed)
    except Problem as problem:
        return complain("maxwhisper", problem.diagnostic, "--json" in given)
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="maxwhisper",
        description="Whisper's encoder on MAX, compared with PyTorch layer by layer.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_subject_options(
        _command(commands, "check", _check, "compare every layer; exit status 1 if wrong")
    )
    _command(
        commands, "doctor", _doctor, "what is installed, and what to do about the rest"
    )
    add_subject_options(
        _command(commands, "warm", _warm, "compile once what the debugger needs here")
    )
    return parser


def _command(
    commands: argparse._SubParsersAction,
    name: str,
    function: Callable[[argparse.Namespace], int],
    summary: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=function)
    return parser


def print_json(value: object) -> None:
    print(json.dumps(value, indent=1, allow_nan=False))


def _check(arguments: argparse.Namespace) -> int:
    run = run_all(settings_of(arguments))
    if arguments.json:
        print_json(check.report(run))
    else:
        check.print_table(run)
    return check.exit_status(run)


def _doctor(arguments: argparse.Namespace) -> int:
    findings = doctor.examine()
    if arguments.json:
        print_json({"schema": 1, "findings": findings})
    else:
        doctor.print_findings(findings)
    return OK if all(finding["ok"] for finding in findings) else COULD_NOT_RUN


def _warm(arguments: argparse.Namespace) -> int:
    run = run_all(settings_of(arguments))
    opened = run.opened
    assert opened is not None
    if arguments.json:
        print_json({"schema": 1, "device": opened.device, "dtype": opened.dtype})
    else:
        print(f"warm: {opened.engine} on {opened.device} in {opened.dtype}")
    return OK


if __name__ == "__main__":
    sys.exit(main())
