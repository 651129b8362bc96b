"""The lines of the candidate's own source: where it calls a layer, and where it begins."""

import inspect
import re
from collections.abc import Collection
from types import FrameType
from typing import Any

from debug.candidate import max_v3
from debug.protocol.values import Place

MOST_CALLS = 4
"""How many lines are kept, each the call of the one before."""


def calling_lines(frame: FrameType | None, files: Collection[str]) -> list[Place]:
    """A few of the innermost lines of ``files`` on the stack, from a frame outwards."""
    found: list[Place] = []
    while frame is not None and len(found) < MOST_CALLS:
        if frame.f_code.co_filename in files:
            found.append(Place(frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return found


def calling_line(frame: FrameType | None, files: Collection[str]) -> Place | None:
    """The innermost of them."""
    return next(iter(calling_lines(frame, files)), None)


def definition(module: Any) -> Place | None:
    """Where the candidate itself begins: nothing in its own source calls it."""
    own = type(module)
    call = own.forward if max_v3.is_v3(module) else inspect.unwrap(own.__call__)
    code = getattr(call, "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if code else None


def assignment(of: type, attribute: str) -> Place | None:
    """Where a class, or one that it extends, gives its instances an attribute."""
    sets = re.compile(rf"\bself\.{re.escape(attribute)}\b[^=]*=(?!=)")
    for each in of.__mro__:
        made = inspect.unwrap(vars(each).get("__init__", each))
        try:
            lines, first = inspect.getsourcelines(made)
            path = inspect.getsourcefile(made)
        except (OSError, TypeError):  # built in, or its file is gone
            continue
        for number, line in enumerate(lines):
            if path is not None and sets.search(line):
                return Place(path, first + number)
    return None
