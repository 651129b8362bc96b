"""Lets a function that calls back be asked for one call at a time.

A model's run can't be stopped from outside: hooks are called when a layer returns, and the
model goes on when the hook does. Here the run has a thread of its own, which waits in the
hook until the next call is asked for. So two runs of one model can go through its layers
together, and of neither more need be kept than the layer at which both are::

    for layer, exact in turns(run_in_float64):
        rounded = next(run_in_float32)
"""

import sys
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


class _Dropped(BaseException):
    """Nobody asks for more: ends the function from within, past its own handlers."""


class _Turn(threading.Thread):
    asked_by: FrameType | None = None


def frame_before(frame: FrameType) -> FrameType | None:
    """What called a function; of the first one of such a thread, who asked for the run."""
    if frame.f_back is None:
        thread = threading.current_thread()
        return thread.asked_by if isinstance(thread, _Turn) else None
    return frame.f_back


def turns(work: Callable[[Callable[[T], None]], None]) -> Generator[T, None, None]:
    """What a function hands over, in order. Closing the generator ends the function.

    Args:
        work: is called with a function, to which it hands over one thing after the other.
            What it raises is raised here.
    """
    asked, answered = threading.Semaphore(0), threading.Semaphore(0)
    handed: list[T] = []
    raised: list[BaseException] = []
    is_over = is_dropped = False

    def wait() -> None:
        asked.acquire()
        if is_dropped:
            raise _Dropped

    def hand_over(each: T) -> None:
        handed.append(each)
        answered.release()
        wait()

    def run() -> None:
        nonlocal is_over
        try:
            wait()
            work(hand_over)
        except BaseException as error:
            raised.append(error)
        is_over = True
        answered.release()

    thread = _Turn(target=run, daemon=True)
    thread.asked_by = sys._getframe(1)
    thread.start()
    try:
        while True:
            asked.release()
            answered.acquire()
            if is_over:
                break
            yield handed.pop()
    finally:
        is_dropped = True
        asked.release()
        thread.join()
        thread.asked_by = None
    if raised:
        raise raised[0]
