"""How signals and ctrl+c end the dashboard: in order, or at once without a terminal.

In order, the terminal is given back as it was, and the engines are ended. But a write to a
terminal that is gone may wait for ever, and then nothing of that happens. So another
thread sees to the end, if it has not come in time.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Timer
from types import FrameType

from textual.app import App

from tui.dashboard.engine_link import EngineLink

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""Signals that end the dashboard as a key would."""
ENDING_SECONDS = 3.0
"""For an end in order."""
AGAIN_SECONDS = 3.0
"""Within which ctrl+c is pressed once more by whoever means it."""


class Leaving:
    """Hears the signals from when it is made until `over`."""

    def __init__(
        self, leave: Callable[[int], object], kill: Callable[[], None], has_terminal: bool
    ) -> None:
        """
        Args:
            leave: ends in order, with an exit status; called by the running loop.
            kill: ends the engines at once.
            has_terminal: whether there is one to wait for.
        """
        self._leave, self._kill, self._has_terminal = leave, kill, has_terminal
        self._is_ready = False
        self._status: int | None = None
        """With which to leave, once a signal has come."""
        self._timers: list[Timer] = []
        self._loop = asyncio.get_running_loop()
        self._before = {each: signal.signal(each, self._end) for each in ENDING}

    def ready(self) -> None:
        """All panes are there; who leaves before would have some looked for in vain."""
        self._is_ready = True
        if self._status is not None:
            self._leave(self._status)

    def over(self) -> None:
        """It has ended in order."""
        for timer in self._timers:
            timer.cancel()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _end(self, number: int, _: FrameType | None) -> None:
        status = 128 + number
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._leave_with, status)
        if self._has_terminal:
            timer = Timer(ENDING_SECONDS, self._end_at_once, (status,))
            timer.daemon = True
            timer.start()
            self._timers.append(timer)

    def _leave_with(self, status: int) -> None:
        self._status = status
        if self._is_ready:
            self._leave(status)

    def _end_at_once(self, status: int) -> None:
        self._kill()
        os._exit(status)


class LeftInOrder(App[int]):
    """An app that signals end. Its `link` has the engines."""

    link: EngineLink
    leaving: Leaving | None = None
    """While it runs."""
    _interrupted = -AGAIN_SECONDS
    """When ctrl+c was pressed last."""

    def on_load(self) -> None:
        """Before the terminal is taken: from here on it must be given back."""
        self.leaving = Leaving(self.exit, self.link.kill, not self.is_headless)

    def on_ready(self) -> None:
        if self.leaving is not None:
            self.leaving.ready()

    def on_unmount(self) -> None:
        if self.is_headless:
            self.left()

    def left(self) -> None:
        """To be called once it has run: to give back a terminal that is gone may take for
        ever, too."""
        if self.leaving is not None:
            self.leaving.over()

    def action_help_quit(self) -> None:
        """Ctrl+c, where nothing is selected that it would copy. A hand that is used to it
        from other programs must not lose a session; pressed again, it is meant."""
        now = time.monotonic()
        if now - self._interrupted < AGAIN_SECONDS:
            self.exit(128 + signal.SIGINT)
            return
        self._interrupted = now
        quits = self.link.state.keyboard.of("quit")
        self.notify(f"ctrl+c once more, or {quits}, leaves", timeout=AGAIN_SECONDS)
