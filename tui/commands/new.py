"""``maxwhisper new``: a first draft of a port's file."""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from debug.protocol.diagnostic import Problem
from tui.commands.output import print_json
from tui.commands.shared.event_log import EventLog
from tui.saving import save_text

SUMMARY = "write a first draft of a port's file, with what can be found out filled in"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="PORT.py", help="the file; it must not exist")
    parser.add_argument(
        "--reference", required=True, metavar="MODULE:CLASS", help="PyTorch's module"
    )
    parser.add_argument(
        "--candidate", required=True, metavar="MODULE:CLASS", help="MAX's module"
    )


def run(arguments: Namespace, log: EventLog) -> int:
    path = Path(arguments.file)
    if path.suffix != ".py":
        raise Problem("arguments", f"{path} must end in .py: it is a Python file")
    if path.exists():
        raise Problem("arguments", f"{path} is there already; give another name")
    save_text(path, drafted(path, arguments.reference, arguments.candidate))
    log.write("drafted", file=str(path))
    if arguments.json:
        print_json({"schema": 1, "file": str(path)})
    else:
        print(f"{path} is written: fill in what is ..., then maxwhisper-tui {path}")
    return 0


def drafted(path: Path, reference: str, candidate: str) -> str:
    """The text of the file, from a process that may import torch and MAX.

    Raises:
        Problem: one of the two classes can't be imported.
    """
    command = [sys.executable, "-m", "debug.port.draft", path.name, reference, candidate]
    # MAX, once imported, changes what a child would inherit: it is said what it gets.
    given = dict(os.environ)
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=given)
    lines = ended.stdout.splitlines()
    if ended.returncode or not lines:
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Problem("arguments", f"can't look at {reference} and {candidate}: {last}")
    answer = json.loads(lines[-1])
    if "problem" in answer:
        raise Problem("arguments", answer["problem"])
    return answer["text"]
