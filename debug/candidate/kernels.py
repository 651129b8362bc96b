"""Gets the interpreter's kernels ready: compiled once on a machine, then loaded.

The interpreter runs each operation by a kernel that MAX compiles when it first meets it,
and a compilation costs 20 s whatever is in it. So the kernels of all operations that a
network is likely to use are compiled together, in one or two minutes, before the first
graph (`warm`). What a graph needs beyond them is compiled together, too, when it is loaded
(`complete`), and so are the operations that are compiled alone.

MAX keeps the result on disk, and `debug.candidate.kernel_cache` knows what it has.
"""

from collections.abc import Callable

from max.driver import Device
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, TensorValue, ops

from debug.candidate import kernel_cache, max_internals, max_kernels
from debug.candidate.max_kernels import Kernel

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
        ops.softmax(x, axis=-2),  # each axis but the last: another kernel
        *widened(x),
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


def missing_kernels(dtype: DType, device: Device) -> list[Kernel]:
    """The kernels of `operations` that this process has not loaded."""
    graph = Graph(
        "kernels",
        lambda x: operations(x.tensor),
        input_types=[TensorType(dtype, (1, SIZE, SIZE), DeviceRef.from_device(device))],
    )
    max_internals.lower(graph)
    return max_kernels.survey(max_internals.body_of(graph), {}).kernels


def widened(x: TensorValue) -> list[TensorValue]:
    """What networks compute in float32 when the rest is in half precision."""
    half = x.dtype in (DType.float16, DType.bfloat16)
    wide = x.cast(DType.float32) if half else x
    row = wide.reshape((SIZE, SIZE))[0, :]
    norm = ops.layer_norm(wide, row, row, epsilon=1e-5)
    return [y.cast(x.dtype) for y in (norm, ops.softmax(wide), wide + row)]


def warm(dtype: DType, device: Device, announce: Callable[[str], None]) -> None:
    """Loads the kernels, compiling them first on a machine that has not.

    ``announce`` is told what is about to happen, and how long it may take.

    Raises:
        Problem: MAX's cache is damaged.
    """
    kernels = missing_kernels(dtype, device)
    if not kernels:
        return
    names = [kernel.key for kernel in kernels]
    if known := kernel_cache.are_compiled(names, dtype, device):
        announce(f"loading {len(kernels)} kernels")
    else:
        reason = kernel_cache.why_not_kept()
        how_often = f"at every start, for {reason}" if reason else "once on this machine"
        announce(f"compiling {len(kernels)} kernels, {how_often}: 1 to 3 minutes")
    try:
        max_kernels.compile_together(kernels, [], device)
    except Exception as error:
        if known:
            raise kernel_cache.damaged(error) from error
        raise
    kernel_cache.note_as_compiled(names, dtype, device)
