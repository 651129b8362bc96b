"""Every key of the dashboard: footer, help page, palette and ``docs/keys.md`` are made from
this.

A new key is a `Key` here, whose action is a method ``action_...`` of the app (`APP_KEYS`),
of the view (`LAYER_KEYS`) or of a screen.
"""

from dataclasses import dataclass

from textual.binding import Binding

OFTEN_TAKEN = ("f1", "f10", "f11")
"""Terminals and desktops use these keys themselves: they are bound, but not advertised."""


@dataclass(frozen=True)
class Key:
    keys: str
    """One or several, as Textual names them, with commas between."""
    action: str
    label: str
    """A word for the footer and the command palette."""
    help: str
    group: str
    shown: bool = False
    """In the footer."""

    def binding(self) -> Binding:
        return Binding(
            self.keys,
            self.action,
            self.label,
            tooltip=self.help,
            show=self.shown,
            id=self.action.replace("(", ".").replace(")", "").replace("'", ""),
        )

    @property
    def display(self) -> str:
        """As a person would write it."""
        names = {
            "less_than_sign": "<",
            "greater_than_sign": ">",
            "plus": "+",
            "equals_sign": "=",
            "minus": "-",
            "question_mark": "?",
            "slash": "/",
            "comma": ",",
            "full_stop": ".",
            "escape": "esc",
        }
        keys = [key for key in self.keys.split(",") if key not in OFTEN_TAKEN]
        return " ".join(names.get(key, key) for key in keys)


STEP, MOVE, LAYERS, VIEW = "Step", "Move", "Layers", "View"
ENGINE, PROGRAM = "Engine", "Program"

APP_KEYS = [
    Key("s,f11", "step", "step", "run the next layer, then stop", STEP, True),
    Key("n,f10", "next", "next", "step over the parts of a block", STEP, True),
    Key("f", "finish", "finish", "run to the end of this block", STEP),
    Key("c,f5", "resume", "cont", "run to the next breakpoint or the end", STEP, True),
    Key("t", "run_to", "run to", "run to the selected layer", STEP),
    Key("S", "step_back", "step back", "the previous layer", STEP),
    Key("N", "next_back", "next back", "the previous layer, over a block", STEP),
    Key("F", "finish_back", "block start", "the first layer of this block", STEP),
    Key("C", "resume_back", "continue back", "the previous breakpoint, or the start", STEP),
    Key(
        "p",
        "inject",
        "replace",
        "replace MAX's value here by PyTorch's, or undo that",
        STEP,
    ),
    Key("b,f9", "breakpoint", "break", "set or clear a breakpoint here", STEP, True),
    Key("x", "root_cause(1)", "cause", "the first root cause, then the next", MOVE, True),
    Key("X", "root_cause(-1)", "previous cause", "the root cause before", MOVE),
    Key("u", "outer", "out", "select the block that this layer is in", MOVE),
    Key("d", "inner", "in", "select the first part of this block", MOVE),
    Key("i", "inspect", "ops", "the operations of this layer, on both sides", MOVE, True),
    Key("V", "values", "values", "the values of this layer, on both sides", MOVE, True),
    Key("W", "weights", "weights", "each weight of both sides, equal or not", MOVE),
    Key("I", "ends", "in/out", "the input with the error over it, and the outcome", MOVE),
    Key("H", "history", "saves", "every save, and what came of it", MOVE, True),
    Key("A", "align", "aligned", "which PyTorch layer is which MAX module", MOVE),
    Key("1", "pane('layers')", "layers", "the layers", VIEW),
    Key("2", "pane('statistics')", "numbers", "the layer's statistics and errors", VIEW),
    Key("3", "pane('chart')", "chart", "the error of every layer", VIEW),
    Key("4", "pane('source')", "source", "the source of the layer, MAX and PyTorch", VIEW),
    Key("5", "pane('log')", "log", "what happened", VIEW),
    Key("z", "zoom", "zoom", "enlarge a pane, or shrink it again", VIEW),
    Key("e", "details", "error", "the last error in full", VIEW),
    Key("o", "edit", "edit", "open the source in $EDITOR at this line", VIEW),
    Key("y", "copy_cause", "copy", "copy the root cause with its file and line", VIEW),
    Key("Y", "copy_numbers", "copy all", "copy the numbers of the layer", VIEW),
    Key("P", "report", "page", "write this run as a page (HTML)", VIEW),
    Key("D", "dump", "dump", "write both sides of the layer for NumPy", VIEW),
    Key("l", "light", "light/dark", "switch between light and dark", VIEW),
    Key("r", "again", "again", "reload the source and run it again", ENGINE),
    Key("v", "confirm", "compile", "confirm with the compiled graph (minutes)", ENGINE),
    Key("w", "widen", "float64", "run in float64: a bug, or only rounding?", ENGINE),
    Key("a", "abort", "abort", "stop after this layer; twice: kill the engine", ENGINE),
    Key("R", "restart", "restart", "restart the engine; it runs as far again", ENGINE),
    Key("question_mark,f1", "help", "help", "this page", PROGRAM, True),
    Key("q", "quit", "quit", "leave the dashboard", PROGRAM, True),
]

LAYER_KEYS = [
    Key("j", "cursor(1)", "down", "select the next layer", MOVE),
    Key("k", "cursor(-1)", "up", "select the previous layer", MOVE),
    Key("g", "first", "first", "select the first layer", MOVE),
    Key("G", "last", "last", "select the last layer", MOVE),
    Key("slash", "search", "search", "find a layer by name", MOVE),
    Key("full_stop", "search_again(1)", "next hit", "the next match", MOVE),
    Key("comma", "search_again(-1)", "previous hit", "the previous match", MOVE),
    Key("space", "fold", "fold", "fold the block, or the one around, or unfold it", LAYERS),
    Key("Z", "fold_equal", "fold equal", "fold all equal blocks, or unfold all", LAYERS),
    Key("h", "only", "only", "only guilty layers, only changed ones, all", LAYERS),
    Key("O", "order", "order", "in order of computation, by R, by error, by time", LAYERS),
    Key("K", "columns", "columns", "choose the columns of the layers", LAYERS),
]
"""Those about the rows of the layers; the actions are the view's."""

KEYS = [
    *(key for key in APP_KEYS if key.group in (STEP, MOVE)),
    *LAYER_KEYS,
    *(key for key in APP_KEYS if key.group not in (STEP, MOVE)),
]
"""Every key of the dashboard itself, in the order of the help page."""
