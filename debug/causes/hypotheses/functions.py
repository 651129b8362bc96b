"""The known mistakes, by PyTorch function: what people do instead of what it does.

Each is a piece of mathematics that takes the function's own arguments and returns what the
mistake would: for ``layer_norm``, the same with another epsilon, without its bias, over the
other axis. None knows which model it is applied to.

To add one, yield another `Mistake` from the generator of its function, and plant it in
``core/practice/pack/``. For a function that has no generator yet, such as
``softplus``, write one and add it to `_GENERATORS`. What PyTorch's arguments alone can't
tell is read off both values: which numbers a mask hides or dropout loses in ``zeroed.py``,
a limit, a power or an activation too many in ``elementwise.py``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.activations import mistaken
from debug.causes.hypotheses.attention import added_masks, masks, parts, softmaxes
from debug.causes.hypotheses.conv1d import conv1d
from debug.causes.hypotheses.gates import gates
from debug.causes.hypotheses.group_norm import group_norm
from debug.causes.hypotheses.images import batch_norm, conv2d
from debug.causes.hypotheses.joins import joined_otherwise
from debug.causes.hypotheses.layer_norm import layer_norm
from debug.causes.hypotheses.mistake import (
    Called,
    Mistake,
    biases,
    first_tensor,
    named,
)
from debug.causes.hypotheses.paddings import pads
from debug.causes.hypotheses.places import gathered, indexed, rolled, selected
from debug.causes.hypotheses.precision import in_fewer_bits
from debug.causes.hypotheses.recurrent import recurrences
from debug.causes.hypotheses.reductions import average_pools, largest_pools, reductions
from debug.causes.hypotheses.resizing import resized
from debug.causes.hypotheses.transposed import conv_transpose1d
from debug.reference.pytorch_functions import AXES_MOVED
from debug.reference.recording import Recording, Ref, Replacement, Step

JOINED = "joined from"
"""The key of axes that are joined in another order."""

Quotient = Callable[[Any, Any], Any]


def mistakes(step: Step, recording: Recording) -> Iterator[Mistake]:
    """What may have been done in place of a step."""
    generator = _GENERATORS.get(step.name)
    if generator is not None:
        yield from generator(Called(step, recording))
    yield from in_fewer_bits(step)


# -- Layers --------------------------------------------------------------------------


def _linear(called: Called) -> Iterator[Mistake]:
    def linear(mistake: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Replacement:
        return named("linear", lambda x, weight, bias: mistake(x, weight, bias))

    weight, bias = called.weight(1, "weight"), called.weight(2, "bias")
    if called.has_bias:
        yield from biases(bias, lambda f: linear(lambda x, w, b: f(F.linear(x, w), b)))
    if _is_square(called.sizes[1]):
        text = f"{weight} is not transposed"
        replacement = linear(lambda x, w, b: F.linear(x, w.T, b))
        yield Mistake(("transposed", weight), text, replacement, weight)


def _addmm(called: Called) -> Iterator[Mistake]:
    """A linear layer whose weight is as it is used, (in, out)."""
    bias, weight = called.weight(0, "bias"), called.weight(2, "weight")
    without = named("addmm", lambda bias, x, weight, **_: x @ weight)
    yield Mistake(("left out", bias), f"{bias} is left out", without, bias, adds=True)
    if _is_square(called.sizes[2]):
        other = named("addmm", lambda bias, x, weight, **_: x @ weight.T + bias)
        yield Mistake(("transposed", weight), f"{weight} is transposed", other, weight)


def _embedding(called: Called) -> Iterator[Mistake]:
    """Rows of a table, for positions or tokens."""
    rows, places = called.sizes[1][0], called.recording.values[called.step.operands[0]]
    first = int(places.flatten()[0]) if places.numel() else 0
    count = places.flatten()[: places.shape[-1]] if places.ndim else places
    for by in (1, -1, 2, -2):
        shifted = named(
            "embedding",
            lambda x, weight, by=by, **_: F.embedding((x + by).clamp(0, rows - 1), weight),
        )
        far = "" if abs(by) == 1 else "second "
        text = f"the {far}row {'after' if by > 0 else 'before'} the right one is taken"
        if len(count) > 1 and bool((count.diff() == 1).all()):
            text = f"positions begin at {first + by}, PyTorch's at {first}"
        yield Mistake(("row", by), text, shifted)
    zero = named(
        "embedding", lambda x, weight, **_: F.embedding(torch.zeros_like(x), weight)
    )
    yield Mistake(("row", "first"), "the first row is taken for all", zero)


# -- Functions -----------------------------------------------------------------------


def _gelu(called: Called) -> Iterator[Mistake]:
    approximate = called.step.kwargs.get("approximate", "none")
    yield from mistaken("GELU by tanh" if approximate == "tanh" else "GELU by erf")


def _activation(name: str) -> Callable[[Called], Iterator[Mistake]]:
    return lambda _: mistaken(name)


def _mean_pool(_: Called) -> Iterator[Mistake]:
    largest = lambda args, _: F.adaptive_max_pool2d(*args[:2])  # noqa: E731
    text = "the largest value is taken instead of the mean"
    yield Mistake(("pool", "largest"), text, largest)


def _of_first(function: Callable[[Tensor], Tensor]) -> Replacement:
    """A mistake that needs the first argument only."""
    return lambda args, _: function(args[0])


# -- Arithmetic ----------------------------------------------------------------------


def _sum(called: Called) -> Iterator[Mistake]:
    yield from added_masks(called)
    names = [called.recording.name(index) for index in called.step.operands]
    constants = [a for a in called.step.args if isinstance(a, int | float)]
    if len(names) == 1 and constants:
        text = f"{constants[0]:.4g} is not added to {names[0]}"
        key = "not added", float(constants[0])
        yield Mistake(key, text, lambda args, _: first_tensor(args), right=constants[0])
    if len(names) != 2:
        return
    for number, name in enumerate(names):
        is_weight = called.step.operands[number] in called.recording.weights
        weight = name if is_weight else None

        def only_the_other(args: Sequence[Any], _: Mapping, number: int = number) -> Tensor:
            shape = torch.broadcast_shapes(*(arg.shape for arg in args[:2]))
            return args[1 - number].expand(shape)

        def twice(args: Sequence[Any], _: Mapping, number: int = number) -> Tensor:
            return args[0] + args[1] + args[number]

        def minus(args: Sequence[Any], _: Mapping, number: int = number) -> Tensor:
            return args[1 - number] - args[number]

        text = f"{name} is not added"
        yield Mistake(("not added", name), text, only_the_other, weight)
        yield Mistake(("added twice", name), f"{name} is added twice", twice, weight)
        yield Mistake(("subtracted", name), f"{name} is subtracted", minus, weight)
    text = "a product instead of a sum"
    yield Mistake(("product for sum",), text, lambda args, _: args[0] * args[1])


def _product(called: Called) -> Iterator[Mistake]:
    constants = [a for a in called.step.args if isinstance(a, int | float)]
    if not constants:
        yield from _factors(called)
        return
    c = float(constants[0])
    factors = {
        "left out": (f"the factor {c:.4g} is left out", 1.0),
        "twice": (f"the factor {c:.4g} is applied twice", c * c),
        "root": (f"the square root of the factor {c:.4g} is taken", abs(c) ** 0.5),
        "divided": (f"division by {c:.4g} instead of a product", 1 / c if c else 0.0),
    }
    for kind, (text, factor) in factors.items():
        scaled = lambda args, _, f=factor: first_tensor(args) * f  # noqa: E731
        yield Mistake(("factor", kind, c), text, scaled, right=c, wrong=factor)


def _quotient(called: Called) -> Iterator[Mistake]:
    """By a number, or by another value, such as the sum that weights are divided by."""
    if len(called.step.args) != 2:
        return
    first, by = called.step.args
    if not isinstance(first, Ref):
        return
    name = called.recording.name(by.index) if isinstance(by, Ref) else f"{by:.4g}"
    others: dict[str, tuple[str, Quotient]] = {
        "left out": (f"the division by {name} is left out", lambda x, y: x),
        "twice": (f"the division by {name} is there twice", lambda x, y: x / y / y),
        "product": (f"a product with {name} instead of a division", lambda x, y: x * y),
        "root": (f"the division is by the root of {name}", lambda x, y: x / abs(y) ** 0.5),
    }
    number = None if isinstance(by, Ref) else float(by)
    for kind, (text, function) in others.items():
        call = lambda args, _, f=function: f(args[0], args[1])  # noqa: E731
        yield Mistake(("division", kind, name), text, call, right=number)


def _factors(called: Called) -> Iterator[Mistake]:
    """Of a product of two values, such as a norm's result and its weight."""
    if len(called.step.operands) != 2:
        return
    for number, operand in enumerate(called.step.operands):
        name = called.recording.name(operand)
        weight = name if operand in called.recording.weights else None

        def only_the_other(args: Sequence[Any], _: Mapping, number: int = number) -> Tensor:
            shape = torch.broadcast_shapes(*(arg.shape for arg in args[:2]))
            return args[1 - number].expand(shape)

        text = f"the factor {name} is left out"
        yield Mistake(("factor left out", name), text, only_the_other, weight)
        for one in (1, -1) if weight is not None else ():

            def offset(
                args: Sequence[Any], _: Mapping, number: int = number, one: int = one
            ) -> Tensor:
                return args[1 - number] * (args[number] + one)

            text = f"the factor is {name} {one:+d}, PyTorch's is {name}"
            yield Mistake(("added to weight", name, one), text, offset, weight)


