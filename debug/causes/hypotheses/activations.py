"""Another activation than the right one, whether that is one function or written out.

Models write activations out: GPT-2's GELU is eight products and sums, of which a port has
none when it calls another GELU. So a value that is made of one other value element by
element is compared with every activation that is known; if it is one of them, all others
may have been taken instead.
"""

from collections.abc import Callable, Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.mistake import Mistake
from debug.reference.recording import Recording, Step, ValueId

TOLERANCE = 1e-9
"""How far, at most, a value in float64 is from an activation that it is."""

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "GELU by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "GELU by sigmoid (quick)": lambda x: x * (1.702 * x).sigmoid(),
    "GELU by erf": F.gelu,
    "ReLU": F.relu,
    "SiLU": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "squared ReLU": lambda x: F.relu(x).square(),
    "hard swish": F.hardswish,
    "Mish": F.mish,
    "softplus": F.softplus,
}

ROOT_OF_HALF = 0.5**0.5
GELU_GONE_WRONG: Mapping[str, Callable[[Tensor], Tensor]] = {
    "GELU: x / 2 and erf are added, not multiplied": (
        lambda x: 0.5 * x + (x * ROOT_OF_HALF).erf()
    ),
    "GELU: the root of a half is multiplied with erf, not within it": (
        lambda x: 0.5 * x * (1 + x.erf() * ROOT_OF_HALF)
    ),
    "GELU: 1 is not added to erf": lambda x: 0.5 * x * (x * ROOT_OF_HALF).erf(),
    "GELU: erf is subtracted from 1, not added": (
        lambda x: 0.5 * x * (1 - (x * ROOT_OF_HALF).erf())
    ),
    "GELU: what is in parentheses is not multiplied with x": (
        lambda x: 0.5 * (1 + (x * ROOT_OF_HALF).erf())
    ),
    "GELU: tanh in place of erf, of the same number": (
        lambda x: 0.5 * x * (1 + (x * ROOT_OF_HALF).tanh())
    ),
}
"""A formula of a few terms, 0.5 x (1 + erf(x / sqrt(2))), and one of them is elsewhere."""


def mistaken(name: str) -> Iterator[Mistake]:
    """What may be done instead of an activation, with its argument as the first one."""
    kind = name.split(" ")[0]
    others: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
        "left out": (f"{kind} is left out", lambda x: x),
    }
    right = ACTIVATIONS[name]
    if name != "ReLU":  # of which twice is once
        others["twice"] = f"{kind} is applied twice", lambda x: right(right(x))
    for other, function in ACTIVATIONS.items():
        if other != name:
            others[other] = f"{other} instead of {_told_apart(name, other)}", function
    if name == "GELU by erf":
        others |= {text: (text, made) for text, made in GELU_GONE_WRONG.items()}
    for key, (text, function) in others.items():
        there = (name, key) if key in ACTIVATIONS else (None, None)
        call = lambda args, _, f=function: f(args[0])  # noqa: E731
        yield Mistake((kind, key), text, call, right=there[0], wrong=there[1])


def _told_apart(name: str, other: str) -> str:
    """The short name, unless both are of one kind: ``erf`` in ``GELU by tanh, not erf``."""
    kind, _, way = name.partition(" by ")
    return way if way and other.startswith(kind) else kind


def written_out(step: Step, recording: Recording) -> tuple[str, ValueId] | None:
    """The activation that a step completes, and the value that it is of."""
    value = recording.values[step.result]
    if not value.is_floating_point() or len(recording.leading_to(step.result)) < 2:
        return None
    source = _only_source(step, recording)
    if source is None:
        return None
    x = recording.values[source]
    limit = TOLERANCE * max(value.norm().item(), 1.0)
    for name, function in ACTIVATIONS.items():
        if (function(x) - value).norm().item() <= limit:
            return name, source
    return None


def _only_source(step: Step, recording: Recording) -> ValueId | None:
    """The one value of the same shape from which all others on the way are made."""
    shape, given = recording.values[step.result].shape, recording.given
    seen, pending = set[ValueId](), list(step.operands)
    sources: set[ValueId] = set()
    while pending:
        value = pending.pop()
        made = recording.maker(value)
        if value in seen or recording.values[value].numel() == 1:
            continue
        seen.add(value)
        if recording.values[value].shape != shape:
            return None
        if value in given or made is None:
            sources.add(value)
        else:
            pending.extend(made.operands)
    return sources.pop() if len(sources) == 1 else None
