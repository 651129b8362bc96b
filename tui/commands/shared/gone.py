"""A child process that ended without an answer: why, and what to do about it."""

import signal
from collections.abc import Sequence

from debug.protocol.diagnostic import Problem
from debug.protocol.parent_end import Exited

EXAMINE = "maxwhisper doctor examines torch and MAX"
OUT_OF_MEMORY = (
    "memory ran out, or somebody ended it: close what takes memory, take a smaller model, "
    "or try again"
)


class Gone(Problem):
    """The process is no more, and has not done what it was asked for."""

    def __init__(self, name: str, exited: Exited, noise: Sequence[str]) -> None:
        """
        Args:
            name: of the process, as a person knows it.
            exited: how it ended.
            noise: what it has printed.
        """
        last = f", it printed last: {noise[-1]}" if noise else ""
        self.cause = f"the {name} is gone ({exited.cause}){last}"
        advice = OUT_OF_MEMORY if _was_killed(exited) else EXAMINE
        super().__init__(name, f"{self.cause}; {advice}", detail="\n".join(noise))


def _was_killed(exited: Exited) -> bool:
    """By the system or by somebody; the program itself says why it kills."""
    return exited.code == -signal.SIGKILL and not exited.why
