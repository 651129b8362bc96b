"""What people do instead of what a PyTorch function does, by the function's name.

A change is a piece of mathematics: it takes the function's own arguments and returns what
a usual mistake would. None knows which model it is applied to.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from debug.reference.recording import Recording, Ref, Replacement, Step

EPSILONS = (1e-3, 1e-4, 1e-6, 1e-7, 1e-8, 1e-12, 0.0)
OTHER_PRECISIONS = (torch.float16, torch.bfloat16)
TF32_MANTISSA = 10


@dataclass(frozen=True)
class Mistake:
    text: str
    call: Replacement
    weight: str | None = None
    """The weight that it is about."""


def mistakes(step: Step, recording: Recording) -> Iterator[Mistake]:
    """What may have been done in place of a step."""
    maker = _MAKERS.get(step.name)
    if maker is not None:
        yield from maker(Bound(step, recording))
    yield from _precisions(step)


class Bound:
    """A step's arguments by name."""

    def __init__(self, step: Step, recording: Recording) -> None:
        self.step, self.recording = step, recording

    def weight(self, position: int, keyword: str) -> str:
        """What to call the weight that was given as an argument."""
        given = self.step.args[position : position + 1] or [self.step.kwargs.get(keyword)]
        named = isinstance(given[0], Ref) and self.recording.names.get(given[0].index)
        return str(named or keyword)

    @property
    def sizes(self) -> list[list[int]]:
        """The shapes of the tensors among the arguments."""
        return [list(self.recording.values[i].shape) for i in self.step.operands]


def argument(args: Sequence[Any], kwargs: Mapping, position: int, name: str) -> Any:
    return args[position] if len(args) > position else kwargs.get(name)


# -- Layers --------------------------------------------------------------------------


def _linear(step: Bound) -> Iterator[Mistake]:
    def replaced_by(function: Callable) -> Replacement:
        def call(args: Sequence[Any], kwargs: Mapping) -> Tensor:
            bias = argument(args, kwargs, 2, "bias")
            return function(args[0], argument(args, kwargs, 1, "weight"), bias)

        return call

    weight, bias = step.weight(1, "weight"), step.weight(2, "bias")
    if len(step.step.operands) > 2:
        yield from _biases(
            bias, lambda f: replaced_by(lambda x, w, b: f(F.linear(x, w), b))
        )
    if step.sizes[1][0] == step.sizes[1][1]:
        text = f"{weight} is not transposed"
        yield Mistake(text, replaced_by(lambda x, w, b: F.linear(x, w.T, b)), weight)


def _biases(bias: str, replaced_by: Callable[[Callable], Replacement]) -> Iterator[Mistake]:
    yield Mistake(f"{bias} is left out", replaced_by(lambda y, b: y), bias)
    yield Mistake(f"{bias} is added twice", replaced_by(lambda y, b: y + 2 * b), bias)
    yield Mistake(f"{bias} is subtracted", replaced_by(lambda y, b: y - b), bias)


