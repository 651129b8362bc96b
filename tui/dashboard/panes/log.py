"""What has happened, in order, with the time of day."""

import time
from collections import deque

from rich.text import Text
from textual.widgets import RichLog

from tui.dashboard.selectable import Selectable

MAX_LINES = 1000


class LogPane(Selectable, RichLog):
    BORDER_TITLE = "log"

    def __init__(self) -> None:
        super().__init__(
            id="log", max_lines=MAX_LINES, min_width=0, markup=False, wrap=True
        )
        self._said: deque[Text] = deque(maxlen=MAX_LINES)
        self._width = 0

    def say(self, text: str, style: str = "") -> None:
        stamp = time.strftime("%H:%M:%S")
        self._said.append(Text.assemble((f"{stamp} ", "dim"), (text, style)))
        if self._width:
            self.write(self._said[-1])

    def on_resize(self) -> None:
        """Wraps everything again; while the pane is hidden it has no width to wrap to."""
        if self.size.width != self._width:
            self._width = self.size.width
            self.clear()
            for text in self._said if self._width else ():
                self.write(text)
