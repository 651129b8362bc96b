"""The known mistakes of layers on images: convolutions in two dimensions, batch norms."""

from collections.abc import Callable, Iterator
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake, named
from debug.causes.hypotheses.patches import patches
from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Replacement

EPSILONS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12, 0.0)

Edit = Callable[[Tensor], Tensor]


def conv2d(called: Called) -> Iterator[Mistake]:
    def with_weight(edit: Edit) -> Replacement:
        return named("conv2d", lambda x, weight, **o: F.conv2d(x, edit(weight), **o))

    weight = called.weight(1, "weight")
    if called.has_bias:
        bias = called.weight(2, "bias")
        without = named("conv2d", lambda bias, x, **o: F.conv2d(x, **o))
        yield Mistake(("left out", bias), f"{bias} is left out", without, bias, adds=True)
    size = called.sizes[1]
    if size[-1] == size[-2]:
        text, turned = "height and width of the kernel change places", lambda w: w.mT
        yield Mistake(("kernel transposed",), text, with_weight(turned), weight)
    rows, columns = called.recording.values[called.step.result].shape[-2:]
    if rows == columns > 1:
        text = "rows and columns of the result change places"
        turned = named("conv2d", lambda x, **o: F.conv2d(x, **o).mT)
        yield Mistake(("result transposed",), text, turned)
    text, flipped = "the kernel is flipped", lambda w: w.flip(-1, -2)
    yield Mistake(("flipped",), text, with_weight(flipped), weight)
    if size[0] == size[1]:
        text, exchanged = f"{weight} has its channels transposed", _swapped
        key = "channels transposed", weight
        yield Mistake(key, text, with_weight(exchanged), weight)
    yield from patches(called)
    given = by_name("conv2d", called.step.args, called.step.kwargs)["padding"]
    for side, sides in _SIDES.items() if given not in (0, (0, 0), "valid") else ():
        text = f"the convolution is padded {side} only, PyTorch's on both sides"
        yield Mistake(("padded", side), text, padded(sides))


_SIDES = {
    "in front": lambda height, width: (2 * width, 0, 2 * height, 0),
    "behind": lambda height, width: (0, 2 * width, 0, 2 * height),
}


def padded(sides: Callable[[int, int], tuple[int, ...]]) -> Replacement:
    """The right number of zeros, on other sides."""

    def pad(x: Tensor, padding: Any, **others: Any) -> Tensor:
        height, width = padding if isinstance(padding, tuple | list) else (padding,) * 2
        return F.conv2d(F.pad(x, sides(height, width)), padding=0, **others)

    return named("conv2d", pad)


def _swapped(weight: Tensor) -> Tensor:
    return weight.transpose(0, 1)


def batch_norm(called: Called) -> Iterator[Mistake]:
    def norm(mistake: Callable[..., Tensor]) -> Replacement:
        def call(x: Tensor, **given: Any) -> Tensor:
            across = (1, -1, *[1] * (x.ndim - 2))
            laid = {
                name: value.view(across) if isinstance(value, Tensor) else value
                for name, value in given.items()
            }
            return mistake(x, **laid)

        return named("batch_norm", call)

    given = by_name("batch_norm", called.step.args, called.step.kwargs)["eps"]
    for epsilon in (each for each in EPSILONS if each != given):
        other = norm(lambda x, eps, new=epsilon, **o: _normed(x, eps=new, **o))
        text = f"epsilon is {epsilon:g}, PyTorch's is {given:g}"
        key = "epsilon", epsilon
        yield Mistake(key, text, other, right=given, wrong=epsilon)
    edits: dict[str, tuple[str, Callable[..., Tensor]]] = {
        "weight": ("the norm's weight is left out", _without("weight", 1.0)),
        "bias": ("the norm's bias is left out", _without("bias", 0.0)),
        "mean": ("the mean is not subtracted", _without("mean", 0.0)),
        "root": ("the variance is taken for its root", _squared),
        "deviation": ("the deviation's square root is taken", _rooted),
        "batch": ("the batch's own mean and variance are taken", _of_batch),
        "exchanged": ("mean and variance change places", _exchanged),
    }
    for kind, (text, function) in edits.items():
        yield Mistake(("batch norm", kind), text, norm(function))


def _normed(
    x: Tensor, mean: Any, variance: Any, weight: Any, bias: Any, eps: float, **_: Any
) -> Tensor:
    y = (x - mean) / (variance + eps).sqrt()
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _without(name: str, neutral: float) -> Callable[..., Tensor]:
    return lambda x, **given: _normed(x, **{**given, name: neutral})


def _squared(x: Tensor, variance: Tensor, eps: float, **given: Any) -> Tensor:
    return _normed(x, variance=(variance + eps) ** 2, eps=0.0, **given)


def _rooted(x: Tensor, variance: Tensor, eps: float, **given: Any) -> Tensor:
    return _normed(x, variance=(variance + eps).sqrt(), eps=0.0, **given)


def _exchanged(x: Tensor, mean: Tensor, variance: Tensor, **given: Any) -> Tensor:
    return _normed(x, mean=variance, variance=mean, **given)


def _of_batch(x: Tensor, mean: Tensor, variance: Tensor, **given: Any) -> Tensor:
    axes = [axis for axis in range(x.ndim) if axis != 1]
    own, spread = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
    return _normed(x, mean=own, variance=spread, **given)