def _conv1d(step: Bound) -> Iterator[Mistake]:
    signature = ("x", "weight", "bias", "stride", "padding", "dilation", "groups")

    def replaced_by(function: Callable) -> Replacement:
        def call(args: Sequence[Any], kwargs: Mapping) -> Tensor:
            return function(**dict(zip(signature, args, strict=False)), **kwargs)

        return call

    def with_input(edit: Callable[[Tensor], Tensor]) -> Replacement:
        return replaced_by(lambda x, **others: F.conv1d(edit(x), **others))

    def with_weight(edit: Callable[[Tensor], Tensor]) -> Replacement:
        return replaced_by(lambda x, weight, **others: F.conv1d(x, edit(weight), **others))

    def with_bias(function: Callable) -> Replacement:
        def conv(x: Tensor, bias: Tensor, **others: Any) -> Tensor:
            return function(F.conv1d(x, **others), bias[:, None])

        return replaced_by(conv)

    def padded(front: int, behind: int, mode: str = "constant") -> Replacement:
        def conv(x: Tensor, padding: Any, **others: Any) -> Tensor:
            sides = front * _first(padding), behind * _first(padding)
            return F.conv1d(F.pad(x, sides, mode), padding=0, **others)

        return replaced_by(conv)

    weight, bias = step.weight(1, "weight"), step.weight(2, "bias")
    if len(step.step.operands) > 2:
        yield from _biases(bias, with_bias)
    yield Mistake("the kernel is flipped", with_weight(lambda w: w.flip(-1)), weight)
    yield Mistake("the convolution is padded in front only", padded(2, 0))
    yield Mistake("the convolution is padded behind only", padded(0, 2))
    for by in (1, -1):
        text = f"the convolution's input is shifted by {by:+d}"
        yield Mistake(text, with_input(partial(shifted, by=by, axis=-1)))
    for mode in ("replicate", "reflect", "circular"):
        yield Mistake(f"the convolution is padded by {mode}", padded(1, 1, mode))
    for by in (1, -1):
        text = "the taps of the kernel are rotated"
        yield Mistake(text, with_weight(lambda w, by=by: w.roll(by, -1)), weight)
    for tap in range(step.sizes[1][2]):
        text = f"tap {tap} of the kernel is left out"
        yield Mistake(text, with_weight(lambda w, tap=tap: _without(w, tap)), weight)
    if step.sizes[1][0] == step.sizes[1][1]:
        text = f"{weight} has its channels transposed"
        yield Mistake(text, with_weight(lambda w: w.transpose(0, 1)), weight)


def _first(padding: Any) -> int:
    return padding[0] if isinstance(padding, tuple | list) else padding


def _without(weight: Tensor, tap: int) -> Tensor:
    weight = weight.clone()
    weight[..., tap] = 0
    return weight


def shifted(x: Tensor, by: int, axis: int) -> Tensor:
    """Later by so many places, with zeros before; earlier if ``by`` is negative."""
    x = x.roll(by, axis)
    empty = range(by) if by > 0 else range(x.shape[axis] + by, x.shape[axis])
    return x.index_fill(axis, torch.tensor(list(empty), device=x.device), 0.0)


def _layer_norm(step: Bound) -> Iterator[Mistake]:
    def replaced_by(function: Callable) -> Replacement:
        def call(args: Sequence[Any], kwargs: Mapping) -> Tensor:
            given = inspect.signature(F.layer_norm).bind(*args, **kwargs)
            given.apply_defaults()
            x, normalized_shape, *others = given.arguments.values()
            return function(x, normalized_shape, *others)

        return call

    def normed(center: bool = True, unbiased: bool = False, axis: int = -1) -> Replacement:
        def norm(x: Tensor, shape: Sequence[int], w: Any, b: Any, eps: float) -> Tensor:
            axes = tuple(range(-len(shape), 0)) if axis == -1 else (axis,)
            mean = x.mean(axes, keepdim=True) if center else 0.0
            squares = (x - mean).square().sum(axes, keepdim=True)
            size = math.prod(x.shape[a] for a in axes)
            y = (x - mean) / (squares / (size - unbiased) + eps).sqrt()
            y = y if w is None else y * w
            return y if b is None else y + b

        return replaced_by(norm)

    norm = F.layer_norm
    weight, bias = step.weight(2, "weight"), step.weight(3, "bias")
    for epsilon in EPSILONS:
        call = replaced_by(lambda x, n, w, b, eps, new=epsilon: norm(x, n, w, b, new))
        yield Mistake(f"epsilon {epsilon:g}", call)
    without_weight = replaced_by(lambda x, n, w, b, eps: norm(x, n, None, b, eps))
    yield Mistake(f"{weight} is left out", without_weight, weight)
    without_bias = replaced_by(lambda x, n, w, b, eps: norm(x, n, w, None, eps))
    yield Mistake(f"{bias} is left out", without_bias, bias)
    bare = replaced_by(lambda x, n, w, b, eps: norm(x, n, None, None, eps))
    yield Mistake("the norm's weight and bias are left out", bare)
    yield Mistake("the layer norm is left out", replaced_by(lambda x, *_: x))
    yield Mistake("the mean is not subtracted", normed(center=False))
    yield Mistake("the variance is divided by n - 1", normed(unbiased=True))
    yield Mistake("the norm is taken over the other axis", normed(axis=-2))
    twice = replaced_by(lambda x, *others: norm(norm(x, *others), *others))
    yield Mistake("the layer norm is applied twice", twice)


