"""Runs Python programs as a shell would."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent


def run_python(
    *arguments: str, stdin: IO[bytes] | int | None = None
) -> subprocess.CompletedProcess[str]:
    """A clean process in the project's folder, with this process's own environment.

    MAX changes the environment in native code, unseen by Python, so that a child would
    not find its packages: it is handed over explicitly.
    """
    return subprocess.run(
        [sys.executable, *arguments],
        stdin=stdin,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=dict(os.environ),
    )


def maxwhisper(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command as a person starts it; most tests need no more than `in_process` has."""
    done = run_python("-m", "tui.commands", *arguments)
    assert "Traceback" not in done.stderr
    return done
