"""Watches folders for saved files.

Folders, not files: most editors save by renaming a new file over the old one, and a watch
on the old one would never hear of it.
"""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from watchfiles import PythonFilter, watch

STEP_MS = 20
"""How long after the last change a burst of them is over."""
DEBOUNCE_MS = 300
"""How long a burst may last."""


class FolderWatch:
    """Calls back, from a thread of its own, with the path of every changed source file."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._folders: set[Path] = set()
        self._stop = threading.Event()

    @property
    def active(self) -> bool:
        return bool(self._folders)

    def folders(self, folders: Iterable[Path]) -> None:
        """Watches these folders from now on, and no others."""
        wanted = {folder.resolve() for folder in folders if folder.is_dir()}
        if wanted == self._folders:
            return
        self._stop.set()
        self._stop, self._folders = threading.Event(), wanted
        arguments = sorted(wanted), self._stop
        threading.Thread(target=self._run, args=arguments, daemon=True).start()

    def _run(self, folders: list[Path], stop: threading.Event) -> None:
        bursts = watch(
            *folders,
            watch_filter=PythonFilter(),
            step=STEP_MS,
            debounce=DEBOUNCE_MS,
            stop_event=stop,
            recursive=False,
            raise_interrupt=False,
        )
        for burst in bursts:
            for _, path in burst:
                self._changed(path)
