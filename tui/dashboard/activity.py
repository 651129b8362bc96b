"""What an engine is doing, as a value: the status bar words it, the keys depend on it."""

import time
from dataclasses import dataclass, field
from enum import StrEnum


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
    since: float = field(default_factory=time.monotonic)

    @property
    def busy(self) -> bool:
        return self.phase.busy

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.since


GONE = "the engine is gone: R restarts it"


def why_refused(activity: Activity) -> str:
    """What to say to a key that needs an engine which waits."""
    if activity.phase is Phase.DEAD:
        return GONE
    if activity.phase is Phase.FAILED:
        return f"nothing could be opened: {activity.what}; E changes what runs"
    if not activity.busy:
        return "there is no graph yet: mend the source and save it"
    return f"not while the engine is {activity.what or activity.phase}: try again then"
