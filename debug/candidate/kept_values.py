"""What was computed and may be wanted again, up to a number of bytes.

An edit costs little because the values before it are there. All of a large model's layers
would be gigabytes, though, and a layer within a block is computed again from the block's
input in a moment. So when there is no more room, what is within other layers goes first,
and the results of the outermost layers stay for as long as they can.
"""

from collections.abc import Collection

import torch
from max.driver import Buffer

from debug.candidate.buffers import to_torch

ROOM = 1 << 30
LARGE = 1 << 16
"""A buffer of as many bytes is worth a copy."""


class KeptValues(dict[str, Buffer]):
    """Buffers by digest, in the order in which they were computed."""

    room = ROOM

    def put(self, digest: str, buffer: Buffer) -> None:
        """Keeps a copy. MAX's allocator gives no memory back in the midst of which
        something is kept."""
        if buffer.device.is_host and size_of(buffer) >= LARGE:
            buffer = Buffer.from_dlpack(torch.clone(to_torch(buffer)))
        self[digest] = buffer

    def make_room(self, spared: Collection[str]) -> None:
        """Drops the oldest values until all fit; those that are spared come last."""
        too_many = sum(map(size_of, self.values())) - self.room
        order = sorted(self, key=lambda digest: digest in spared)
        for digest in order:
            if too_many <= 0:
                return
            too_many -= size_of(self.pop(digest))

    def only(self, digests: Collection[str]) -> None:
        """Drops all others."""
        for digest in self.keys() - digests:
            del self[digest]


def size_of(buffer: Buffer) -> int:
    """In bytes."""
    return buffer.num_elements * buffer.dtype.size_in_bytes
