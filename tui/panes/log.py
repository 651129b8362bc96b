"""What happened, in order, with the time of day."""

import time

from rich.text import Text
from textual.widgets import RichLog

MAX_LINES = 2000


class LogPane(RichLog):
    BORDER_TITLE = "log"

    def __init__(self) -> None:
        super().__init__(
            id="log", max_lines=MAX_LINES, min_width=0, markup=False, wrap=True
        )

    def say(self, text: str, style: str = "") -> None:
        stamp = time.strftime("%H:%M:%S")
        self.write(Text.assemble((f"{stamp} ", "dim"), (text, style)))
