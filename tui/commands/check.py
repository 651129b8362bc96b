"""``maxwhisper check``: the whole comparison, as a table or what else is asked for.

This file is the command. `check_table` prints the table for a person, `check_json` makes
the object for a program, and `tui.report` what is given away.
"""

import sys
from argparse import ArgumentParser, Namespace
from datetime import datetime
from pathlib import Path

from debug.protocol.diagnostic import Problem
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui import words
from tui.commands.check_json import report
from tui.commands.check_table import print_answer, print_table
from tui.commands.output import print_json
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.headless import run_as_far_as_it_goes
from tui.report.contents import contents_of
from tui.report.junit import as_junit, error_as_junit, refuse_junit
from tui.report.render import as_markdown
from tui.saving import save_text
from tui.settings import Settings, add_subject_options, complain, settings_of

SUMMARY = "compare every layer; exit status 1 if one is wrong"
CLOSE = (Verdict.OK, Verdict.WATCH)


def add_arguments(parser: ArgumentParser) -> None:
    add_subject_options(parser)
    parser.add_argument(
        "--only-wrong", action="store_true", help="a table of the rows that are not ok"
    )
    parser.add_argument(
        "--markdown",
        action="store_true",
        help="what an issue needs: the answer, the wrong layers, the versions",
    )
    parser.add_argument(
        "--junit", metavar="FILE", help="write test results, too: a case a layer, as XML"
    )
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="no table and no progress: the verdict and the root causes",
    )


def run(arguments: Namespace, log: EventLog) -> int:
    _refuse_contradictions(arguments)
    settings = settings_of(arguments)
    compared = _compared(arguments, settings, log)
    if arguments.json:
        print_json(report(compared))
    elif arguments.markdown:
        contents = contents_of(compared, settings.options, datetime.now())
        print(as_markdown(contents, whole=False), end="")
    elif arguments.quiet:
        print_answer(compared)
    else:
        print_table(compared, arguments.only_wrong, answer_first=sys.stdout.isatty())
    if (error := words.could_not_run(compared)) is not None:
        log.write("problem", kind=error.kind, message=str(error))
        return complain("maxwhisper", error)
    return exit_status(compared)


def _compared(arguments: Namespace, settings: Settings, log: EventLog) -> Run:
    """The run, and its file of test results where one is wanted: a file of an earlier run
    must not stand for one that could not even begin.

    Raises:
        Problem: it could not begin, or its results can't be written.
    """
    if arguments.junit is None:
        return run_as_far_as_it_goes(settings, log, arguments.quiet)
    path = Path(arguments.junit)
    refuse_junit(path)  # before the comparison, not after it
    try:
        compared = run_as_far_as_it_goes(settings, log, arguments.quiet)
    except Problem as problem:
        save_text(path, error_as_junit(problem.diagnostic))
        raise
    save_text(path, as_junit(compared))
    return compared


def _refuse_contradictions(arguments: Namespace) -> None:
    """
    Raises:
        Problem: a table is asked for, and something else in its place.
    """
    for other in ("json", "quiet", "markdown"):
        if arguments.only_wrong and getattr(arguments, other):
            message = f"--only-wrong is about the table, and --{other} prints none"
            raise Problem("arguments", f"{message}; leave one of them out")
    if arguments.json and arguments.markdown:
        message = "--json and --markdown both say what is printed"
        raise Problem("arguments", f"{message}; leave one of them out")


def exit_status(run: Run) -> int:
    """0 if all is ok, or close enough to be watched only; 1 if something is wrong, or if a
    port's alignment is in doubt."""
    return 0 if run.verdict() in CLOSE and not run.doubts else 1