# -- Functions -----------------------------------------------------------------------


def _softmax(step: Bound) -> Iterator[Mistake]:
    for axis in range(1, len(step.sizes[0])):
        text = f"softmax over axis {axis} instead of the last"
        if axis != len(step.sizes[0]) - 1:
            yield Mistake(text, lambda args, _, axis=axis: args[0].softmax(axis))
    yield Mistake("softmax is left out", lambda args, _: args[0])
    yield Mistake("softmax is applied twice", lambda a, _: a[0].softmax(-1).softmax(-1))
    yield Mistake("sigmoid instead of softmax", lambda args, _: args[0].sigmoid())
    yield Mistake(
        "softmax with one more in the sum",
        lambda a, _: torch.cat([a[0], torch.zeros_like(a[0][..., :1])], -1).softmax(-1)[
            ..., :-1
        ],
    )


def _gelu(_: Bound) -> Iterator[Mistake]:
    activations: dict[str, Callable[[Tensor], Tensor]] = {
        "GELU by tanh instead of erf": lambda x: F.gelu(x, approximate="tanh"),
        "GELU by sigmoid (quick) instead of erf": lambda x: x * (1.702 * x).sigmoid(),
        "GELU is left out": lambda x: x,
        "ReLU instead of GELU": F.relu,
        "SiLU instead of GELU": F.silu,
        "GELU is applied twice": lambda x: F.gelu(F.gelu(x)),
    }
    for text, function in activations.items():
        yield Mistake(text, lambda args, _, function=function: function(args[0]))


# -- Arithmetic ----------------------------------------------------------------------


def _sum(step: Bound) -> Iterator[Mistake]:
    names = [step.recording.name(index) for index in step.step.operands]
    if len(names) == 2:
        for number, name in enumerate(names):
            weight = name if step.step.operands[number] in step.recording.weights else None

            def alone(args: Sequence[Any], _: Mapping, number: int = number) -> Tensor:
                return args[1 - number].expand(torch.broadcast_shapes(*_shapes(args)))

            def twice(args: Sequence[Any], _: Mapping, number: int = number) -> Tensor:
                return args[0] + args[1] + args[number]

            def minus(args: Sequence[Any], _: Mapping, number: int = number) -> Tensor:
                return args[1 - number] - args[number]

            yield Mistake(f"{name} is not added", alone, weight)
            yield Mistake(f"{name} is added twice", twice, weight)
            yield Mistake(f"{name} is subtracted", minus, weight)
        yield Mistake("a product instead of a sum", lambda args, _: args[0] * args[1])


def _shapes(args: Sequence[Any]) -> list[torch.Size]:
    return [arg.shape for arg in args[:2]]


def _product(step: Bound) -> Iterator[Mistake]:
    constants = [a for a in step.step.args if isinstance(a, int | float)]
    if not constants:
        return
    c = float(constants[0])
    others = {
        f"the factor {c:.4g} is left out": 1.0,
        f"the factor {c:.4g} is applied twice": c * c,
        f"the square root of the factor {c:.4g} is taken": abs(c) ** 0.5,
        f"division by {c:.4g} instead of a product": 1 / c if c else 0.0,
    }
    for text, factor in others.items():
        yield Mistake(text, lambda args, _, f=factor: _tensor(args) * f)


