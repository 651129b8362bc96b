"""Loads numba when it is needed, which is for the times of words alone.

openai-whisper imports numba wherever it is imported itself: a third of a second and tens of
megabytes of every start, for two functions that say when each word was spoken. So while
``whisper.timing`` is loaded, a module stands in numba's place that takes note of what is to
be compiled. The first call of one of its functions loads numba and compiles all of them, as
openai's code has them.
"""

import importlib
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

TIMING = "whisper.timing"


class _NumbaLater(ModuleType):
    """Stands in numba's place."""

    def __init__(self) -> None:
        super().__init__("numba")
        self._noted: list[tuple[Callable[..., Any], dict[str, Any]]] = []

    def jit(self, **how: Any) -> Callable[..., Any]:
        """As ``numba.jit`` is called, with keywords only."""

        def note(function: Callable[..., Any]) -> Callable[..., Any]:
            self._noted.append((function, how))

            @wraps(function)
            def first_call(*arguments: Any) -> Any:
                self._compile()
                return function.__globals__[function.__name__](*arguments)

            return first_call

        return note

    def _compile(self) -> None:
        """All of them, for they call each other."""
        numba = importlib.import_module("numba")
        for function, how in self._noted:
            function.__globals__[function.__name__] = numba.jit(**how)(function)


class _WithoutNumba(Loader):
    """Loads a module beside `_NumbaLater`."""

    def __init__(self, usual: Loader) -> None:
        self._usual = usual

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._usual.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if "numba" in sys.modules:
            self._usual.exec_module(module)
            return
        sys.modules["numba"] = _NumbaLater()
        try:
            self._usual.exec_module(module)
        finally:
            del sys.modules["numba"]


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == TIMING else None
        if spec is not None and spec.loader is not None:
            spec.loader = _WithoutNumba(spec.loader)
        return spec


def load_numba_later() -> None:
    """From now on, where ``whisper.timing`` is imported."""
    if not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
