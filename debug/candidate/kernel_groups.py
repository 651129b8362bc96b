"""Which kernels this machine has compiled together, noted beside MAX's cache.

MAX keeps what it has compiled by the whole of what was compiled together: three kernels
that were compiled as one module are loaded in a tenth of a second as those three, and are
compiled again if a fourth is asked for with them. So each group that was compiled has a
note, and what is needed is divided into groups that have one and the rest ::

    needed  a b c d e      notes  [a b c]  [d]  [e f]
    loaded  [a b c]  [d]   compiled  [e]
"""

import contextlib
import hashlib
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path

from debug.candidate import max_internals


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
    with contextlib.suppress(OSError):  # only the next announcement would be wrong
        (folder / f"{_prefix()}{name}.txt").write_text(text)


def _folder() -> Path | None:
    return max_internals.cache_folder()


def _prefix() -> str:
    return f"maxwhisper-group-{version('max')}-"


def _read(path: Path) -> list[str]:
    try:
        return sorted(path.read_text().split())
    except OSError:
        return []
