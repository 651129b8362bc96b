"""What comes after an engine that has ended: another, one that waits, or none.

A source runs in the engine's process and may take it along: by `os.abort`, by an error in
native code, by a loop without an end. Another engine is started at once, since it may have
been chance. Where the same files end that one, too, or where it was stopped because it
hung, a third would only do the same: it executes nothing until one of the files is saved,
so that mending the source is all that a person has to do. A key tries the same files again.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from debug.protocol.diagnostic import Diagnostic
from debug.results.last_words import last_place

AGAIN_SECONDS = 60.0
"""An engine that ends so soon after one of the same files may do so for the same reason."""
MOST_IN_A_ROW = 4
"""Engines that may end so, though all was well before."""
LINES = 200


class Successor(StrEnum):
    """The engine that follows."""

    NONE = "none"
    ANEW = "anew"
    WAITING = "waiting"
    """One that executes nothing until a file is saved."""


@dataclass
class Endings:
    """Which files the engines have executed, and which of those ended one."""

    restart: str = "R"
    """The key that starts another engine."""
    files: dict[str, str | None] = field(default_factory=dict)
    """By path, the contents that were executed last; the first is the source."""
    on_trial: bool = False
    """Whether not all is known of what those files do."""
    spoiled: list[str] = field(default_factory=list)
    """What of its process this engine says can't be put back."""
    hung: bool = False
    """Whether this engine is being ended because it hangs."""
    _last: dict[str, str | None] = field(default_factory=dict)
    """The files that the engine had executed that ended last."""
    _last_on_trial: bool = False
    """Whether it ended before all was known of them."""
    _ended: float = -AGAIN_SECONDS
    _in_a_row: int = 0
    """How many have ended with the same files, each soon after the one before."""
    _printed: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))
    _last_words: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))
    """Apart, for a source that prints without end would push them out."""

    @property
    def _retry(self) -> str:
        return f"save the source mended, or {self.restart} tries it again"

    def reading(self, files: dict[str, str | None]) -> None:
        self.files, self.on_trial = files, True
        self._printed.clear()
        self._last_words.clear()

    def printed(self, text: str, among_messages: bool = False) -> None:
        (self._last_words if among_messages else self._printed).append(text)

    def settled(self) -> None:
        self.on_trial = False

    def begun(self) -> None:
        """Another engine was started, and has executed nothing yet."""
        self.spoiled, self.hung, self.on_trial = [], False, False

    def ended(
        self, cause: str, silent: float, waited: bool = False
    ) -> tuple[Successor, Diagnostic]:
        """An engine has ended; what follows, and what to say.

        Args:
            cause: how the process ended.
            silent: for how many seconds it had said nothing.
            waited: whether it had executed nothing, and waited for a save.
        """
        if self.hung:
            return self._stopped(silent)
        if waited or not self.files:
            return Successor.NONE, Diagnostic("engine", f"the engine is gone ({cause})")
        again = self._again()
        if self.spoiled:
            did = f"it has changed {', '.join(self.spoiled)}, which can't be put back"
        elif self.on_trial:
            did = f"it {'ends' if again else 'ended'} the engine ({cause})"
        else:
            said = f"the engine is gone ({cause})"
            often = f"{self._in_a_row} times in a row: {self._retry}"
            more = often if again else "it starts anew"
            following = Successor.WAITING if again else Successor.ANEW
            return following, Diagnostic("engine", f"{said}: {more}")
        if again:
            return Successor.WAITING, self._blamed(f"{did}: {self._retry}")
        return Successor.ANEW, self._blamed(f"{did}: the engine starts anew")

    def _again(self) -> bool:
        """Whether the same files have ended so many engines that another is in vain."""
        now = time.monotonic()
        same = self._last == self.files
        soon = same and (self.on_trial or now - self._ended < AGAIN_SECONDS)
        self._in_a_row = self._in_a_row + 1 if soon else 1
        twice = same and self.on_trial and self._last_on_trial
        self._last, self._last_on_trial = self.files, self.on_trial
        self._ended = now
        return twice or self._in_a_row >= MOST_IN_A_ROW

    def _stopped(self, seconds: float) -> tuple[Successor, Diagnostic]:
        said = f"stopped after {seconds:.0f} s without a word"
        if not self.files:
            return Successor.NONE, Diagnostic("engine", f"the engine is gone ({said})")
        return Successor.WAITING, self._blamed(f"it was {said}: {self._retry}")

    def _blamed(self, message: str) -> Diagnostic:
        """What is said of the source, at the line that it was in, if that is known."""
        place = last_place(self._last_words, self.files)
        path, line = (place.path, place.line) if place else (next(iter(self.files)), None)
        detail = "\n".join([*self._printed, *self._last_words])
        return Diagnostic("engine", message, path, line, detail)
