"""Running one operation in MAX's interpreter, by private API of MAX.

Also what the interpreter of 26.7 gets wrong, lacks or does slowly: such an operation is put
right where that is the same operation, and refused where it is not, and then compiled alone
(`debug.candidate.lone_kernels`).
"""

import re

import numpy as np
from max import _interpreter
from max.driver import Buffer

from debug.candidate import max_last_axis, max_many_axes
from debug.candidate.max_internals import (
    Op,
    ValueKey,
    describe,
    shape_read,
    tensor_type,
    text,
)

_LAYOUT = re.compile(r"\{layout = #mo\.layout<(\w+)>\}")


def dispatch(op: Op, slots: dict[ValueKey, Buffer | None]) -> None:
    """Runs one operation on its device; its results are put into ``slots``.

    Raises:
        NotImplementedError: the interpreter can't run it, or not rightly.
    """
    if (shape := shape_read(op)) is not None:  # on the host, as the interpreter has it
        slots[op.results[0]] = Buffer.from_numpy(np.array(shape, np.int64))
        return
    handler = _interpreter.lookup_handler(op)
    if handler is None or type(op).__name__ in ("CustomOp", "MoCustomOp"):
        raise NotImplementedError(f"the interpreter has no handler for {describe(op)}")
    given = [slots.get(getattr(each, "value", each)) for each in op.operands]
    if type(op).__name__ in ("ConvOp", "MoConvOp"):
        given[1] = _filter_in_order(op, given[1])
    if type(op).__name__ in ("AvgPoolOp", "MoAvgPoolOp"):
        _refuse_padding_left_out(op, given[-1])
    made = None
    if type(op).__name__ in max_many_axes.MOVES:
        kind = tensor_type(op.results[0])
        shape = [] if kind is None else [int(size) for size in kind.shape]
        made = max_many_axes.moved(type(op).__name__, given, shape)
    elif type(op).__name__ in max_last_axis.SOFTMAX:
        made = max_last_axis.softmax(op, given[0])
    results = handler(op, given) if made is None else [made]
    slots.update(zip(op.results, results, strict=True))


def _filter_in_order(op: Op, given: Buffer | None) -> Buffer | None:
    """The filter of a convolution as (height, width, in, out).

    A port may have it in PyTorch's order and say so by its type. The compiler heeds that;
    the interpreter does not, and would take the axes for others.
    """
    made = text(op)
    if 'input_layout = "NHWC"' not in made:
        raise NotImplementedError("the interpreter wants a convolution's channels last")
    layout = _LAYOUT.search(made)
    if given is None or layout is None or layout[1] == "RSCF":
        return given
    if layout[1] != "FCRS" or not given.device.is_host:
        raise NotImplementedError(f"the interpreter has no filters as {layout[1]}")
    return Buffer.from_numpy(np.ascontiguousarray(given.to_numpy().transpose(2, 3, 1, 0)))


def _refuse_padding_left_out(op: Op, padding: Buffer | None) -> None:
    """The interpreter divides by the size of the window even where a part of it is padding
    that does not count."""
    padded = padding is None or padding.to_numpy().any()
    if padded and "count_boundary = false" in text(op):
        raise NotImplementedError("the interpreter counts the padding of an average")
