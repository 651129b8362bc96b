"""Watches folders for saved files.

Folders, not files: most editors save by renaming a new file over the old one, and a watch
on the old one would never hear of it. A folder may go the same way, as when a branch is
checked out: so it is looked after whether each is still the folder that is watched. And the
system may fail to tell, as when a source has closed what it is heard by, or on a network's
disk: so the files are looked at once a second, too.
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
"""Between two looks at the files and folders themselves."""
AGAIN_SECONDS = 0.05
"""Before a watch that has ended begins again."""

State = tuple[int, int, int] | None
"""What tells one version of a file from another."""


class FolderWatch:
    """Calls back, from a thread of its own, with the path of every changed source file."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._folders: set[Path] = set()
        self._files: dict[Path, State] = {}
        """How each was when it was looked at last."""
        self._stop = threading.Event()

    @property
    def active(self) -> bool:
        return bool(self._folders)

    def files(self, files: Iterable[Path]) -> None:
        """Watches these files and the folders that they are in, and no others."""
        self._files = {file: _state(file) for file in files}
        self.folders(file.parent for file in self._files)

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
            with _held(folders) as held, suppress(Exception):  # one may go at any moment
                self._listen(folders, held, stop)
            if not stop.wait(AGAIN_SECONDS):
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
            for path in {path for _, path in burst} | self._others():
                self._changed(path)
            if _identities(folders) != held:
                return

    def _others(self) -> set[str]:
        """The files that are not as they were, whether the system has told or not."""
        before, self._files = self._files, {file: _state(file) for file in self._files}
        return {str(file) for file, now in self._files.items() if now != before.get(file)}


def _state(file: Path) -> State:
    """None for a file that is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


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
