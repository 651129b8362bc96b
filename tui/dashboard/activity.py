"""What an engine is doing, as a value: the status bar words it, the keys depend on it."""

import time
from dataclasses import dataclass, field
from enum import StrEnum

from debug.protocol.messages import LONGEST_SECONDS
from tui.dashboard.keys import Keyboard

QUIET_SECONDS = 5.0
"""Of silence, after which a person sees how long it may last."""
SOON = 1800.0
"""Seconds that are left, from which on a person sees them."""
STOPPED_SECONDS = 2.0
EXTENSION_SECONDS = 300.0
"""That a person gives an engine with a key."""


class Phase(StrEnum):
    """Where an engine is between its start and its end."""

    STARTING = "starting"
    LOADING = "loading"
    """Building or compiling: it hears nothing until that is done."""
    RUNNING = "running"
    STOPPING = "stopping"
    """Asked to stop after the layer that it is computing."""
    STOPPED = "stopped"
    """Waiting for a command. It may still do idle work, which any command interrupts."""
    FAILED = "failed"
    WAITING = "waiting"
    """The last source ended its engine; nothing is executed until a save."""
    DEAD = "dead"

    @property
    def busy(self) -> bool:
        return self in (Phase.STARTING, Phase.LOADING, Phase.RUNNING, Phase.STOPPING)


@dataclass
class Activity:
    """A phase, and since when."""

    phase: Phase = Phase.STARTING
    what: str = ""
    """More than the phase's name, for a person."""
    hint: str = ""
    """What a person can do, should it take minutes."""
    limit: float = LONGEST_SECONDS
    """After so many seconds without a word the engine is taken to hang."""
    since: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)
    """When the engine said something last."""
    looked: float = field(default_factory=time.monotonic)
    """When somebody looked at the clock last."""

    @property
    def busy(self) -> bool:
        return self.phase.busy

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.since

    @property
    def silent(self) -> float:
        """For how many seconds the engine has said nothing."""
        return time.monotonic() - self.heard

    @property
    def left(self) -> float | None:
        """Seconds until it is taken to hang; None while nobody need think of that."""
        left = max(self.limit - self.silent, 0.0)
        hangs = self.busy and self.silent >= QUIET_SECONDS
        return left if hangs and left <= SOON else None

    def look(self) -> None:
        """To be called often: while nobody did, this process was stopped, as by ctrl+z, and
        could hear nothing."""
        now = time.monotonic()
        if now - self.looked > STOPPED_SECONDS:
            self.heard += now - self.looked
        self.looked = now

    def extend(self) -> None:
        """Gives it more time."""
        self.limit += EXTENSION_SECONDS


GONE = "the engine is gone: {restart} restarts it"


def why_refused(activity: Activity, keyboard: Keyboard) -> str:
    """What to say to a key that needs an engine which waits."""
    if activity.phase is Phase.DEAD:
        return keyboard.told(GONE)
    if activity.phase is Phase.WAITING:
        said = "no engine runs the source: save it mended, or {restart} tries it again"
        return keyboard.told(said)
    if activity.phase is Phase.FAILED:
        changes = keyboard.told("{what-runs} changes what runs")
        return f"nothing could be opened: {activity.what}; {changes}"
    if not activity.busy:
        return "there is no graph yet: mend the source and save it"
    return f"not while the engine is {activity.what or activity.phase}: try again then"
