"""The known mistakes of LSTMs and GRUs, which a port unrolls."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake
from debug.reference.recording import Element, Replacement
from debug.reference.recurrent import (
    GATES,
    Cell,
    Gates,
    Of,
    Seen,
    Way,
    lstm_step,
    recurrence,
)


def recurrences(called: Called) -> Iterator[Mistake]:
    """Of ``torch.lstm`` and ``torch.gru``, whose first result is that of all steps."""
    function = called.step.function
    if not isinstance(function, Element) or function.number or len(called.step.args) != 9:
        return
    kind, gates = called.name, GATES[called.name]
    for order in permutations(range(len(gates))):
        if list(order) != sorted(order):
            taken = ", ".join(gates[n] for n in order)
            text = f"the gates are in the order {taken}; PyTorch's are {', '.join(gates)}"
            # What is taken for PyTorch's gate n is where n stands in the other order.
            places = tuple(order.index(n) for n in range(len(order)))
            yield _mistake(kind, ("gates", *order), text, Way(order=places))
    biased, layers, both_ways = (
        called.step.args[3],
        called.step.args[4],
        called.step.args[7],
    )
    for bias, of in (("ih", "input"), ("hh", "state")) if biased else ():
        text = f"the {of}'s biases, bias_{bias}, are left out"
        yield _mistake(kind, ("left out", f"bias_{bias}"), text, Way(without=bias))
    for name, (text, step) in (LSTM if kind == "lstm" else GRU).items():
        yield _mistake(kind, (kind, name), text, Way(step))
    if both_ways:
        text = "the second direction's results are not put back into the order of steps"
        yield _mistake(kind, ("direction", "not put back"), text, Way(put_back=False))
        text = "the second direction begins with the first step, as the first does"
        yield _mistake(kind, ("direction", "not turned"), text, Way(turned=False))
        every = range(layers)
        for some in ([*every], *([n] for n in every if layers > 1)):
            where = "" if len(some) == layers else f" in layer {some[0]}"
            text = f"the directions are joined in the other order{where}"
            yield _mistake(kind, ("joined", *some), text, Way(exchanged=frozenset(some)))


def _mistake(kind: str, key: tuple[str | float, ...], text: str, way: Way) -> Mistake:
    def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        found = recurrence(kind, args, kwargs)
        if found is None:
            raise ValueError("a recurrence of another form")
        return found.result(way)

    replacement: Replacement = call
    return Mistake(key, text, replacement)


# -- Steps that are computed otherwise ---------------------------------------------------


def _without_tanh(x: Gates, of: Of, h: Tensor, c: Tensor, seen: Seen):
    i, f, g, o = _sums(x, of, h)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c, c


def _forgetting_less(x: Gates, of: Of, h: Tensor, c: Tensor, seen: Seen):
    return lstm_step([x[0], x[1] + 1, *x[2:]], of, h, c, seen)


def _of_state(x: Gates, of: Of, h: Tensor, c: Tensor, seen: Seen):
    return lstm_step(x, of, h, h, seen)


def _all_sigmoid(x: Gates, of: Of, h: Tensor, c: Tensor, seen: Seen):
    i, f, g, o = _sums(x, of, h)
    c = f.sigmoid() * c + i.sigmoid() * g.sigmoid()
    return o.sigmoid() * c.tanh(), c


def _reset_before(x: Gates, of: Of, h: Tensor, c: Tensor, seen: Seen):
    state = of(h)
    r, z = (x[0] + state[0]).sigmoid(), (x[1] + state[1]).sigmoid()
    n = (x[2] + of(r * h)[2]).tanh()
    return (1 - z) * n + z * h, c


def _updated_less(x: Gates, of: Of, h: Tensor, c: Tensor, seen: Seen):
    r, z, n = _gru(x, of, h)
    del r
    return z * n + (1 - z) * h, c


def _without_reset(x: Gates, of: Of, h: Tensor, c: Tensor, seen: Seen):
    state = of(h)
    z = (x[1] + state[1]).sigmoid()
    return (1 - z) * (x[2] + state[2]).tanh() + z * h, c


def _sums(x: Gates, of: Of, h: Tensor) -> list[Tensor]:
    return [a + b for a, b in zip(x, of(h), strict=True)]


def _gru(x: Gates, of: Of, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    state = of(h)
    r, z = (x[0] + state[0]).sigmoid(), (x[1] + state[1]).sigmoid()
    return r, z, (x[2] + r * state[2]).tanh()


LSTM: Mapping[str, tuple[str, Cell]] = {
    "tanh": ("tanh of the cell's state is left out", _without_tanh),
    "forget": ("1 is added to the forget gate", _forgetting_less),
    "state": ("the state h is kept in place of the cell's state c", _of_state),
    "sigmoid": ("sigmoid instead of tanh in the cell's gate", _all_sigmoid),
}
GRU: Mapping[str, tuple[str, Cell]] = {
    "reset before": (
        "the state is reset before its product; PyTorch's product is reset",
        _reset_before,
    ),
    "update": ("the update gate keeps the new state, PyTorch's the old one", _updated_less),
    "reset": ("the reset gate is left out", _without_reset),
}
"""Each with what is said of it."""
