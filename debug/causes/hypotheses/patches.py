"""An image that is cut into patches otherwise than PyTorch's convolution cuts it.

A convolution whose stride is its size is one product for each patch, and a port may write
it so: reshape, let two axes change places, reshape again. Without the second step, or with
other axes in it, the sizes are the same and the patches are strips of the image.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake, named
from debug.reference.pytorch_functions import by_name

Laid = Callable[[Tensor], Tensor]

LAYOUTS: tuple[Laid, ...] = (lambda x: x, lambda x: x.movedim(1, -1))
"""Channels first, and last: of an image, and of the weight that goes with a patch."""


def patches(called: Called) -> Iterator[Mistake]:
    """Of a convolution in two dimensions."""
    given = by_name("conv2d", called.step.args, called.step.kwargs)
    kernel, stride = tuple(called.sizes[1][2:]), given["stride"]
    beside = (stride if isinstance(stride, tuple | list) else (stride,) * 2) == kernel
    plain = given["groups"] == 1 and given["padding"] in (0, (0, 0), "valid")
    if not beside or not plain or max(kernel) == 1:
        return
    for image, weight in product(LAYOUTS, LAYOUTS):

        def strips(
            x: Tensor,
            weight: Tensor,
            bias: Tensor | None,
            image: Laid = image,
            read: Laid = weight,
            **_: Any,
        ) -> Tensor:
            rows, columns = (x.shape[n - 2] // kernel[n] for n in range(2))
            flat = read(weight).flatten(1)
            cut = image(x).reshape(len(x), rows * columns, flat.shape[1])
            return F.linear(cut, flat, bias).mT.unflatten(-1, (rows, columns))

        text = "the image is cut into patches by a reshape alone, where axes should "
        key = ("patches by reshape", LAYOUTS.index(image), LAYOUTS.index(weight))
        yield Mistake(key, f"{text}change places", named("conv2d", strips))
    rows, columns = called.recording.values[called.step.result].shape[-2:]
    if rows != columns and min(rows, columns) > 1:
        turned = named("conv2d", _column_by_column)
        text = "the patches are in the order of columns, not of rows"
        yield Mistake(("patches by column",), text, turned)


def _column_by_column(x: Tensor, **others: Any) -> Tensor:
    made = F.conv2d(x, **others)
    return made.mT.reshape(made.shape)
