"""What is said while kernels are compiled, which takes minutes, once on a machine."""

from collections.abc import Callable

from debug.protocol.messages import Message, Progress
from debug.protocol.values import Mode

HINT = "leave it running, it is kept"
OTHER_WAY = "; or start with --engine compile"


def announcer(emit: Callable[[Message], None], mode: Mode) -> Callable[[str], None]:
    """Says what is being compiled, with what a person can do meanwhile."""
    hint = HINT + (OTHER_WAY if mode is Mode.INTERPRET else "")
    return lambda what: emit(Progress(what, hint=hint))
