"""What a fused PyTorch function computes on the way, as a port may write it out.

PyTorch calls ``layer_norm`` once where a port may subtract a mean, square, divide and
multiply in nine operations. Each of those values is one that the port may rightly have,
so each is offered to be matched: "equals the variance and epsilon". To cover another
function, add its generator to the table at the end.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Step, run_step
from debug.reference.recurrent import recurrence

Intermediate = tuple[str, Tensor]
Maker = Callable[[Sequence[Any], Mapping[str, Any]], Iterator[Intermediate]]


def intermediates(step: Step, values: Sequence[Tensor]) -> list[Intermediate]:
    """The values within a step, from those that go into it.

    Args:
        step: one call of a function.
        values: all values of its recording, in any precision.
    """
    maker = _MAKERS.get(step.name)
    if maker is None:
        return []
    found: list[Intermediate] = []

    def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        found.extend(maker(args, kwargs))
        return values[step.result]

    run_step(step, values, call)
    return found


def _linear(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Intermediate]:
    given = by_name("linear", args, kwargs)
    yield "the product without the bias", F.linear(given["x"], given["weight"])
    yield "the weight transposed", given["weight"].T


def _conv1d(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Intermediate]:
    given = by_name("conv1d", args, kwargs)
    x, weight = given["x"], given["weight"]
    stride, padding = _one(given["stride"]), given["padding"]
    if isinstance(padding, str) or weight.shape[1] != x.shape[1]:
        return  # grouped, or padded by name
    padded = F.pad(x, (_one(padding),) * 2)
    yield "the padded input", padded
    if stride > 1 and _one(given["dilation"]) == 1:
        every = F.conv1d(padded, weight)
        yield "the convolution at every frame, without its bias", every
        if given["bias"] is not None:
            yield "the convolution at every frame", every + given["bias"][:, None]
    taps = range(weight.shape[2])
    last = padded.shape[2] - weight.shape[2] + 1
    total = None
    for tap in taps:
        seen = padded[:, :, tap : tap + last : stride]
        product = torch.einsum("bit,oi->bot", seen, weight[:, :, tap])
        total = product if total is None else total + product
        yield f"tap {tap} of the kernel", weight[:, :, tap]
        yield f"the product of tap {tap}", product
        yield f"the sum of taps 0 to {tap}", total


def _addmm(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Intermediate]:
    given = by_name("addmm", args, kwargs)
    yield "the product without the bias", given["x"] @ given["weight"]


def _conv2d(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Intermediate]:
    given = by_name("conv2d", args, kwargs)
    if given["bias"] is not None:
        yield "the convolution without its bias", F.conv2d(**_plain(given, bias=None))
    if not isinstance(given["padding"], str):
        height, width = _two(given["padding"])
        if height or width:
            yield "the padded input", F.pad(given["x"], (width, width, height, height))
    yield from _patches(given)


def _patches(given: Mapping[str, Any]) -> Iterator[Intermediate]:
    """What a port multiplies where windows do not overlap: an image cut into patches."""
    x, kernel = given["x"], tuple(given["weight"].shape[2:])
    stride = given["stride"]
    beside = (stride if isinstance(stride, tuple | list) else (stride, stride)) == kernel
    if x.ndim != 4 or not beside or given["padding"] not in (0, (0, 0)):
        return
    if given["dilation"] not in (1, (1, 1)) or given["weight"].shape[1] != x.shape[1]:
        return
    patches = F.unfold(x, kernel, stride=kernel).mT
    by_channel = patches.unflatten(-1, (x.shape[1], -1))
    yield "the patches", patches
    yield "the patches with channels last", by_channel.mT.flatten(2)


def _plain(given: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    """The arguments by PyTorch's names, with others in some places."""
    renamed = {"input" if name == "x" else name: value for name, value in given.items()}
    return {**renamed, **others}


def _batch_norm(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Intermediate]:
    given = by_name("batch_norm", args, kwargs)
    x, mean, variance = given["x"], given["mean"], given["variance"]
    if mean is None or variance is None or given["training"]:
        return
    inverse = (variance + given["eps"]).rsqrt()
    across = (1, -1, *[1] * (x.ndim - 2))
    centered = x - mean.view(across)
    yield "the variance and epsilon", variance + given["eps"]
    yield "the standard deviation", (variance + given["eps"]).sqrt()
    yield "its inverse", inverse
    yield "the input without its mean", centered
    yield "the norm without weight and bias", centered * inverse.view(across)
    if given["weight"] is not None:
        factor = given["weight"] * inverse
        yield "the weight over the deviation", factor
        yield "the norm without its bias", centered * factor.view(across)
        yield "the input times weight over deviation", x * factor.view(across)
        if given["bias"] is not None:
            yield "what is added to that", given["bias"] - mean * factor


def _one(size: Any) -> int:
    return size[0] if isinstance(size, tuple | list) else size


def _two(size: Any) -> tuple[int, int]:
    return (size[0], size[-1]) if isinstance(size, tuple | list) else (size, size)


def _layer_norm(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Intermediate]:
    given = by_name("layer_norm", args, kwargs)
    x, shape = given["x"], given["normalized_shape"]
    axes = tuple(range(-len(shape), 0))
    mean = x.mean(axes, keepdim=True)
    centered = x - mean
    variance = centered.square().mean(axes, keepdim=True)
    yield "the mean", mean
    yield "the input without its mean", centered
    yield "its squares", centered.square()
    yield "the variance", variance
    yield "the variance and epsilon", variance + given["eps"]
    yield "the standard deviation", (variance + given["eps"]).sqrt()
    yield "its inverse", (variance + given["eps"]).rsqrt()
    normed = F.layer_norm(x, shape, eps=given["eps"])
    yield "the norm without weight and bias", normed
    if given["weight"] is not None:
        yield "the norm without its bias", normed * given["weight"]


def _group_norm(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Intermediate]:
    given = by_name("group_norm", args, kwargs)
    x, across = given["x"], (-1, *[1] * (given["x"].ndim - 2))
    grouped = x.reshape(len(x), given["num_groups"], -1)
    yield "the input in its groups", grouped
    shape = grouped.shape[-1:]
    yield from _layer_norm([grouped, shape], {"eps": given["eps"]})
    normed = F.group_norm(x, given["num_groups"], eps=given["eps"])
    yield "the norm without weight and bias", normed
    if given["weight"] is not None:
        yield "the norm without its bias", normed * given["weight"].view(across)


def _softmax(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Intermediate]:
    given = by_name("softmax", args, kwargs)
    x, axis = given["x"], given["dim"]
    raised = x - x.amax(axis, keepdim=True)
    yield "the input without its largest", raised
    yield "its exponentials", raised.exp()
    yield "their sum", raised.exp().sum(axis, keepdim=True)


def _glu(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Intermediate]:
    given = by_name("glu", args, kwargs)
    half, gate = given["x"].chunk(2, given["dim"])
    yield "the first half", half
    yield "the second half", gate
    yield "the gate", gate.sigmoid()


def _recurrent(kind: str) -> Maker:
    def within(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Intermediate]:
        found: list[Intermediate] = []
        call = recurrence(kind, args, kwargs)
        if call is not None:
            call.result(seen=lambda name, value: found.append((name, value)))
        yield from found

    return within


_MAKERS: dict[str, Maker] = {
    "linear": _linear,
    "addmm": _addmm,
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "softmax": _softmax,
    "glu": _glu,
    "lstm": _recurrent("lstm"),
    "gru": _recurrent("gru"),
}
