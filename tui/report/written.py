"""A report as a file: which kind it is, and what may be in its place already."""

from collections.abc import Callable
from pathlib import Path

from debug.protocol.diagnostic import Problem
from tui.report.contents import Contents
from tui.report.render import GENERATOR, as_html, as_markdown
from tui.saving import save_text

KINDS: dict[str, Callable[[Contents], str]] = {".html": as_html, ".md": as_markdown}
MARKS = f'<meta name="generator" content="{GENERATOR}">', f"<!-- {GENERATOR} -->\n"
"""What a report says of itself, in HTML and in Markdown."""
BEGINNING = 2000
"""Characters of a report within which it does."""


def refuse_file(path: Path, force: bool = False) -> None:
    """Makes sure that a report could be written there, without writing one.

    Raises:
        Problem: the ending is none of a report's, something else is there, or nothing can
            be written.
    """
    if path.suffix not in KINDS:
        message = f"{path} says not what to write: give a name that ends in"
        raise Problem("save", f"{message} {' or '.join(KINDS)}")
    if path.is_file() and not force and not is_report(path):
        message = f"{path} is there already and is no report"
        raise Problem("save", f"{message}; give another name, or --force to replace it")
    save_text(path, "", keep=False)


def is_report(path: Path) -> bool:
    """
    Raises:
        Problem: nobody can tell.
    """
    try:
        with path.open(errors="replace") as file:
            beginning = file.read(BEGINNING)
    except OSError as error:
        raise Problem("save", f"can't read {path} ({error.strerror})") from error
    return any(mark in beginning for mark in MARKS)


def write_report(path: Path, contents: Contents) -> None:
    """Writes the kind that the file's name ends in.

    Raises:
        Problem: it can't be written; then what was there is there still.
    """
    save_text(path, KINDS[path.suffix](contents))
