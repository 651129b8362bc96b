"""The command ``maxwhisper``: the dashboard's work without a screen, and transcribing.

Each of its commands is a file here and an entry of `COMMANDS` in ``parser.py``, which says
what such a file has.
"""

INTERRUPTED = 130
"""128 and the signal's number, as a shell counts."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; its exit status. Ctrl-C may come while the rest is imported."""
    from tui import early_interrupts

    early_interrupts.end_at_once()
    try:
        from tui.ending import run_program

        def run() -> int:
            from tui.commands.parser import run as run_command

            early_interrupts.raise_again()
            return run_command(arguments)

        return run_program("maxwhisper", run)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        early_interrupts.raise_again()
