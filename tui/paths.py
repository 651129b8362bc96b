"""Paths as a person would write them, or as they may be told to somebody else."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from platformdirs.unix import Unix

from debug.protocol.diagnostic import Problem

UNIX = Unix("maxwhisper")
ABSOLUTE = re.compile(r"(?<![\w.:/~])~?/(?:[^\s/'\"`:;,()]+/)+")
"""The folders before a name, where a text has the whole path. No address on the web."""

INSTALLED = "/site-packages/"


def config_folder() -> Path:
    """``$XDG_CONFIG_HOME/maxwhisper``.

    Raises:
        Problem: there is no home.
    """
    return _in_home(lambda: UNIX.user_config_path)


def state_folder() -> Path:
    """``$XDG_STATE_HOME/maxwhisper``, where what a person has done is remembered.

    Raises:
        Problem: there is no home.
    """
    return _in_home(lambda: UNIX.user_state_path)


def _in_home(folder: Callable[[], Path]) -> Path:
    try:
        return folder()
    except RuntimeError as error:  # of a user that the system does not know
        message = "there is no home folder: set HOME to one that you can write"
        raise Problem("home", message) from error


def relative(path: str) -> str:
    """A path as a person in this folder would write it."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):  # it lies elsewhere, or the folder we are in is gone
        return path


def told(path: str) -> str:
    """The same for somebody else: what lies elsewhere on this machine is a name only, what
    is installed the name that all know."""
    short, (_, is_installed, name) = relative(path), path.rpartition(INSTALLED)
    if is_installed:
        return name
    return Path(short).name if Path(short).is_absolute() else short


def without_folders(text: str, known: Iterable[str] = ()) -> str:
    """A text without the folders of this machine: what is left of a path is its name.

    Args:
        text: such as a message.
        known: files whose folders may be in it, for a folder may have spaces in its name.
    """
    folders = {Path(path).parent for path in known if Path(path).is_absolute()}
    with suppress(OSError, RuntimeError):  # where there is no such folder
        folders |= {Path.home(), Path.cwd()}
    for folder in sorted(folders, key=lambda each: len(str(each)), reverse=True):
        if folder != Path(folder.anchor):
            text = text.replace(f"{folder}/", "")
    return ABSOLUTE.sub("", text)
