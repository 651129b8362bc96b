"""How what takes long makes way for a key or a save.

An explanation may run for half a minute, and nobody should wait for it. So whatever is
slow is handed a `Pause` and calls it often. Where something else is wanted, the call
raises `Interrupted`, the work is dropped, and it is begun again once the engine is idle:
results are kept by digest, so little is lost.
"""

from collections.abc import Callable


class Interrupted(Exception):
    """Something else is wanted; what was begun is begun again later."""


Pause = Callable[[], None]
"""Is called often; raises `Interrupted` when somebody waits."""


def go_on() -> None:
    """A `Pause` for whoever has nobody waiting."""
