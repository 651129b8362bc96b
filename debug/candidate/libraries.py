"""The libraries that all generations share, and what a source has changed in them.

A source that sets ``ops.gelu = my_gelu`` changes MAX for everybody: for the next
generation, which may no longer have that line, and for the debugger. So functions and
classes are remembered as they were, and put back before the next source is executed.
Those of Python itself, and of PyTorch's tensors, are put back at once, for the debugger
needs them; so is a module in whose place a source has put another. What a source adds
stays: ``Tensor.my_norm`` is its own business, unless it hides what the class inherits.
"""

import builtins
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

WATCHED = ("max", "math", "numpy", "torch", "torch.nn")
"""Modules, and of ``max`` and ``torch.nn`` those within."""
WITHIN = ("max.", "torch.nn.")
NEEDED = sys.stdlib_module_names - {"builtins", "sys", "warnings", "logging"}
"""Modules of Python's that the debugger is written with, but for those that are there to be
changed; `debug.engine.process_parts` asks for what may not be changed of them."""
STAYING = sys.stdlib_module_names | {"debug", "max", "numpy", "torch"}
"""Packages whose modules nobody replaces."""
SHARED = (FunctionType, BuiltinFunctionType, type, float)
"""What is nobody's to change. Other values are a library's own state."""
METHODS = (FunctionType, MethodDescriptorType, WrapperDescriptorType)
CHANGEABLE, FIXED = 1 << 9, 1 << 8
"""Flags of classes, as C has them: of those that Python has made, and of others."""

_BUILTINS: dict[str, Any] = builtins.__dict__
_THEIRS = dict(_BUILTINS)


class Holder:
    """A module or a class, as it was when that was asked for last."""

    def __init__(self, name: str, holder: Any) -> None:
        self.name, self._holder, self._now = name, holder, vars(holder)
        self.own = {k: each for k, each in self._now.items() if isinstance(each, SHARED)}
        """Its functions, classes and numbers."""
        self._names = set(self._now) if isinstance(holder, type) else None

    def renew(self) -> None:
        """Takes what is there now for what belongs there."""
        for key in self.changed():
            if key in self._now:
                self.own[key] = self._now[key]
            else:
                del self.own[key]
        if self._names is not None and len(self._names) != len(self._now):
            self._names = set(self._now)

    def changed(self) -> list[str]:
        """The names of what is no longer as it was."""
        now = self._now
        found = [key for key, value in self.own.items() if now.get(key) is not value]
        if self._names is not None and len(now) > len(self._names):
            found += [key for key in now if key not in self._names and self._hides(key)]
        return found

    def _hides(self, key: str) -> bool:
        inherited = (vars(base).get(key) for base in self._holder.__mro__[1:])
        return any(isinstance(each, METHODS) for each in inherited)

    def put_back(self) -> list[str]:
        """Undoes all changes; the names of that."""
        found = self.changed()
        for key in found:
            if key in self.own:
                setattr(self._holder, key, self.own[key])
            else:
                delattr(self._holder, key)
        return [f"{self.name}.{key}" for key in found]


_known: dict[int, Holder] = {}
"""By the identity of what they hold."""
_needed: list[Holder] = []
"""Those that the debugger can't do without."""
_modules: dict[str, ModuleType] = {}


def rescue() -> list[str]:
    """Puts back what the debugger needs itself, Python's own functions without the use of
    any; the names of what was changed."""
    changed = [f"builtins.{k}" for k in _THEIRS if _BUILTINS.get(k) is not _THEIRS[k]]
    _BUILTINS.update(_THEIRS)
    for name, module in _modules.items():
        if sys.modules.get(name) is not module:
            sys.modules[name] = module
            changed.append(f"sys.modules[{name!r}]")
    for holder in _needed:
        changed += holder.put_back()
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
    """Takes note of what was loaded since the last time, and of how what the debugger needs
    is now: whatever has changed it since was no source."""
    for holder in _needed:
        holder.renew()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in STAYING:
            if name not in _modules:
                _need(module, name)
            _modules[name] = module
        if name in WATCHED or name.startswith(WITHIN):
            _note(module, name)


def _need(module: Any, name: str) -> None:
    if name == "torch":
        _needed.append(Holder("torch.Tensor", module.Tensor))
    if name not in NEEDED or not isinstance(module, ModuleType):
        return
    holder = Holder(name, module)
    _needed.append(holder)
    for key, each in holder.own.items():
        if isinstance(each, type) and each.__module__ == name and _can_be_changed(each):
            _needed.append(Holder(f"{name}.{key}", each))


def _can_be_changed(each: type) -> bool:
    return bool(each.__flags__ & CHANGEABLE) and not each.__flags__ & FIXED


def _note(holder: Any, name: str) -> None:
    if id(holder) in _known or not isinstance(holder, ModuleType | type):
        return
    known = _known[id(holder)] = Holder(name, holder)
    for each in known.own.values() if isinstance(holder, ModuleType) else ():
        if isinstance(each, type) and each.__module__.startswith(WITHIN):
            _note(each, f"{each.__module__}.{each.__qualname__}")


def changed() -> list[str]:
    """The dotted names of what is no longer as it was."""
    return [f"{each.name}.{key}" for each in _known.values() for key in each.changed()]


def put_back() -> None:
    """Undoes all changes."""
    for each in _known.values():
        each.put_back()
