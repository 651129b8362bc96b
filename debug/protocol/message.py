"""What every line of the pipe is; `debug.protocol.messages` has them all."""

import msgspec

DAMAGED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What comes of decoding text that nobody has written in one piece."""


class Message(msgspec.Struct, frozen=True, tag=True, tag_field="type"):
    """One line of the protocol; its type is its class."""
