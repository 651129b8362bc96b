"""Watches folders for saved files.

Folders, not files: most editors save by renaming a new file over the old one, and a watch
on the old one would never hear of it. A folder may go the same way, as when a branch is
checked out: so it is looked after whether each is still the folder that is watched.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from watchfiles import PythonFilter, watch

STEP_MS = 20
"""How long after the last change a burst of them is over."""
DEBOUNCE_MS = 300
"""How long a burst may last."""
LOOK_MS = 1000
"""Between two looks at the folders themselves."""


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
        wanted = {folder.resolve() for folder in folders}
        if wanted == self._folders:
            return
        self._stop.set()
        self._stop, self._folders = threading.Event(), wanted
        arguments = sorted(wanted), self._stop
        threading.Thread(target=self._run, args=arguments, daemon=True).start()

    def _run(self, folders: list[Path], stop: threading.Event) -> None:
        while folders and not stop.is_set():
            with _held(folders) as held, suppress(OSError):  # one may go at any moment
                self._listen(folders, held, stop)
            if not stop.is_set():
                self._changed(str(folders[0]))  # what was saved meanwhile was not heard

    def _listen(
        self, folders: list[Path], held: list[int | None], stop: threading.Event
    ) -> None:
        """Until it is to stop, or a folder is no longer the one that is held."""
        there = [folder for folder, each in zip(folders, held, strict=True) if each]
        if not there:
            while not stop.wait(LOOK_MS / 1000) and _identities(folders) == held:
                pass
            return
        bursts = watch(
            *there,
            watch_filter=PythonFilter(),
            step=STEP_MS,
            debounce=DEBOUNCE_MS,
            stop_event=stop,
            recursive=False,
            raise_interrupt=False,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
        )
        for burst in bursts:
            for _, path in burst:
                self._changed(path)
            if _identities(folders) != held:
                return


@contextmanager
def _held(folders: list[Path]) -> Iterator[list[int | None]]:
    """The folders' identities. While one is open, no new folder gets the same."""
    opened = [_open(folder) for folder in folders]
    try:
        yield [None if each is None else os.fstat(each).st_ino for each in opened]
    finally:
        for each in opened:
            if each is not None:
                os.close(each)


def _open(folder: Path) -> int | None:
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None


def _identities(folders: list[Path]) -> list[int | None]:
    """None for what is not there."""
    return [folder.stat().st_ino if folder.is_dir() else None for folder in folders]
