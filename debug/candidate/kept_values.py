"""What was computed and may be wanted again, up to a number of bytes.

An edit costs little because the values before it are there. All of a large model's layers
would be gigabytes, though, and a layer within a block is computed again from the block's
input in a moment. So when there is no more room, what is within other layers goes first,
and the results of the outermost layers stay for as long as they can.
"""

import math
from collections.abc import Collection

import torch
from max.driver import Buffer

from debug.candidate import max_internals
from debug.candidate.buffers import to_torch
from debug.candidate.max_internals import ValueKey

ROOM = 1 << 30
LARGE = 1 << 16
"""A buffer of as many bytes is worth a copy."""


class KeptValues(dict[str, Buffer]):
    """Buffers by digest, in the order in which they were computed."""

    room = ROOM
    held = 0
    """In bytes."""

    def put(self, digest: str, buffer: Buffer) -> None:
        """Keeps a copy. MAX's allocator gives no memory back in the midst of which
        something is kept."""
        if buffer.device.is_host and _bytes(buffer) >= LARGE:
            buffer = Buffer.from_dlpack(torch.clone(to_torch(buffer)))
        self._drop(digest)
        self[digest] = buffer
        self.held += _bytes(buffer)

    def make_room(self, spared: Collection[str]) -> None:
        """Drops the oldest values until all fit; those that are spared come last."""
        if self.held <= self.room:
            return
        for digest in sorted(self, key=lambda digest: digest in spared):
            if self.held <= self.room:
                return
            self._drop(digest)

    def only(self, digests: Collection[str]) -> None:
        """Drops all others."""
        for digest in self.keys() - digests:
            self._drop(digest)

    def _drop(self, digest: str) -> None:
        buffer = self.pop(digest, None)
        if buffer is not None:
            self.held -= _bytes(buffer)


def size_of(value: ValueKey) -> int:
    """How many numbers a value of a graph has."""
    kind = max_internals.tensor_type(value)
    return 0 if kind is None else math.prod(int(size) for size in kind.shape)


def _bytes(buffer: Buffer) -> int:
    return buffer.num_elements * buffer.dtype.size_in_bytes
