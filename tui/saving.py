"""Files that appear whole or not at all."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from debug.diagnostic import Problem


def save_json(path: Path, value: Any) -> None:
    """Writes a JSON file; with None for a value, only tries whether it could.

    Raises:
        Problem: it can't be written.
    """
    text = "" if value is None else json.dumps(value, indent=1, allow_nan=False) + "\n"
    save_text(path, text, keep=value is not None)


def save_text(path: Path, text: str, keep: bool = True) -> None:
    """Writes beside the file first, so that Ctrl-C leaves the old one or the new one.

    Raises:
        Problem: it can't be written.
    """
    if path.is_dir():
        raise Problem("save", f"{path} is a folder; give the name of a file in it")
    try:
        descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        message = f"can't write {path} ({error.strerror})"
        raise Problem("save", f"{message}; give a file in a folder that exists") from error
    try:
        with open(descriptor, "w") as file:
            file.write(text)
        if keep:
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(partial, 0o666 & ~umask)  # as any other new file
            os.replace(partial, path)
    except OSError as error:
        raise Problem("save", f"can't write {path} ({error.strerror})") from error
    finally:
        Path(partial).unlink(missing_ok=True)
