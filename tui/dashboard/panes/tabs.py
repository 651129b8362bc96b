"""The panes by their numbers, where there is not room for all of them.

     1 layers   2 statistics   3 chart   4 source   5 log

Those that are shown are reversed; a click on another brings it forward.
"""

from collections.abc import Collection

from textual.widgets import Static

from tui.dashboard.room import PANES


class Tabs(Static):
    def __init__(self) -> None:
        super().__init__(id="tabs")

    def show(self, forward: Collection[str]) -> None:
        """``forward`` are the panes that are seen."""
        self.update(
            "".join(
                f"[{'reverse' if pane in forward else 'not reverse'} "
                f"@click=app.pane('{pane}')] {number} {pane} [/]"
                for number, pane in enumerate(PANES, start=1)
            )
        )
