"""What a model's source calls its values, seen in the frames of its code while it runs.

The source alone does not say what a statement of several calls, a tuple or a branch
binds; the frames do, and they need no parsing.
"""

import sys
from collections.abc import Callable, Iterator
from itertools import takewhile
from types import FrameType
from typing import Any

from debug.reference.recording import ValueId


class Bindings:
    """Reads the local variables of the frames between a layer's call and what it calls."""

    def __init__(
        self, index_of: Callable[[Any], ValueId | None], passed_over: tuple[str, ...]
    ) -> None:
        """
        Args:
            index_of: the place of a value that was recorded; None for any other object.
            passed_over: how the files begin whose variables are nobody's names.
        """
        self._index_of, self._passed_over = index_of, passed_over
        self._outside: set[FrameType] = set()
        self._frames: dict[FrameType, None] = {}
        self.found: list[tuple[str, ValueId]] = []
        """Each name with a value that it stood for, in order."""

    def enter(self) -> None:
        """The layer is about to run: what is on the stack now is not its code."""
        self._outside = set(_stack())

    def look(self) -> None:
        """To be called before anything that is recorded, so that no binding is missed."""
        inside = list(takewhile(lambda frame: frame not in self._outside, _stack()))
        for frame in reversed(inside):  # the layer's names come before those of functions
            if not frame.f_code.co_filename.startswith(self._passed_over):
                self._frames[frame] = None
                self._read(frame)

    def leave(self) -> None:
        """Reads what was bound last: a frame that is held keeps its variables."""
        for frame in self._frames:
            self._read(frame)
        self._frames, self._outside = {}, set()

    def _read(self, frame: FrameType) -> None:
        for name, value in frame.f_locals.items():
            index = self._index_of(value)
            if index is not None and (name, index) not in self.found:
                self.found.append((name, index))


def _stack() -> Iterator[FrameType]:
    """Innermost first, from the caller's caller."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back
