"""Values that are kept to be looked at again, of which most are not: on the disk.

The reference's values of a large Whisper's layers are ten gigabytes in float64. Each is
looked at a few times, one after the other. So the first few stay in memory, and all others
go into one file, which has no name and is gone with the process. What is read of it is
mapped, not copied: it is memory of the system's, which takes it back when it needs it.
"""

import mmap
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import torch
from torch import Tensor

from debug.protocol.diagnostic import Problem

ROOM = 32 << 20
"""How many bytes of values a shelf keeps in memory."""


class Kept(Protocol):
    """A value that may be elsewhere."""

    @property
    def shape(self) -> torch.Size: ...

    def read(self) -> Tensor:
        """The value, which is not to be written into."""
        ...


@dataclass(frozen=True)
class InMemory:
    value: Tensor

    @property
    def shape(self) -> torch.Size:
        return self.value.shape

    def read(self) -> Tensor:
        return self.value


@dataclass(frozen=True)
class OnDisk:
    """A part of a file."""

    file: BinaryIO
    start: int
    """In bytes; whole pages come before it."""
    dtype: torch.dtype
    shape: torch.Size

    def read(self) -> Tensor:
        count = self.shape.numel()
        length = count * self.dtype.itemsize
        # What is written into a mapping of one's own never reaches the file.
        pages = mmap.mmap(
            self.file.fileno(), length, access=mmap.ACCESS_COPY, offset=self.start
        )
        return torch.frombuffer(pages, dtype=self.dtype, count=count).view(self.shape)


def cache_folder() -> Path:
    """Where what may be large and may be deleted is kept, which is seldom so of ``/tmp``:
    that may be memory.

    Raises:
        Problem: there is no home.
    """
    base = os.getenv("XDG_CACHE_HOME")
    return (Path(base) if base else home() / ".cache") / "maxwhisper"


def home() -> Path:
    """
    Raises:
        Problem: there is none, as for a user that the system does not know.
    """
    try:
        return Path.home()
    except RuntimeError as error:
        message = "there is no home folder to keep anything in"
        raise Problem("home", f"{message}: set HOME to one that you can write") from error


@dataclass
class Shelf:
    room: int = ROOM
    """How many bytes of values are still kept in memory."""
    folder: Path = field(default_factory=cache_folder)
    file: BinaryIO | None = None
    """Where the others are; one without a name, unless another is given."""

    def put(self, value: Tensor) -> Kept:
        """
        Raises:
            Problem: there is no room for it.
        """
        if value.nbytes <= self.room or not value.nbytes:
            self.room -= value.nbytes
            return InMemory(value)
        try:
            return self._written(value.contiguous())
        except OSError as error:
            reason = error.strerror or "there was no room for all of it"
            message = f"can't keep the reference's values in {self.folder} ({reason})"
            advice = "make room, or set XDG_CACHE_HOME to a folder that has some"
            raise Problem("memory", f"{message}; {advice}") from error

    def _written(self, value: Tensor) -> OnDisk:
        if self.file is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115
        end = self.file.seek(0, os.SEEK_END)
        start = -(-end // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        self.file.seek(start)
        self.file.write(value.detach().view(-1).view(torch.uint8).numpy().data)
        self.file.flush()
        return OnDisk(self.file, start, value.dtype, value.shape)
