"""Edits source files as an editor or a person would."""

from pathlib import Path


def replace(path: Path, old: str, new: str) -> None:
    """Replaces text that must be there, and saves."""
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new))


def save_by_renaming(path: Path, text: str) -> None:
    """As most editors save: a new file takes the place of the old one."""
    beside = path.with_suffix(".tmp")
    beside.write_text(text)
    beside.replace(path)
