"""``maxwhisper report``: the whole comparison as a page to keep, print or pass on."""

from argparse import ArgumentParser, Namespace
from datetime import datetime
from pathlib import Path

from tui import words
from tui.commands import check
from tui.commands.check_table import print_answer
from tui.commands.output import print_json
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.headless import run_as_far_as_it_goes
from tui.report.contents import contents_of
from tui.report.written import refuse_file, write_report
from tui.settings import add_subject_options, complain, settings_of

SUMMARY = "write the comparison as a page (.html) or as Markdown (.md)"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="what to write; its name ends in .html or .md"
    )
    add_subject_options(parser)
    parser.add_argument(
        "--force", action="store_true", help="replace a file that is no report"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="no progress, as in maxwhisper check"
    )


def run(arguments: Namespace, log: EventLog) -> int:
    path = Path(arguments.file)
    refuse_file(path, arguments.force)  # before the comparison, not after it
    settings = settings_of(arguments)
    compared = run_as_far_as_it_goes(settings, log, arguments.quiet)
    write_report(path, contents_of(compared, settings.options, datetime.now()))
    log.write("report", file=str(path))
    if arguments.json:
        print_json({"schema": 1, "file": str(path), "verdict": compared.verdict().value})
    else:
        print_answer(compared)
        print(f"{path} is written.")
    if (error := words.could_not_run(compared)) is not None:
        log.write("problem", kind=error.kind, message=str(error))
        return complain("maxwhisper", error)
    return check.exit_status(compared)