def _matmul(called: Called) -> Iterator[Mistake]:
    sizes = called.sizes
    if sizes[0][-2:] == sizes[1][-2:]:
        text = "the factors change places"
        yield Mistake(("factors exchanged",), text, lambda a, _: a[1] @ a[0])
    for number, size in enumerate(sizes):
        if _is_square(size):
            name = called.recording.name(called.step.operands[number])

            def transposed(args: Sequence[Any], _: Mapping, number: int = number) -> Tensor:
                factors = [a.mT if n == number else a for n, a in enumerate(args)]
                return factors[0] @ factors[1]

            yield Mistake(("transposed", name), f"{name} is transposed", transposed)


def _is_square(size: Sequence[int]) -> bool:
    """In its last two axes; a vector has no such axes."""
    return len(size) > 1 and size[-1] == size[-2]


def _layout(called: Called) -> Iterator[Mistake]:
    step, recording = called.step, called.recording
    shape = tuple(recording.values[step.result].shape)
    name = recording.name(step.operands[0])
    if step.name in AXES_MOVED:
        text = f"{name} is reshaped where axes should change places"
        reshaped = _of_first(lambda x: x.reshape(shape))
        yield Mistake(("reshaped for permuted", name), text, reshaped)
        return
    x = recording.values[step.operands[0]]
    if len(shape) == x.ndim - 1 and shape[:-1] == x.shape[:-2]:
        *_, parts, size = x.shape
        order = f"the order ({size}, {parts}), not heads first"
        text = f"the channels of {name} are joined in {order}"
        other = _of_first(lambda x: x.transpose(-1, -2).reshape(shape))
        yield Mistake((JOINED, size), text, other)
    made = recording.maker(step.operands[0])
    while made is not None and made.name == "contiguous":
        made = recording.maker(made.operands[0])
    if made is not None and made.name in ("permute", "transpose"):
        text = "axes are not put back before the reshape"
        straight = _of_first(lambda x: _undone(x, made).reshape(shape))
        yield Mistake(("axes not put back",), text, straight)