def _tensor(args: Sequence[Any]) -> Tensor:
    return next(arg for arg in args if isinstance(arg, Tensor))


def _matmul(step: Bound) -> Iterator[Mistake]:
    if step.sizes[0][-2:] == step.sizes[1][-2:]:
        yield Mistake("the factors change places", lambda a, _: a[1] @ a[0])
    for number, sizes in enumerate(step.sizes):
        if sizes[-1] == sizes[-2]:
            name = step.recording.name(step.step.operands[number])

            def transposed(args: Sequence[Any], _: Mapping, number: int = number) -> Tensor:
                factors = [a.mT if n == number else a for n, a in enumerate(args)]
                return factors[0] @ factors[1]

            yield Mistake(f"{name} is transposed", transposed)


def _layout(step: Bound) -> Iterator[Mistake]:
    result = step.recording.values[step.step.result]
    shape = tuple(result.shape)
    name = step.recording.name(step.step.operands[0])
    if step.step.name in ("permute", "transpose", "swapaxes", "movedim"):
        text = f"{name} is reshaped where axes should change places"
        yield Mistake(text, lambda args, _: args[0].reshape(shape))
        return
    made = step.recording.maker(step.step.operands[0])
    if made is not None and made.name in ("permute", "transpose"):

        def straight(args: Sequence[Any], _: Mapping) -> Tensor:
            before = _undone(args[0], made)
            return before.reshape(shape)

        yield Mistake("axes are not put back before the reshape", straight)


def _undone(x: Tensor, made: Step) -> Tensor:
    if made.name == "permute":
        axes = made.args[1] if isinstance(made.args[1], tuple | list) else made.args[1:]
        return x.permute([list(axes).index(a) for a in range(len(axes))])
    return x.transpose(*made.args[1:3])


_MAKERS: dict[str, Callable[[Bound], Iterator[Mistake]]] = {
    "linear": _linear,
    "conv1d": _conv1d,
    "layer_norm": _layer_norm,
    "softmax": _softmax,
    "gelu": _gelu,
    "add": _sum,
    "mul": _product,
    "matmul": _matmul,
    "permute": _layout,
    "transpose": _layout,
    "view": _layout,
    "reshape": _layout,
    "flatten": _layout,
}


# -- Precision -----------------------------------------------------------------------


def _precisions(step: Step) -> Iterator[Mistake]:
    if step.name in ("view", "permute", "transpose", "reshape", "flatten"):
        return

    def rounded(args: Sequence[Any], kwargs: Mapping, dtype: torch.dtype) -> Tensor:
        down = [round_to(a, dtype) for a in args]
        return round_to(step.function(*down, **kwargs), dtype)

    def inputs(args: Sequence[Any], kwargs: Mapping, dtype: torch.dtype) -> Tensor:
        return step.function(*[round_to(a, dtype) for a in args], **kwargs)

    for dtype in OTHER_PRECISIONS:
        name = str(dtype).removeprefix("torch.")
        yield Mistake(f"{step.name} in {name}", partial(rounded, dtype=dtype))
        text = f"{step.name} of arguments in {name}"
        yield Mistake(text, partial(inputs, dtype=dtype))
    if step.name in ("linear", "matmul", "conv1d"):
        yield Mistake(
            f"{step.name} in TF32",
            lambda args, kwargs: step.function(*map(to_tf32, args), **kwargs),
        )


def round_to(value: Any, dtype: torch.dtype) -> Any:
    """Rounded to a narrower type, kept in its own."""
    return value.to(dtype).to(value.dtype) if isinstance(value, Tensor) else value


def to_tf32(value: Any) -> Any:
    """Rounded to the 10 bits of mantissa that TensorFloat-32 keeps."""
    if not isinstance(value, Tensor):
        return value
    mantissa, exponent = torch.frexp(value)
    bits = 2.0 ** (TF32_MANTISSA + 1)
    return torch.ldexp((mantissa * bits).round() / bits, exponent)
