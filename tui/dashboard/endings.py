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
"""An engine that ends so soon after one of the same files did so for the same reason."""
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
    _guilty: dict[str, str | None] = field(default_factory=dict)
    """The files that ended an engine last."""
    _ended: float = -AGAIN_SECONDS
    _printed: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))

    @property
    def _retry(self) -> str:
        return f"save the source mended, or {self.restart} tries it again"

    def reading(self, files: dict[str, str | None]) -> None:
        self.files, self.on_trial = files, True
        self._printed.clear()

    def printed(self, text: str) -> None:
        self._printed.append(text)

    def settled(self) -> None:
        self.on_trial = False

    def begun(self) -> None:
        """Another engine was started."""
        self.spoiled, self.hung = [], False

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
        now = time.monotonic()
        recent = now - self._ended < AGAIN_SECONDS
        again = self._guilty == self.files and (self.on_trial or recent)
        self._guilty, self._ended = self.files, now
        if self.spoiled:
            did = f"it has changed {', '.join(self.spoiled)}, which can't be put back"
        elif self.on_trial:
            did = f"it {'ends' if again else 'ended'} the engine ({cause})"
        else:
            said = f"the engine is gone ({cause})"
            more = f"soon after another: {self._retry}" if again else "it starts anew"
            following = Successor.WAITING if again else Successor.ANEW
            return following, Diagnostic("engine", f"{said}: {more}")
        if again:
            return Successor.WAITING, self._blamed(f"{did}: {self._retry}")
        return Successor.ANEW, self._blamed(f"{did}: the engine starts anew")

    def _stopped(self, seconds: float) -> tuple[Successor, Diagnostic]:
        said = f"stopped after {seconds:.0f} s without a word"
        if not self.files:
            return Successor.NONE, Diagnostic("engine", f"the engine is gone ({said})")
        return Successor.WAITING, self._blamed(f"it was {said}: {self._retry}")

    def _blamed(self, message: str) -> Diagnostic:
        """What is said of the source, at the line that it was in, if that is known."""
        place = last_place(self._printed, self.files)
        path, line = (place.path, place.line) if place else (next(iter(self.files)), None)
        return Diagnostic("engine", message, path, line, "\n".join(self._printed))
