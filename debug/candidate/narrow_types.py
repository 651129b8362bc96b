"""Floating point types of fewer than 32 bits, in the text of types and operations.

MLIR writes a value's type as ``!mo.tensor<[4], bf16>``. What is computed in such a type on
the CPU is emulated (`debug.candidate.emulation`), for which its text is rewritten in
float32.
"""

import re

_NARROW = re.compile(r"(?<=[ <])(?:b?f16|f8e\w+)(?=[,>])")
"""How MLIR writes floating point types of fewer than 32 bits."""


def has_narrow_type(said: str) -> bool:
    """Whether a type or an operation, as text, has values in float16 or the like."""
    return _NARROW.search(said) is not None


def widened(said: str) -> str:
    """The same operations, as text, in float32."""
    return _NARROW.sub("f32", said)
