"""Every key of the dashboard: footer, help page, palette and ``docs/keys.md`` are made from
this.

A new key is a `Key` here, whose action is a method ``action_...`` of the app (`APP_KEYS`),
of the view (`LAYER_KEYS`) or of a screen. Those of an overlay are in ``overlay_keys.py``.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from textual.binding import Binding
from textual.keys import Keys

OFTEN_TAKEN = ("f1", "f10", "f11")
"""Terminals and desktops use these keys themselves: they are bound, but not advertised."""


CHARACTERS = {
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "question_mark": "?",
    "slash": "/",
    "comma": ",",
    "full_stop": ".",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "escape": "esc",
}
"""What a person calls the keys that Textual has a name for."""
REPLACED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Textual's names of characters, where they are not Unicode's."""
NAMED = {key.value for key in Keys}
COMMAND = re.compile(r"\{([a-z0-9-]+)\}")
MODIFIED = re.compile(r"(?:(?:ctrl|alt|shift)\+)+(.+)")


def keys_of(text: str) -> str:
    """Keys as a person writes them, as Textual does: ``s, ?`` is ``s,question_mark``.

    Raises:
        ValueError: one of them is no key.
    """
    return ",".join(_key_of(each.strip()) for each in text.split(","))


def _key_of(text: str) -> str:
    modified = MODIFIED.fullmatch(text)
    last = modified[1] if modified else text
    if len(last) == 1 and last.isprintable() and not last.isspace():
        name = last if last.isalnum() else _unicode_name(last)
        return text.removesuffix(last) + name
    if last not in NAMED | set(CHARACTERS):
        allowed = 's, S, ?, f5, ctrl+s, space, or several with commas; a comma is "comma"'
        raise ValueError(f"has {text!r}, which is no key; allowed are such as {allowed}")
    return text


def _unicode_name(character: str) -> str:
    name = unicodedata.name(character, character).lower()
    name = name.replace("-", "_").replace(" ", "_")
    return REPLACED.get(name, name)


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
            id=self.name if self.group in GROUPS else f"{self.group}.{self.name}",
        )

    @property
    def name(self) -> str:
        """What the config file calls it: ``step-back``."""
        return self.label.replace(" ", "-").replace("/", "-")

    def on(self, keys: str) -> "Key":
        """The same on other keys."""
        return replace(self, keys=keys)

    @property
    def display(self) -> str:
        """As a person would write it."""
        keys = [key for key in self.keys.split(",") if key not in OFTEN_TAKEN]
        return " ".join(CHARACTERS.get(key, key) for key in keys)


STEP, MOVE, LAYERS, VIEW = "Step", "Move", "Layers", "View"
ENGINE, PROGRAM = "Engine", "Program"
GROUPS = (STEP, MOVE, LAYERS, VIEW, ENGINE, PROGRAM)
"""Those of the dashboard itself, whose keys a person may choose."""
HELP = Binding("question_mark,f1", "app.help", "help", id="help")
"""For screens on top of it."""

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
    Key(
        "i",
        "operations",
        "operations",
        "the operations of this layer, on both sides",
        MOVE,
        True,
    ),
    Key("V", "values", "values", "the values of this layer, on both sides", MOVE, True),
    Key("W", "weights", "weights", "each weight of both sides, equal or not", MOVE),
    Key("I", "ends", "in/out", "the input with the error over it, and the outcome", MOVE),
    Key("H", "history", "history", "every save, and what came of it", MOVE),
    Key("A", "align", "aligned", "which PyTorch layer is which MAX module", MOVE),
    Key(
        "1",
        "pane('layers')",
        "layers",
        "the layers; a pane's key once more enlarges it",
        VIEW,
    ),
    Key("2", "pane('statistics')", "statistics", "the layer's statistics and errors", VIEW),
    Key("3", "pane('chart')", "chart", "the error of every layer", VIEW),
    Key("4", "pane('source')", "source", "the source of the layer, MAX and PyTorch", VIEW),
    Key("5", "pane('log')", "log", "what happened", VIEW),
    Key("z", "zoom", "zoom", "enlarge a pane, or shrink it again", VIEW),
    Key("e", "details", "error", "the last error in full", VIEW),
    Key("o", "edit", "edit", "open the source in $EDITOR at this line", VIEW),
    Key("y", "copy_cause", "copy", "copy all root causes, or those mended last", VIEW),
    Key("Y", "copy_statistics", "copy all", "copy the statistics of the layer", VIEW),
    Key("P", "report", "page", "write the same as a page, with the whole run (HTML)", VIEW),
    Key("D", "dump", "dump", "write both sides of the layer for NumPy", VIEW),
    Key("l", "light", "theme", "the next theme: dark, light, high contrast", VIEW),
    Key("r", "again", "again", "reload the source and run it again", ENGINE),
    Key("v", "confirm", "compile", "confirm with the compiled graph (minutes)", ENGINE),
    Key("w", "widen", "float64", "run in float64: a bug, or only rounding?", ENGINE),
    Key("a", "abort", "abort", "stop after this layer; what hangs: at once", ENGINE),
    Key("M", "extend", "extend", "five more minutes for what seems to hang", ENGINE),
    Key("R", "restart", "restart", "restart the engine; it runs as far again", ENGINE),
    Key(
        "E", "controls", "what runs", "other input, model, device, dtype or engine", ENGINE
    ),
    Key("question_mark,f1", "help", "help", "this page", PROGRAM, True),
    Key("ctrl+z", "suspend_process", "suspend", "back to the shell; fg returns", PROGRAM),
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
    Key("h", "only", "filter", "only guilty layers, only changed ones, all", LAYERS),
    Key("O", "order", "order", "in order of computation, by R, by error, by time", LAYERS),
    Key("K", "columns", "columns", "choose the columns of the layers", LAYERS),
]
"""Those about the rows of the layers; the actions are the view's."""

PANE_KEYS = [
    Key("left_square_bracket", "grow(-1, 0)", "narrower", "make this pane narrower", VIEW),
    Key("right_square_bracket", "grow(1, 0)", "wider", "make this pane wider", VIEW),
    Key("left_curly_bracket", "grow(0, -1)", "lower", "make this pane lower", VIEW),
    Key("right_curly_bracket", "grow(0, 1)", "higher", "make this pane higher", VIEW),
    Key("0", "usual_sizes", "usual sizes", "all panes as large as they were", VIEW),
]
"""Those about the panes; the actions are the view's, too."""

KEYS = [
    *(key for key in APP_KEYS if key.group in (STEP, MOVE)),
    *LAYER_KEYS,
    *(key for key in APP_KEYS if key.group == VIEW),
    *PANE_KEYS,
    *(key for key in APP_KEYS if key.group not in (STEP, MOVE, VIEW)),
]
"""Every key of the dashboard itself, in the order of the help page."""


class Keyboard:
    """The keys as a person has them, for whoever names one in a message."""

    def __init__(self, keys: Sequence[Key] = KEYS) -> None:
        self.keys = keys
        self._by_name = {key.name: key for key in keys}

    def of(self, name: str) -> str:
        """The first of those that a command is on."""
        return self._by_name[name].display.partition(" ")[0]

    def told(self, text: str) -> str:
        """A text of ours in which each ``{restart}`` is such a command."""
        return COMMAND.sub(lambda match: self.of(match[1]), text)
