"""Waits until a screen has come to rest, by asking its event loop what is left to do.

Textual's own pilot waits until the process has used next to no processor time for 20 ms.
That takes 20 ms even where there is nothing to do, and ends too early on a busy machine,
where the process is not given the time that it could use. The loop knows better: no
callback is ready, and no timer is about to fire. What is gathered before it is drawn has
such a timer.
"""

import asyncio
from math import inf
from typing import Any

SOON_SECONDS = 0.05
"""Longer than a dashboard under test gathers what it draws, shorter than from one tick of a
clock to the next."""
NEVER_SECONDS = 30


async def wait_until_quiet(*_: float) -> None:
    """Stands in for `textual._wait.wait_for_idle`, whose arguments are not needed.

    Raises:
        AssertionError: there was always something left to do.
    """
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + NEVER_SECONDS
    while loop.time() < end:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        timers = [timer.when() for timer in loop._scheduled if not timer.cancelled()]
        due = min(timers, default=inf) - loop.time()
        if due > SOON_SECONDS:
            return
        await asyncio.sleep(max(due, 0))
    raise AssertionError("the screen is never at rest")
