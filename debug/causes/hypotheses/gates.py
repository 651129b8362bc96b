"""The known mistakes of a gated linear unit: one half of the channels opens the other.

PyTorch's ``glu`` multiplies the first half with the sigmoid of the second (Dauphin et al.,
Language Modeling with Gated Convolutional Networks, 2017). Ports write it out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from debug.causes.hypotheses.activations import ACTIVATIONS
from debug.causes.hypotheses.mistake import Called, Mistake
from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Replacement

Gated = Callable[[Tensor, Tensor], Tensor]
"""Of the first half, and the gate before its activation."""


def gates(_: Called) -> Iterator[Mistake]:
    others: dict[str, tuple[str, Gated]] = {
        "halves": (
            "the first half is the gate, PyTorch's is the second",
            lambda x, gate: gate * x.sigmoid(),
        ),
        "open": ("the gate is left out", lambda x, gate: x),
        "linear": ("the sigmoid of the gate is left out", lambda x, gate: x * gate),
        "sum": ("the gate is added, not multiplied with", lambda x, g: x + g.sigmoid()),
    }
    for name, function in ACTIVATIONS.items():
        if name != "sigmoid":
            by = lambda x, gate, f=function: x * f(gate)  # noqa: E731
            others[name] = f"{name} of the gate instead of sigmoid", by
    for kind, (text, gated) in others.items():
        yield Mistake(("gate", kind), text, _with(gated))
    for kind, text, gated in (
        ("neighbours", "", lambda x, gate: x * gate.sigmoid()),
        ("neighbours exchanged", ", the first of them", lambda x, g: g * x.sigmoid()),
    ):
        told = f"every second channel is the gate{text}, PyTorch's the second half"
        yield Mistake(("gate", kind), told, _with(gated, neighbours=True))


def _with(gated: Gated, neighbours: bool = False) -> Replacement:
    def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        given = by_name("glu", args, kwargs)
        axis = given["dim"] % given["x"].ndim
        sizes = (-1, 2) if neighbours else (2, -1)
        parts = given["x"].unflatten(axis, sizes)
        return gated(*parts.unbind(axis + 1 if neighbours else axis))

    return call
