"""Asks a device how it multiplies in float32, with numbers that tell.

1 + 2**-11 + 2**-12 has two bits more than TF32 keeps: times 1 it comes back as it is, as
1 + 2**-10 if it was rounded, and as 1 if its bits were cut off. A coarser precision would
lose 1 + 2**-10, too; nothing is made of that.
"""

from collections.abc import Sequence

import torch
from max.driver import Buffer, Device
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, TensorValue, ops
from torch import Tensor

from debug.candidate import max_dispatch, max_internals
from debug.candidate.buffers import on_device, to_torch
from debug.candidate.max_internals import ValueKey
from debug.measure.products import EXACT, Operands, Products

SIZE = 256
"""Of the matrices: a device may take another way for small ones."""
COARSE = 1 + 2.0**-10
FINE = 1 + 2.0**-11 + 2.0**-12


def products_of(device: Device, dtype: DType) -> Products:
    """How a graph of a precision multiplies there.

    Only float32 on a GPU may be multiplied in less: half precision has lost its bits
    before. Three kernels run that `debug.candidate.kernels` has.
    """
    if device.is_host or dtype != DType.float32:
        return EXACT
    return Products(*(operands_of(each) for each in _run(device)))


def has_convolutions(graph: Graph) -> bool:
    """Whether a lowered graph has operations for them."""
    operations = max_internals.body_of(graph).operations
    return any("conv" in max_internals.describe(op) for op in operations)


def operands_of(product: Tensor) -> Operands:
    """What became of `FINE` and `COARSE`, in the rows of a product by ones in turn."""
    fine, coarse = product.flatten(0, -2)[:2, 0].tolist()
    if coarse != COARSE or fine == FINE:
        return Operands.EXACT
    return Operands.ROUNDED if fine == COARSE else Operands.CUT


def _run(device: Device) -> list[Tensor]:
    """A product, one of batches, and a convolution."""
    numbers, row, column = torch.zeros(3, 1, SIZE, SIZE)
    numbers[:, ::2, 0], numbers[:, 1::2, 0] = FINE, COARSE
    row[:, 0], column[:, :, 0] = 1.0, 1.0
    type_of_all = TensorType(DType.float32, (1, SIZE, SIZE), DeviceRef.from_device(device))
    graph = Graph(
        "products",
        lambda *given: _products(*(each.tensor for each in given)),
        input_types=[type_of_all] * 3,
    )
    max_internals.lower(graph)
    body = max_internals.body_of(graph)
    given = (on_device(each.contiguous(), device) for each in (numbers, row, column))
    slots: dict[ValueKey, Buffer | None] = dict(zip(body.inputs, given, strict=True))
    for op in body.operations:
        max_dispatch.dispatch(op, slots)
    made = [slots[key] for key in body.outputs]
    return [to_torch(buffer) for buffer in made if buffer is not None]


def _products(
    numbers: TensorValue, row: TensorValue, column: TensorValue
) -> Sequence[TensorValue]:
    """Of the numbers in a first column, by ones in a first row."""
    heads = (1, 2, SIZE // 2, SIZE)
    return [
        numbers @ row.reshape((SIZE, SIZE)),
        numbers.reshape(heads) @ ops.permute(column.reshape(heads), [0, 1, 3, 2]),
        ops.conv2d(ops.unsqueeze(numbers, 1), row.reshape((1, 1, SIZE, SIZE))),
    ]
