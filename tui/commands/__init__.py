"""The command ``maxwhisper``: the dashboard's work without a screen, and transcribing."""

INTERRUPTED = 130
BROKEN_PIPE = 141
"""128 and the signal's number, as a shell counts."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; its exit status. Ctrl-C may come while the rest is imported."""
    try:
        from tui.commands.parser import run

        return run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # such as | head
        import os
        import sys

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