def _undone(x: Tensor, made: Step) -> Tensor:
    """A value before its axes were moved."""
    if made.name == "permute":
        axes = made.args[1] if isinstance(made.args[1], tuple | list) else made.args[1:]
        return x.permute([list(axes).index(a) for a in range(len(axes))])
    return x.transpose(*made.args[1:3])


_GENERATORS: dict[str, Callable[[Called], Iterator[Mistake]]] = {
    "linear": _linear,
    "addmm": _addmm,
    "embedding": _embedding,
    "conv2d": conv2d,
    "batch_norm": batch_norm,
    "conv1d": conv1d,
    "conv_transpose1d": conv_transpose1d,
    "pad": pads,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "softmax": softmaxes,
    "masked_fill": masks,
    "gelu": _gelu,
    "relu": _activation("ReLU"),
    "silu": _activation("SiLU"),
    "tanh": _activation("tanh"),
    "sigmoid": _activation("sigmoid"),
    "glu": gates,
    **dict.fromkeys(("lstm", "gru"), recurrences),
    "adaptive_avg_pool2d": _mean_pool,
    "add": _sum,
    "mul": _product,
    **dict.fromkeys(("div", "truediv", "itruediv", "idiv"), _quotient),
    **dict.fromkeys(("mean", "sum", "amax", "amin"), reductions),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d"), average_pools),
    **dict.fromkeys(("max_pool1d", "max_pool2d"), largest_pools),
    "split": parts,
    "chunk": parts,
    "unbind": parts,
    "matmul": _matmul,
    "permute": _layout,
    "transpose": _layout,
    "view": _layout,
    "reshape": _layout,
    "flatten": _layout,
    "getitem": indexed,
    "select": selected,
    "gather": gathered,
    "roll": rolled,
    "interpolate": resized,
    **dict.fromkeys(("cat", "concat", "stack"), joined_otherwise),
}
"""By PyTorch's name of the function."""
