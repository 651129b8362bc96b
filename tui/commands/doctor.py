"""``maxwhisper doctor``: what is installed, and what to do about what is missing."""

from argparse import ArgumentParser, Namespace

import msgspec
from rich.console import Console
from rich.table import Table

from core.messages import Answer, Examination, Examine
from debug.protocol.diagnostic import Problem
from tui.commands.output import print_json
from tui.commands.shared.ask import ask
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.gone import Gone
from tui.commands.shared.progress import reporting
from tui.settings import COULD_NOT_RUN

SUMMARY = "check the installation, and say how to fix what is missing"


def add_arguments(parser: ArgumentParser) -> None:
    pass


def run(arguments: Namespace, log: EventLog) -> int:
    findings = examine(log)
    if arguments.json:
        items = [msgspec.structs.asdict(finding) for finding in findings]
        print_json({"schema": 1, "findings": items})
    else:
        print_findings(findings)
    return 0 if all(finding.ok for finding in findings) else COULD_NOT_RUN


def examine(log: EventLog) -> list[Examination]:
    """Asks a child process. What it found stands, even if something in it crashes."""
    findings: list[Examination] = []

    def hear(answer: Answer) -> None:
        if isinstance(answer, Examination):
            findings.append(answer)

    with reporting(log) as reporter:
        try:
            ask(Examine(), hear, reporter)
        except Gone as gone:
            what = f"{gone.cause}, while it was {reporter.latest}"
            remedy = "try again; if it ends there once more: make install"
            findings.append(Examination("installation", False, what, remedy))
        except Problem as problem:
            message = problem.diagnostic.message
            remedy = "install the project again: make install"
            findings.append(Examination("installation", False, message, remedy))
    return findings


def print_findings(findings: list[Examination]) -> None:
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        glyph = "✓" if finding.ok else "✗"
        table.add_row(glyph, finding.name, finding.detail)
        if finding.remedy:
            table.add_row("", "", f"→ {finding.remedy}")
    Console(highlight=False, markup=False).print(table)
