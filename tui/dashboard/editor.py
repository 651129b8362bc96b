"""The person's own editor, opened at a line."""

import shlex
import subprocess

from debug.protocol.values import Place

NO_EDITOR = (
    "EDITOR is not set: quit (q), then `export EDITOR=vim` or another and start again; "
    "or open {place.path}:{place.line} in any editor, a save is noticed"
)


def open_in(editor: str, place: Place) -> str:
    """Waits for the editor. Returns what went wrong, empty if nothing did."""
    try:
        command = [*shlex.split(editor), f"+{place.line}", place.path]
        status = subprocess.run(command, check=False).returncode
    except (OSError, ValueError) as error:
        return f"can't run EDITOR={editor}: {error}; set it to a program that is there"
    return f"EDITOR={editor} ended with status {status}" if status else ""
