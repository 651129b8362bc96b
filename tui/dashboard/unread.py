"""Saves that the engine has not read yet, as the screen itself sees them.

The engine watches the files, too, but reads a save only between two layers, and on a busy
machine, or within native code, that takes seconds. A person who has saved wants to know at
once that it was noticed. So the screen looks at the few files that the last save was made
of: what is not to the byte what the engine has read of them is still to be read.
"""

import os
import stat
from pathlib import Path

from tui.dashboard.saves import History

LARGEST = 1 << 22
"""Bytes of a file that is looked into."""

State = tuple[int, int, int]


class Unread:
    """Looks at the files of the last save."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[State, bytes]] = {}
        """By path, how it was when it was read last, and what was in it."""

    def look(self, history: History) -> str:
        """The name of a file that is not as the engine has read it; nothing if all are. To
        be called often: a file that stays as it is, is not opened."""
        files = history.saves[-1].files if history.saves else {}
        for path, read in files.items():
            if self._contents(path, read) != read:
                return Path(path).name
        return ""

    def _contents(self, path: str, otherwise: bytes) -> bytes:
        """What is in a file, if it is one that can be read at once."""
        try:
            found = os.stat(path)
            state = found.st_ino, found.st_mtime_ns, found.st_size
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
                return otherwise
            if path not in self._seen or self._seen[path][0] != state:
                self._seen[path] = state, Path(path).read_bytes()
        except OSError:  # it is gone, which the engine says
            return otherwise
        return self._seen[path][1]
