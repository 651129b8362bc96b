"""The command ``maxwhisper-tui``."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from debug.results.run import Run
    from tui.settings import Settings

INTERRUPTED = 130
"""128 and the signal's number, as a shell counts."""
NAME = "maxwhisper-tui"


def main() -> int:
    """Opens the dashboard; its exit status. Ctrl-C may come while the rest is imported."""
    from tui import early_interrupts

    early_interrupts.end_at_once()
    try:
        from tui.ending import run_program

        return run_program(NAME, _run)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        early_interrupts.raise_again()


def _run() -> int:
    from debug.protocol.diagnostic import Problem
    from tui.settings import OneLineParser, add_dashboard_options, settings_of
    from tui.stdin import PIPE
    from tui.versions import add_version_option

    parser = OneLineParser(
        prog=NAME,
        description="Step Whisper's encoder on MAX beside PyTorch, layer by layer.",
    )
    add_dashboard_options(parser)
    add_version_option(parser)
    arguments = parser.parse_args()
    settings = settings_of(arguments)
    if settings.options.get("audio") == PIPE:
        message = "the dashboard needs stdin for its keys; save the audio to a file"
        raise Problem("arguments", message)
    if not _has_terminal():
        message = "the dashboard needs a terminal: leave stdin and stderr to it, or use"
        raise Problem("terminal", f"{message} maxwhisper check")
    status, _ = open_dashboard(settings, arguments.fresh)
    return status


def open_dashboard(settings: "Settings", fresh: bool = False) -> "tuple[int, Run]":
    """Runs it as this person has it; its exit status and all that it found, of which the
    answer stays in the shell.

    Args:
        settings: what is debugged.
        fresh: whether to begin without what was remembered of the last time.
    """
    from tui import early_interrupts
    from tui.answer import answer
    from tui.dashboard.app import Dashboard  # late: --help need not wait for it
    from tui.dashboard.habits.bookmark import path_of
    from tui.dashboard.habits.config import config_path, read_config
    from tui.dashboard.habits.habits import Habits
    from tui.streams import tell

    early_interrupts.raise_again()
    habits = Habits(read_config(config_path()), path_of(settings), fresh)
    app = Dashboard(settings, habits)
    try:
        status = app.run() or 0
    finally:
        app.left()
    for line in answer(app.state.results):
        print(line)
    if app.not_remembered:
        tell(f"{NAME}: {app.not_remembered}")
    return status, app.state.results


def _has_terminal() -> bool:
    """Whether Textual finds keys and a screen; in a browser, it has a driver for both."""
    if os.environ.get("TEXTUAL_DRIVER"):
        return True
    streams = (sys.__stdin__, sys.__stderr__)  # Textual draws to stderr
    return all(stream is not None and stream.isatty() for stream in streams)
