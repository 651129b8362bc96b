"""How hard a bug is to find by reading: from a step that is missing to weights that lie.

1  one step of one layer is wrong, and the line looks it
2  the line looks right: a number, an order, an axis, a place
3  nothing in the line is wrong, or several lines are, or it hides in rounding
"""

from core.practice.bugs import Bug

KINDS = {
    1: (
        *("layer left out", "residual", "activation", "softmax", "factor", "bias"),
        *("epsilon", "norm", "added vector", "offset", "absolute value", "mask"),
        *("input", "temperature", "soft cap", "clamp", "threshold", "step too many"),
    ),
    2: (
        *("norm place", "order of steps", "number mistyped", "power", "kernel", "padding"),
        *("stride and frames", "head split", "order of heads", "positions"),
        *("positions computed", "wrong slice", "copied slice", "silent part"),
        *("transposed value", "transposed weight", "number used twice"),
        *("called again", "positions added", "parentheses"),
    ),
    3: (
        *("wrong weight", "layers exchanged", "one use only", "precision", "quantised"),
        *("rounding in all products", "several layers", "two in one layer"),
    ),
}
LEVELS = tuple(KINDS)


def level_of(bug: Bug) -> int:
    return next(level for level, kinds in KINDS.items() if bug.kind in kinds)
