"""The help page: what R is, what the verdicts mean, and every key."""

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from debug.protocol.verdict import CHANNEL, FRAME, HEAD, LAYER, Verdict
from tui import words
from tui.dashboard.keys import KEYS
from tui.dashboard.room_keys import ROOMS
from tui.dashboard.screens.sheet import Sheet

ABOUT = (
    "Each layer of your MAX graph runs beside the same layer in PyTorch. Save the source "
    "in any editor: the dashboard reloads it and recomputes only the layers that the edit "
    "affects.\n\n"
    "R = the layer's error ÷ PyTorch's own rounding error there, both measured against "
    f"PyTorch in float64. R 1 is as accurate as PyTorch; {words.limits(LAYER)}. A single "
    f"frame or token is ok up to {FRAME.ok_up_to:g}, a head up to {HEAD.ok_up_to:g}, a "
    f"channel up to {CHANNEL.ok_up_to:g}. Mean, std, min and max are shown for "
    "orientation; they never decide.\n\n"
    "isolated: R of the layer when its inputs are PyTorch's, so that errors of earlier "
    "layers don't count. A layer with a bad R that is ok in isolation has a wrong input; "
    "the bug is in an earlier layer.\n\n"
    "The source pane shows MAX's line and PyTorch's line of the same step, each marked ❱. "
    "The mark beside a line is the worst verdict of the layers that it calls.\n"
)

VERDICTS = {
    Verdict.OK: f"only rounding: R up to {LAYER.ok_up_to:g}",
    Verdict.UNSEEN: "no value of its own in the graph: what is around it is compared",
    Verdict.WATCH: f"more than rounding: R up to {LAYER.watch_up_to:g}",
    Verdict.DIVERGED: f"wrong: R above {LAYER.watch_up_to:g}",
    Verdict.INVALID: "another shape or dtype, or NaN or Inf",
    Verdict.MISSING: "nowhere in the MAX graph, and what is around it is wrong",
}
OTHERS = {
    "⇐": "this layer's value is replaced by PyTorch's",
    "enter, click": "run to the layer, if it has not been computed",
    "ctrl+p": "every command by name",
}


class HelpScreen(Sheet):
    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="sheet"):
            yield Static(ABOUT, markup=False)
            yield Static(_verdicts())
            yield Static(_keys())


def _verdicts() -> Table:
    table = Table.grid(padding=(0, 2))
    for verdict, meaning in VERDICTS.items():
        table.add_row(words.verdict(verdict), meaning)
    return table


def _keys() -> Table:
    table = Table.grid(padding=(0, 2))
    group = ""
    for key in (*KEYS, *(key for _, keys in ROOMS for key in keys)):
        if key.group != group:
            group = key.group
            table.add_row("", "")
            table.add_row(Text(group, "bold"), "")
        table.add_row(key.display, key.help)
    for mark, meaning in OTHERS.items():
        table.add_row(mark, meaning)
    return table
