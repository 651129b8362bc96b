"""The keys of each overlay, which mean something else there than in the dashboard."""

from tui.dashboard.keys import Key

ELEMENT, SIGHT = "In the values: the element", "In the values: the sight"

VALUES_KEYS = [
    Key("w", "worst", "worst", "the element that is off by most", ELEMENT, True),
    Key("less_than_sign", "aside(-1)", "aside", "back along an axis not shown", ELEMENT),
    Key("greater_than_sign", "aside(1)", "aside", "on along an axis not shown", ELEMENT),
    Key("j", "layer(1)", "layer", "the next layer that has run", ELEMENT, True),
    Key("k", "layer(-1)", "layer before", "the layer before", ELEMENT),
    Key("i", "alone", "isolated", "on PyTorch's input, or in the run", SIGHT, True),
    Key("t", "turn", "turn", "the next pair of axes", SIGHT, True),
    Key("plus,equals_sign", "zoom(2)", "zoom", "a smaller part of the map", SIGHT),
    Key("minus", "zoom(0.5)", "zoom out", "a larger part of the map", SIGHT),
    Key("1", "pane('excerpt')", "numbers", "the numbers around the element", SIGHT),
    Key("2", "pane('error-map')", "map", "the error over two axes", SIGHT, True),
    Key("3", "pane('spread')", "spread", "histograms, line and quantiles", SIGHT, True),
    Key("4", "pane('worst')", "slices", "the worst channels, frames, heads", SIGHT, True),
    Key("5", "pane('scatter')", "scatter", "MAX's values over PyTorch's", SIGHT, True),
    Key("Y", "copy", "copy", "copy the numbers that are shown", SIGHT),
    Key("escape,q,V", "close", "close", "back to the layers", SIGHT, True),
]
"""Those of the screen of a layer's values. Arrows move the element, by a cell of the map
where that has the focus; with shift, or page up and down, by what is shown."""

SAVES = "In the history"

HISTORY_KEYS = [
    Key("space", "mark", "compare", "compare others with this save", SAVES, True),
    Key("s", "whole", "source", "the source of the save, or what differs", SAVES, True),
    Key("y", "copy_cause", "copy cause", "copy the root causes of the save", SAVES, True),
    Key("P", "report", "page", "write the save as a page (HTML)", SAVES, True),
    Key("w", "restore", "restore", "write the save's source to a new file", SAVES, True),
    Key("1", "pane('saves')", "saves", "the saves", SAVES),
    Key("2", "pane('difference')", "diff", "what the two saves differ in", SAVES, True),
    Key("3", "pane('became')", "results", "what became of the save", SAVES, True),
    Key("Y", "copy", "copy", "copy the difference, or the source", SAVES),
    Key("escape,q,H", "close", "close", "back to the layers", SAVES, True),
]
"""Those of the screen of all saves."""

CODE = "In the operations"

OPERATIONS_KEYS = [
    Key("j", "layer(1)", "layer", "the operations of the next layer", CODE, True),
    Key("k", "layer(-1)", "layer before", "those of the layer before", CODE, True),
    Key("Y", "copy", "copy", "copy the table", CODE, True),
    Key("escape,q,i", "close", "close", "back to the layers", CODE, True),
]
"""Those of the screen of a layer's operations."""

HELD = "In the weights"

WEIGHTS_KEYS = [
    Key("h", "only", "filter", "only those that are not equal, or all", HELD, True),
    Key("Y", "copy", "copy", "copy the table", HELD, True),
    Key("escape,q,W", "close", "close", "back to the layers", HELD, True),
]
"""Those of the screen of all weights; enter leads to the layer that holds one."""

ENDS = "In the input and the outcome"

ENDS_KEYS = [
    Key("j", "layer(1)", "layer", "the error of the next layer over time", ENDS, True),
    Key("k", "layer(-1)", "layer before", "that of the layer before", ENDS, True),
    Key("1", "pane('ends-input')", "input", "the input", ENDS, True),
    Key("2", "pane('ends-outcome')", "outcome", "the outcome", ENDS, True),
    Key("Y", "copy", "copy", "copy the outcome of both sides", ENDS, True),
    Key("escape,q,I", "close", "close", "back to the layers", ENDS, True),
]
"""Those of the screen of both ends of the model."""

OVERLAYS = [
    ("the values of a layer (`V`), where arrows move the element", VALUES_KEYS),
    ("the operations of a layer (`i`)", OPERATIONS_KEYS),
    ("the input and the outcome (`I`)", ENDS_KEYS),
    ("the history (`H`)", HISTORY_KEYS),
    ("the weights (`W`), where enter leads to the layer that holds one", WEIGHTS_KEYS),
]
"""The keys of each screen of its own, with what it is called after "in"."""
