"""How both programs end: with an exit status and at most one line, whatever ended them."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from debug.protocol.diagnostic import Problem
from tui.settings import complain
from tui.streams import usable_streams

BROKEN_PIPE = 141
"""128 and the signal's number, as a shell counts."""
ENDING = (signal.SIGTERM, signal.SIGHUP)
"""What ends a program from outside, and gives it time to put everything in order."""


def run_program(name: str, run: Callable[[], int]) -> int:
    """Runs a program; its exit status."""
    try:
        with _ended_in_order(), usable_streams():
            return run()
    except Problem as problem:
        return complain(name, problem.diagnostic)
    except BrokenPipeError:  # such as | head
        return BROKEN_PIPE


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Has children, temporary files and the cursor taken care of before an end."""

    def end(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = {each: signal.signal(each, end) for each in ENDING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
