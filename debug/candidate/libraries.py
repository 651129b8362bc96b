"""The libraries that all generations share, and what a source has changed in them.

A source that sets ``ops.gelu = my_gelu`` changes MAX for everybody: for the next
generation, which may no longer have that line, and for the debugger. So functions and
classes are remembered as they were, and put back before the next source is executed:
Python's own at once, for the debugger needs them itself.
"""

import builtins
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

WATCHED = ("max", "math", "numpy", "torch", "torch.nn")
"""Modules, and of ``max`` and ``torch.nn`` those within."""
WITHIN = ("max.", "torch.nn.")
SHARED = (FunctionType, BuiltinFunctionType, type)
"""What is nobody's to change. Other values are a library's own state."""

_BUILTINS: dict[str, Any] = builtins.__dict__
_THEIRS = dict(_BUILTINS)

_known: dict[int, tuple[Any, str, dict[str, Any]]] = {}
"""By its identity, each module or class, its name, and its functions and classes."""


def rescue() -> list[str]:
    """Puts Python's own functions back, without the use of any; the names of those that
    were changed."""
    changed = [f"builtins.{k}" for k in _THEIRS if _BUILTINS.get(k) is not _THEIRS[k]]
    _BUILTINS.update(_THEIRS)
    return changed


@contextmanager
def kept_whole() -> Iterator[None]:
    """A source's functions are called in the block: what tells of their errors needs all
    of Python."""
    try:
        yield
    finally:
        rescue()


def remember() -> None:
    """Takes note of what was loaded since the last time."""
    for name, module in list(sys.modules.items()):
        if module is builtins or name in WATCHED or name.startswith(WITHIN):
            _note(module, name)


def _note(holder: Any, name: str) -> None:
    if id(holder) in _known or not isinstance(holder, ModuleType | type):
        return
    own = {key: each for key, each in vars(holder).items() if isinstance(each, SHARED)}
    _known[id(holder)] = holder, name, own
    for each in own.values() if isinstance(holder, ModuleType) else ():
        if isinstance(each, type) and each.__module__.startswith(WITHIN):
            _note(each, f"{each.__module__}.{each.__qualname__}")


def changed() -> list[str]:
    """The dotted names of what is no longer as it was."""
    return [f"{name}.{key}" for _, name, key, _ in _changes()]


def put_back() -> None:
    """Undoes all changes."""
    for holder, _, key, value in _changes():
        setattr(holder, key, value)


def _changes() -> list[tuple[Any, str, str, Any]]:
    return [
        (holder, name, key, value)
        for holder, name, own in _known.values()
        for now in [vars(holder)]
        for key, value in own.items()
        if now.get(key) is not value
    ]
