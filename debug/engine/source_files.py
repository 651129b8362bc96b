"""The candidate's source files, as the last load has found them on the disk."""

import time
from collections.abc import Callable
from pathlib import Path

from debug.candidate.source import (
    Source,
    changed_since,
    content_hashes,
    load_source,
    own_files,
)
from debug.protocol.messages import Message, SourceRead
from debug.subject import Subject, libraries_of

RETURN_SECONDS = 0.2
"""For which a file that is gone may be about to return: some editors delete it first."""


class SourceFiles:
    """Reads them for a load, and knows whether they have changed since."""

    def __init__(self, subject: Subject, emit: Callable[[Message], None]) -> None:
        self._subject, self._emit = subject, emit
        self.attempted: dict[Path, str | None] = {}
        """Those of the last load, good or bad, with their hashes."""
        self._told: dict[str, bytes] = {}
        """The contents of the port's own, as the screen knows them."""

    def read(self) -> Source:
        """Executes them afresh.

        Raises:
            Problem: they can't be read, compiled or executed.
        """
        graph, libraries = self._subject.graph, libraries_of(self._subject)
        self.attempted = content_hashes(graph, libraries)
        files = own_files(graph)
        if files != self._told:
            self._told = files
            self._emit(SourceRead(files))
        return load_source(graph, libraries)

    def changed(self) -> str | None:
        """One that is not what it was at the last load, or None."""
        changed = changed_since(self.attempted, self._subject.graph)
        if changed is not None and not changed.is_file():
            time.sleep(RETURN_SECONDS)
            changed = changed_since(self.attempted, self._subject.graph)
        return None if changed is None else str(changed)
