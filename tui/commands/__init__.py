"""The command ``maxwhisper``: the dashboard's work without a screen, and transcribing."""

INTERRUPTED = 130
BROKEN_PIPE = 141
"""128 and the signal's number, as a shell counts."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; its exit status. Ctrl-C may come while the rest is imported."""
    import sys

    try:
        try:
            from tui.commands.parser import run

            return run(arguments)
        finally:
            sys.stdout.flush()  # else nobody hears that the last of it found no room
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # such as | head
        _write_no_more()
        return BROKEN_PIPE
    except OSError as error:
        if not _found_no_room(error):
            raise
        from tui.settings import COULD_NOT_RUN

        _write_no_more()
        reason = f"can't write to stdout ({error.strerror}); make room, or write elsewhere"
        print(f"maxwhisper: {reason}", file=sys.stderr)
        return COULD_NOT_RUN


def _found_no_room(error: OSError) -> bool:
    """Whether stdout is full: what a named file lacks is told where it is written."""
    import errno

    return error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _write_no_more() -> None:
    """Python would try once more to write what is left, and complain."""
    import os
    import sys

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
