"""Results that may be wanted again, of which the oldest are forgotten.

Who undoes an edit wants the results from before it at once. Who saves two hundred times
does not want those of the first save. A comparison is some 4 KB, most of it profiles.
"""

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST = 4096
"""Results that are kept, 16 MB: of 90 saves of Whisper's ``tiny`` in which all layers
change, and of 12 of ``large-v3``."""


class Recent(dict[K, V]):
    """A dictionary that holds what was put into it last."""

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > self._most:
            del self[next(iter(self))]
