"""The reference's side of models that were opened before, kept for the next session.

What PyTorch computes of a large model takes minutes, and nothing that a person edits
changes it. So it stays on the disk, one file a model (`debug.measure.archive_file`), named
after a hash of all that it follows from (`debug.reference.archived`). A file gets its name
when it is complete, so that there is never half of one. One that is cut off, or whose index
does not fit its hash, is deleted and counts as none.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from debug.measure.archive_file import Summing, read_truths, write_index
from debug.measure.shelf import Shelf, cache_folder
from debug.measure.truth import Truth

BOUND = 16 << 30
"""How many bytes all files may have together; they never take more than half of what the
disk would have free without them."""


def archive_folder() -> Path:
    return cache_folder() / "reference"


@dataclass(frozen=True)
class Archive:
    folder: Path = field(default_factory=archive_folder)
    bound: int = BOUND

    def of(
        self, key: str, compute: Callable[[Shelf | None], dict[str, Truth]]
    ) -> dict[str, Truth]:
        """The truths that are kept under a key, or else those that are computed now.

        Args:
            key: a hash of all that they follow from.
            compute: is given the shelf for their values; none where nothing can be kept.

        Raises:
            Problem: there is no room for the values.
        """
        if (found := self.read(key)) is not None:
            return found
        partial = self.folder / f"{key}.{os.getpid()}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            file = partial.open("w+b")  # mapped for as long as a value of it is held
        except OSError:  # doctor says why
            return compute(None)
        shelf = Summing(0, self.folder, file)
        try:
            truths = compute(shelf)
            self._complete(partial, shelf, truths)
        finally:
            partial.unlink(missing_ok=True)
        return truths

    def read(self, key: str) -> dict[str, Truth] | None:
        """What is kept, if it is whole; what is not is deleted."""
        path = self._path(key)
        try:
            truths = read_truths(path.open("rb"), path)
        except OSError:
            return None
        except ValueError:
            with suppress(OSError):  # in a folder of somebody else's
                path.unlink(missing_ok=True)
            return None
        with suppress(OSError):
            path.touch()  # the ones that were used last stay
        return truths

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.truth"

    def _complete(self, partial: Path, shelf: Summing, truths: Mapping[str, Truth]) -> None:
        """Writes the index, and makes room. What would not fit keeps no name."""
        try:
            if self._make_room(write_index(shelf, truths)):
                partial.replace(self._path(partial.stem))
        except OSError:  # the session has its values all the same
            return

    def _make_room(self, wanted: int) -> bool:
        """Deletes the files that were used longest ago; False if that is not enough."""
        files = sorted(self.folder.glob("*.truth"), key=lambda each: each.stat().st_mtime)
        sizes = {each: each.stat().st_size for each in files}
        taken = sum(sizes.values())
        free = shutil.disk_usage(self.folder).free + taken + wanted
        room = min(self.bound, free // 2)
        if wanted > room:
            return False
        for each in files:
            if taken + wanted <= room:
                break
            each.unlink(missing_ok=True)
            taken -= sizes[each]
        return True

    def _sweep(self) -> None:
        """Deletes what processes that are gone have left unfinished."""
        for each in self.folder.glob("*.[0-9]*"):
            number = each.suffix.removeprefix(".")
            if number.isdigit() and not _is_running(int(number)):
                each.unlink(missing_ok=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
