"""Whether a value has another one's rows in another order.

A port may cut an image into windows and put those of one place in all images together,
where PyTorch puts those of one image together. The first axis has as many rows, and each of
them is there ::

    PyTorch     image 0 window 0, image 0 window 1, image 1 window 0, image 1 window 1
    the port    image 0 window 0, image 1 window 0, image 0 window 1, image 1 window 1

The numbers tell which row is which. No shape does.
"""

import torch
from torch import Tensor

MOST = 4096
"""More rows would take a table of more than 128 MiB."""


def order_of_rows(value: Tensor, exact: Tensor) -> Tensor | None:
    """The rows of a value that are those of another one, in its order.

    Args:
        value: of any type, of the same shape.
        exact: the other one.

    Returns:
        (rows,), so that ``value[order]`` is the nearest to ``exact``; None where they are
        in the same order, or no order has each row once.
    """
    if value.shape != exact.shape or exact.ndim < 2 or not 1 < len(exact) <= MOST:
        return None
    ours, theirs = (each.double().reshape(len(each), -1) for each in (value, exact))
    order = torch.cdist(theirs, ours).argmin(1)
    in_turn = torch.arange(len(exact), device=order.device)
    if order.equal(in_turn) or not order.sort().values.equal(in_turn):
        return None
    return order
