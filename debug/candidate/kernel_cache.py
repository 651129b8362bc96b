"""What this machine has compiled, noted beside MAX's cache.

MAX chooses the folder. The variable ``MODULAR_CACHE_DIR`` moves it, in the shell, or before
MAX is imported: in ``main`` of ``debug/engine/process.py``, and in that of
``core/worker/process.py`` for the commands that transcribe, warm and examine.

MAX keeps what it has compiled by the whole of what was compiled together: three kernels
that were compiled as one module are loaded in a tenth of a second as those three, and are
compiled again if a fourth is asked for with them. So each group that was compiled has a
note, and what is needed is divided into groups that have one and the rest ::

    needed  a b c d e      notes  [a b c]  [d]  [e f]
    loaded  [a b c]  [d]   compiled  [e]

The kernels that every network is given (`debug.candidate.kernels`) have a note of their
own, the `stamp`.
"""

import contextlib
import hashlib
import os
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path

from max.driver import Device
from max.dtype import DType

from debug.candidate import max_internals
from debug.protocol.diagnostic import Problem, whole


def stamp(dtype: DType, device: Device) -> Path | None:
    """A note beside MAX's cache that the kernels are in it, so that neither outlives the
    other. They are of one architecture, and machines that differ may share the folder."""
    folder = _folder()
    place = f"{device.label}-{device.id}"
    if not device.is_host:
        place += f"-{device.architecture_name}"
    place += f"-{dtype.name}"
    return None if folder is None else folder / f"maxwhisper-kernels-{place}.txt"


def are_compiled(names: list[str], dtype: DType, device: Device) -> bool:
    """Whether this machine has compiled these kernels before."""
    note = stamp(dtype, device)
    return note is not None and _words(note) == names


def note_as_compiled(names: list[str], dtype: DType, device: Device) -> None:
    """Says for later processes that these were compiled."""
    note = stamp(dtype, device)
    if note is not None:
        _write(note, "\n".join(names))


def compiled(needed: Collection[str]) -> list[list[str]]:
    """Groups of the kernels that are needed, each of which was compiled together before."""
    found, left = [], set(needed)
    for group in sorted(noted(), key=len, reverse=True):
        if group and left.issuperset(group):
            found.append(group)
            left.difference_update(group)
    return found


def noted() -> list[list[str]]:
    """All groups that this machine has compiled."""
    folder = _folder()
    found = folder.glob(f"{_prefix()}*.txt") if folder is not None else ()
    return [_read(path) for path in sorted(found)]


def note(group: Collection[str]) -> None:
    """Says for later processes that these were compiled together."""
    folder = _folder()
    if folder is None:
        return
    text = "\n".join(sorted(group))
    name = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    _write(folder / f"{_prefix()}{name}.txt", text)


def why_not_kept() -> str:
    """What to say where MAX can't keep what it compiles; nothing where it can."""
    folder = _folder()
    if folder is None:
        return "MAX keeps nothing: set MODULAR_CACHE_DIR to a folder"
    advice = "set MODULAR_CACHE_DIR to where you can"
    return "" if is_writable(folder) else f"MAX can't write into {folder}: {advice}"


def is_writable(folder: Path) -> bool:
    """Whether files can be made in it; or it itself, where it is not there."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def damaged(error: Exception) -> Problem:
    """What to say where MAX fails at what it had compiled before: it names no cause."""
    message = "MAX can't load the kernels that it has compiled before: its cache is damaged"
    advice = f"delete {_folder()}, and they are compiled again"
    return Problem("cache", f"{message}; {advice}", detail=whole(error))


def _write(path: Path, text: str) -> None:
    """Beside it first: others may read it, or write it, too."""
    partial = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):  # only the next announcement would be wrong
        partial.write_text(text)
        partial.replace(path)
    with contextlib.suppress(OSError):
        partial.unlink(missing_ok=True)


def _folder() -> Path | None:
    return max_internals.cache_folder()


def _prefix() -> str:
    return f"maxwhisper-group-{version('max')}-"


def _read(path: Path) -> list[str]:
    return sorted(_words(path))


def _words(path: Path) -> list[str]:
    """What a note says. One that is damaged says nothing that anybody asks for."""
    try:
        return path.read_text(errors="replace").split()
    except OSError:
        return []
