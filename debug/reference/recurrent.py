"""PyTorch's LSTM and GRU, written out step by step.

PyTorch computes all steps, layers and directions in one function. A port unrolls them, and
goes wrong within: gates in another order, a bias too few, a direction that is not put back.
So what that function computes on the way is offered to be found, and it can be run with a
mistake in it. With x and h the products of a step's input and of the state before, parted
into gates ::

    LSTM    c = sigmoid(f) c + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c)
    GRU     n = tanh(x_n + sigmoid(r) h_n), h = (1 - sigmoid(z)) n + sigmoid(z) h

The formulas and the order of the gates are those of ``torch.nn.LSTM`` and ``torch.nn.GRU``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

GATES: Mapping[str, tuple[str, ...]] = {
    "lstm": ("input", "forget", "cell", "output"),
    "gru": ("reset", "update", "new"),
}
NAMED_STEPS = 2
"""Of each layer and direction: from then on a step is as the one before."""

Gates = Sequence[Tensor]
Of = Callable[[Tensor], Gates]
"""What a state contributes to the gates, with its bias."""
Seen = Callable[[str, Tensor], None]
"""Is told what is computed on the way."""
Cell = Callable[[Gates, Of, Tensor, Tensor, Seen], tuple[Tensor, Tensor]]
"""A step: of the input's gates, the state's, the state h and the cell's state c."""


def lstm_step(x: Gates, of: Of, h: Tensor, c: Tensor, seen: Seen) -> tuple[Tensor, Tensor]:
    i, f, g, o = (a + b for a, b in zip(x, of(h), strict=True))
    seen("the input gate", i := i.sigmoid())
    seen("the forget gate", f := f.sigmoid())
    seen("the cell's gate", g := g.tanh())
    seen("the output gate", o := o.sigmoid())
    seen("the cell's state", c := f * c + i * g)
    return o * c.tanh(), c


def gru_step(x: Gates, of: Of, h: Tensor, c: Tensor, seen: Seen) -> tuple[Tensor, Tensor]:
    state = of(h)
    seen("the reset gate", r := (x[0] + state[0]).sigmoid())
    seen("the update gate", z := (x[1] + state[1]).sigmoid())
    seen("the new state's part of the input", x[2])
    seen("the new state's part of the state before", state[2])
    seen("the new state", n := (x[2] + r * state[2]).tanh())
    return (1 - z) * n + z * h, c


STEPS: Mapping[str, Cell] = {"lstm": lstm_step, "gru": gru_step}


@dataclass(frozen=True)
class Way:
    """How a recurrence is computed; without arguments as PyTorch does."""

    step: Cell | None = None
    order: tuple[int, ...] = ()
    """Which of PyTorch's gates each gate is taken for."""
    without: str = ""
    """The bias that is left out: ``ih`` or ``hh``."""
    turned: bool = True
    """Whether the second direction begins with the last step."""
    put_back: bool = True
    """Whether its results are in the order of the steps again."""
    exchanged: frozenset[int] = frozenset()
    """The layers whose directions are joined the other way round."""


@dataclass(frozen=True)
class Recurrence:
    """One call of ``torch.lstm`` or ``torch.gru``."""

    kind: str
    x: Tensor
    """(steps, batch, channels), or with the batch first."""
    states: tuple[Tensor, ...]
    """At the beginning, each (layers × directions, batch, channels)."""
    weights: Sequence[Tensor]
    has_biases: bool
    layers: int
    both_ways: bool
    batch_first: bool

    def result(self, way: Way = Way(), seen: Seen = lambda name, value: None) -> Tensor:
        """What all steps return, as PyTorch lays it out."""
        out = self.x.transpose(0, 1) if self.batch_first else self.x
        for layer in range(self.layers):
            directions = range(1 + self.both_ways)
            found = [self._direction(out, layer, back, way, seen) for back in directions]
            if layer in way.exchanged:
                found.reverse()
            out = torch.cat(found, -1)
            seen(f"the result of layer {layer}", out)
        return out.transpose(0, 1) if self.batch_first else out

    def _direction(self, x: Tensor, layer: int, back: int, way: Way, seen: Seen) -> Tensor:
        each = 4 if self.has_biases else 2
        number = layer * (1 + self.both_ways) + back
        of_input, of_state, *biases = self.weights[number * each : (number + 1) * each]
        for_input, for_state = biases or (None, None)
        step = way.step or STEPS[self.kind]
        gates = len(GATES[self.kind])

        def parted(value: Tensor, bias: Tensor | None, name: str) -> Gates:
            value = value if bias is None or way.without == name else value + bias
            parts = value.chunk(gates, -1)
            return [parts[n] for n in way.order] if way.order else parts

        def of(state: Tensor) -> Gates:
            return parted(state @ of_state.T, for_state, "hh")

        h, c = self.states[0][number], self.states[-1][number]
        backwards = bool(back and way.turned)
        found: list[Tensor] = []
        for place, row in enumerate(x.flip(0) if backwards else x):
            named = place < NAMED_STEPS
            tell = seen if named else lambda name, value: None
            given = parted(row @ of_input.T, for_input, "ih")
            if named:
                from_input, from_state = torch.cat([*given], -1), torch.cat([*of(h)], -1)
                tell("the input's part of all gates", from_input)
                tell("the state's part of all gates", from_state)
                tell("all gates before their activations", from_input + from_state)
            h, c = step(given, of, h, c, tell)
            tell("the state", h)
            found.append(h)
        all_steps = torch.stack(found)
        seen("all states, in the order of their computation", all_steps)
        return all_steps.flip(0) if backwards and way.put_back else all_steps


def recurrence(
    kind: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Recurrence | None:
    """A call of PyTorch's function; None for one of another form, as for sequences of
    different lengths."""
    if kwargs or len(args) != 9 or not isinstance(args[2], list | tuple):
        return None
    x, states, weights, has_biases, layers, _, _, both_ways, batch_first = args
    states = tuple(states) if isinstance(states, list | tuple) else (states,)
    count = layers * (1 + both_ways) * (4 if has_biases else 2)
    if len(weights) != count or x.ndim != 3:  # projections have more
        return None
    made = tuple(states), weights, has_biases, layers, both_ways, batch_first
    return Recurrence(kind, x, *made)
