"""The tensors of a file that somebody may write over while it is open.

A checkpoint of gigabytes is mapped: what is not asked for is never read. But a mapping is
of the file as it is now. If training writes the next checkpoint over it, weights are
another model's, or there are none, and the system ends the process that reads them. So each
tensor is copied when it is asked for, and only after a look at whether the file is still
the one that was opened. A file that was put in its place, or deleted, does no harm: the old
one stays as long as it is mapped.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from debug.protocol.diagnostic import Problem


@dataclass(frozen=True)
class Stamp:
    """A file as it was when it was opened."""

    path: Path
    status: os.stat_result

    @property
    def is_written_over(self) -> bool:
        try:
            now = self.path.stat()
        except OSError:
            return False
        if (now.st_dev, now.st_ino) != (self.status.st_dev, self.status.st_ino):
            return False
        before = self.status.st_size, self.status.st_mtime_ns
        return (now.st_size, now.st_mtime_ns) != before


class FileTensors(Mapping[str, Tensor]):
    """Copies of a file's tensors, by name."""

    def __init__(self, tensors: Mapping[str, Tensor], stamps: Sequence[Stamp]) -> None:
        """``stamps`` are those of its files from before they were read."""
        self._tensors, self._stamps = tensors, stamps

    def __getitem__(self, name: str) -> Tensor:
        """
        Raises:
            Problem: the file is another one by now.
        """
        tensor = self._tensors[name]
        for stamp in self._stamps:
            if stamp.is_written_over:
                message = f"{stamp.path.name} was written over after it was opened"
                raise Problem("model", f"{message}; start again (R in the dashboard)")
        return tensor.clone()

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)
