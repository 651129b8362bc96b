"""Files and folders that appear whole or not at all."""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from debug.protocol.diagnostic import Problem

ODD = "backslashreplace"
"""What becomes of half a character, as in the name of a file that is not in UTF-8."""


ADVICE = {
    errno.ENOENT: "give a file in a folder that exists",
    errno.ENOSPC: "make room, or write elsewhere",
    errno.EDQUOT: "make room, or write elsewhere",
}


def not_written(what: Path | str, error: OSError) -> Problem:
    """Why something can't be written, and what helps."""
    advice = ADVICE.get(error.errno or 0, "write to a folder where you may")
    return Problem("save", f"can't write {what} ({error.strerror}); {advice}")


def save_json(path: Path, value: Any) -> None:
    """Writes a JSON file; with None for a value, only makes sure that it could.

    Raises:
        Problem: it can't be written.
    """
    text = "" if value is None else json.dumps(value, indent=1, allow_nan=False) + "\n"
    save_text(path, text, keep=value is not None)


def save_text(path: Path, text: str, keep: bool = True) -> None:
    """Writes a text as `save_bytes` does, in UTF-8.

    Raises:
        Problem: it can't be written.
    """
    save_bytes(path, text.encode("utf-8", ODD), keep)


def save_bytes(path: Path, contents: bytes, keep: bool = True) -> None:
    """Writes beside the file first, so that Ctrl-C leaves the old one or the new one. A
    link stays one: the file that it leads to is replaced.

    Raises:
        Problem: it can't be written.
    """
    if path.is_dir():
        raise Problem("save", f"{path} is a folder; give the name of a file in it")
    if path.exists() and not path.is_file():
        _write_to_device(path, contents)
        return
    whole = path.resolve()
    try:
        descriptor, partial = tempfile.mkstemp(dir=whole.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise not_written(path, error) from error
    try:
        with open(descriptor, "wb") as file:
            file.write(contents)
        if keep:
            os.chmod(partial, 0o666 & ~_umask())  # as any other new file
            os.replace(partial, whole)
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        Path(partial).unlink(missing_ok=True)


def _write_to_device(path: Path, contents: bytes) -> None:
    """Into a pipe or a device, such as /dev/stdout: a file in its place would end it."""
    try:
        with path.open("wb") as file:
            file.write(contents)
    except OSError as error:
        raise not_written(path, error) from error


def refuse_folder(path: Path) -> None:
    """Makes sure that a folder could be made, without making one.

    Raises:
        Problem: something of that name is there, or there is no folder to make it in.
    """
    if os.path.lexists(path):
        message = f"{path} is there already; delete it, or give another name"
        raise Problem("save", message)
    if not path.parent.is_dir():
        message = f"can't make {path}: there is no folder {path.parent}"
        raise Problem("save", f"{message}; give a name in a folder that exists")


def free_name(path: Path) -> Path:
    """The path, or the first of ``name-2.html``, ``name-3.html`` that nothing has. What is
    behind the last dot of a layer's name is no ending."""
    ending = path.suffix if path.suffix in (".html", ".md", ".py") else ""
    start, number, found = path.name.removesuffix(ending), 2, path
    while os.path.lexists(found):
        found = path.with_name(f"{start}-{number}{ending}")
        number += 1
    return found


class NewFolder:
    """A folder that is filled beside its place, and has its name once it is kept."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            Problem: something of that name is there, or no folder can be made.
        """
        refuse_folder(path)
        self.path = path
        try:
            self.partial = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        except OSError as error:
            message = f"can't make {path} ({error.strerror})"
            raise Problem("save", f"{message}; give a name where you can write") from error

    def keep(self) -> None:
        """
        Raises:
            Problem: something of its name is there by now.
        """
        try:
            os.chmod(self.partial, 0o777 & ~_umask())  # as any other new folder
            refuse_folder(self.path)
            os.rename(self.partial, self.path)
        except OSError as error:
            raise not_written(self.path, error) from error

    def drop(self) -> None:
        """Leaves nothing, unless it was kept."""
        shutil.rmtree(self.partial, ignore_errors=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Gives a folder beside it to fill, which takes its name once the block is through.

    Raises:
        Problem: something of that name is there, or no folder can be made.
    """
    folder = NewFolder(path)
    try:
        yield folder.partial
        folder.keep()
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        folder.drop()


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
