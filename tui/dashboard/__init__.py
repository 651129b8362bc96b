"""The command ``maxwhisper-tui``."""

import os
import sys

INTERRUPTED = 130
"""128 and the signal's number, as a shell counts."""
NAME = "maxwhisper-tui"


def main() -> int:
    """Opens the dashboard; its exit status. Ctrl-C may come while the rest is imported."""
    try:
        from tui.ending import run_program

        return run_program(NAME, _run)
    except KeyboardInterrupt:
        return INTERRUPTED


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
    settings = settings_of(parser.parse_args())
    if settings.options.get("audio") == PIPE:
        message = "the dashboard needs stdin for its keys; save the audio to a file"
        raise Problem("arguments", message)
    if not _has_terminal():
        message = "the dashboard needs a terminal: leave stdin and stderr to it, or use"
        raise Problem("terminal", f"{message} maxwhisper check")
    from tui.answer import answer
    from tui.dashboard.app import Dashboard  # late: --help need not wait for it

    app = Dashboard(settings)
    status = app.run() or 0
    for line in answer(app.state.results):
        print(line)
    return status


def _has_terminal() -> bool:
    """Whether Textual finds keys and a screen; in a browser, it has a driver for both."""
    if os.environ.get("TEXTUAL_DRIVER"):
        return True
    streams = (sys.__stdin__, sys.__stderr__)  # Textual draws to stderr
    return all(stream is not None and stream.isatty() for stream in streams)
