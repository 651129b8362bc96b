"""A file with the reference's side of all layers of a model.

It begins with the values, of which each begins a page::

    value, value, ... | index | hash of the index, its length, MAGIC

The values are mapped when they are read, as those of a shelf are. Each has a checksum,
which is looked at when it is read first: to read all of a large file at once would take as
long as a person waits for the first number.
"""

import hashlib
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import torch
from torch import Tensor

from debug.measure.shelf import InMemory, Kept, OnDisk, Shelf
from debug.measure.truth import IsolatedTruth, Norms, Truth
from debug.protocol.diagnostic import ARCHIVE, Problem
from debug.protocol.statistics import Stats
from debug.protocol.values import Place

MAGIC = b"maxwhisper truth"
FOOTER = struct.Struct(f"<32sQ{len(MAGIC)}s")


class Part(msgspec.Struct, frozen=True):
    """A value in the file."""

    start: int
    dtype: str
    shape: tuple[int, ...]
    checksum: int


class Slices(msgspec.Struct, frozen=True):
    """`Norms` as the bytes of their float64."""

    frames: bytes
    channels: bytes


class Record(msgspec.Struct, frozen=True):
    """A `Truth` in the index."""

    exact: Part
    norms: Slices
    rounding: Slices
    stats: Stats
    axes: tuple[int, ...] | None
    heads: int | None
    place: Place | None
    argument: Part | None
    rounding_isolated: Slices | None


@dataclass
class Archived:
    """A value of a file, whose checksum is looked at once."""

    part: OnDisk
    checksum: int
    path: Path
    _is_checked: bool = False

    @property
    def shape(self) -> torch.Size:
        return self.part.shape

    def read(self) -> Tensor:
        """
        Raises:
            Problem: it is damaged. The file is deleted, so that the next start computes it.
        """
        value = self.part.read()
        if not self._is_checked:
            if checksum(value) != self.checksum:
                raise Problem(ARCHIVE, self._deleted())
            self._is_checked = True
        return value

    def _deleted(self) -> str:
        """Deletes the file; what to say of that."""
        message = f"the reference's values in {self.path} were damaged"
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            return f"{message}: delete the file ({error.strerror} for you); start again"
        return f"{message}: the file is deleted; start again"


@dataclass
class Summing(Shelf):
    """A shelf that knows the checksums of what is on the disk, by where it begins."""

    checksums: dict[int, int] = field(default_factory=dict)

    def put(self, value: Tensor) -> Kept:
        kept = super().put(value)
        if isinstance(kept, OnDisk):
            self.checksums[kept.start] = checksum(value)
        return kept

    def part(self, kept: Kept) -> Part:
        """Where a value is; what is in memory is written now."""
        if not isinstance(kept, OnDisk):
            kept = self.put(kept.read())
        if isinstance(kept, OnDisk):
            return Part(
                kept.start, _name(kept.dtype), kept.shape, self.checksums[kept.start]
            )
        return Part(0, _name(kept.read().dtype), kept.shape, 0)


def write_index(shelf: "Summing", truths: Mapping[str, Truth]) -> int:
    """Ends a file with what its values are; returns how many bytes it has."""
    file = shelf.file
    assert file is not None
    index = {name: _record(truth, shelf) for name, truth in truths.items()}
    body = msgspec.msgpack.encode(index)
    file.seek(0, os.SEEK_END)
    file.write(body)
    file.write(FOOTER.pack(hashlib.sha256(body).digest(), len(body), MAGIC))
    file.flush()
    return file.tell()


def read_truths(file: BinaryIO, path: Path) -> dict[str, Truth]:
    """What a file holds; its values are read when they are wanted.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        records = _index(file)
    except (struct.error, msgspec.DecodeError) as error:
        raise ValueError("no index") from error
    return {name: _truth(record, file, path) for name, record in records.items()}


def checksum(value: Tensor) -> int:
    """The sum of a value's 64-bit words, and of the bytes that are left over: no word can
    change without it."""
    data = value.contiguous().view(-1).view(torch.uint8)
    whole = len(data) // 8 * 8
    words = data[:whole].view(torch.int64)
    return int(words.sum()) + int(data[whole:].sum())


def _index(file: BinaryIO) -> dict[str, Record]:
    """
    Raises:
        ValueError: the file is damaged.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - FOOTER.size, 0))
    digest, length, magic = FOOTER.unpack(file.read())
    if magic != MAGIC or length > size - FOOTER.size:
        raise ValueError("no index")
    file.seek(size - FOOTER.size - length)
    body = file.read(length)
    if hashlib.sha256(body).digest() != digest:
        raise ValueError("another index")
    return msgspec.msgpack.decode(body, type=dict[str, Record])


def _record(truth: Truth, shelf: Summing) -> Record:
    isolated = truth.isolated
    return Record(
        shelf.part(truth.kept),
        _slices(truth.norms),
        _slices(truth.rounding),
        truth.stats,
        truth.axes,
        truth.heads,
        truth.place,
        None if isolated is None else shelf.part(isolated.kept),
        None if isolated is None else _slices(isolated.rounding),
    )


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _slices(norms: Norms) -> Slices:
    return Slices(norms.frames.numpy().tobytes(), norms.channels.numpy().tobytes())


def _truth(record: Record, file: BinaryIO, path: Path) -> Truth:
    isolated = None
    if record.argument is not None and record.rounding_isolated is not None:
        argument = _kept(record.argument, file, path)
        isolated = IsolatedTruth(argument, _norms(record.rounding_isolated))
    return Truth(
        _kept(record.exact, file, path),
        _norms(record.norms),
        _norms(record.rounding),
        record.stats,
        record.axes,
        record.heads,
        isolated,
        record.place,
    )


def _kept(part: Part, file: BinaryIO, path: Path) -> Kept:
    dtype, shape = getattr(torch, part.dtype), torch.Size(part.shape)
    if not shape.numel():
        return InMemory(torch.empty(shape, dtype=dtype))
    return Archived(OnDisk(file, part.start, dtype, shape), part.checksum, path)


def _norms(slices: Slices) -> Norms:
    kept = slices.frames, slices.channels
    return Norms(*(torch.from_numpy(np.frombuffer(each).copy()) for each in kept))
