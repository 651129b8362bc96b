"""The lines of the reference's own source, neither torch's nor the debugger's."""

import inspect
import os
import threading
from pathlib import Path
from types import FrameType

import torch
from torch import nn

from debug.protocol.values import Place
from debug.reference.turns import frame_before

PASSED_OVER = (
    str(Path(torch.__file__).parent) + os.sep,
    str(Path(__file__).parents[1]) + os.sep,
    threading.__file__,
)
"""How the files of torch, of the debugger and of its threads begin."""


def reference_place(frame: FrameType) -> Place:
    """The reference's line that called a function or a layer: neither torch's nor ours."""
    while frame.f_code.co_filename.startswith(PASSED_OVER):
        before = frame_before(frame)
        if before is None:
            break
        frame = before
    return Place(frame.f_code.co_filename, frame.f_lineno)


def reference_definition(module: nn.Module) -> Place | None:
    """Where the reference itself begins: nothing in its own source calls it."""
    code = getattr(inspect.unwrap(type(module).forward), "__code__", None)
    if code is None or code.co_filename.startswith(PASSED_OVER):
        return None
    return Place(code.co_filename, code.co_firstlineno)
