"""Gets the interpreter's kernels ready: compiled once on a machine, then loaded."""

from collections.abc import Callable

from max.driver import Buffer, Device
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, TensorValue, ops

from debug import internals

SIZE = 8


def operations(x: TensorValue) -> list[TensorValue]:
    """The operations that a network, or an edit of one, is likely to use.

    Kernels do not depend on sizes, so a small tensor (1, 8, 8) stands for any.
    """
    matrix = x.reshape((SIZE, SIZE))
    heads = x.reshape((1, 2, SIZE // 2, SIZE))
    row = matrix[0, :]
    unary = [ops.gelu, ops.erf, ops.tanh, ops.exp, ops.log, ops.sqrt, ops.rsqrt]
    unary += [ops.sigmoid, ops.relu, ops.silu, ops.abs, ops.negate]
    binary = [ops.add, ops.sub, ops.mul, ops.div, ops.pow, ops.max, ops.min]
    reductions = [ops.softmax, ops.mean, ops.sum, ops.max, ops.min]
    return [
        *(op(x) for op in unary),
        ops.gelu(x, "tanh"),
        ops.gelu(x, "quick"),
        *(op(x, ops.negate(x)) for op in binary),
        *(op(x, axis=-1) for op in reductions),
        ops.layer_norm(x, row, row, epsilon=1e-5),
        x + row,
        x @ matrix,
        heads @ ops.permute(heads, [0, 1, 3, 2]),
        ops.conv2d(ops.unsqueeze(x, 1), x.reshape((1, 1, SIZE, SIZE))),
        ops.concat([x, x], axis=1),
        matrix[1:],
        x[:, 1:],
        heads[:, :, 1:],
        ops.pad(x, [0, 0, 1, 1, 0, 0]),
        ops.pad(heads, [0, 0, 0, 0, 1, 1, 0, 0]),
    ]


def missing_kernels(dtype: DType, device: Device) -> list[internals.Kernel]:
    """The kernels of `operations` that this process has not loaded."""
    graph = Graph(
        "kernels",
        lambda x: operations(x.tensor),
        input_types=[TensorType(dtype, (1, SIZE, SIZE), DeviceRef.from_device(device))],
    )
    internals.lower(graph)
    argument = Buffer.zeros((1, SIZE, SIZE), dtype, device=device)
    return internals.kernels_of(graph, [argument])


def warm(dtype: DType, device: Device, announce: Callable[[int], None]) -> int:
    """Loads the kernels, compiling them first on a machine that has not; returns how many.

    ``announce`` is told how many there are before that starts.
    """
    kernels = missing_kernels(dtype, device)
    if kernels:
        announce(len(kernels))
        internals.compile_together(kernels)
    return len(kernels)
