"""Why a right layer rounds more than PyTorch's: the length of its sums.

A product of matrices adds as many numbers as a row has, and how it adds them decides how
much it rounds: in one chain the error grows with the length, in several parts that are
added at the end far less. PyTorch adds in parts. A kernel that does not is no mistake of
the port, though its layer may be on `watch` for it.

It is measured, not supposed: each product is computed once more of the very numbers that
the candidate multiplied, in float64 and by PyTorch in the candidate's precision.
"""

import math

from torch import Tensor

from debug.candidate import max_internals
from debug.candidate.buffers import to_buffer, to_torch
from debug.candidate.kept_values import KeptValues
from debug.candidate.program import Program
from debug.measure.layout import laid_out
from debug.measure.matching import relative_error
from debug.measure.truth import Truth
from debug.pause import Pause

MORE = 2.0
"""How many times as much as PyTorch's a product rounds, at least, to be the reason."""


def long_sum(
    layer: str, truth: Truth, program: Program, kept: KeptValues, pause: Pause
) -> str:
    """The product in a layer that rounds most beside PyTorch's, in words; or nothing.

    Raises:
        Interrupted: ``pause`` says that something else is wanted.
    """
    given, isolated = program.inputs.get(layer), truth.isolated
    if given is None or isolated is None:
        return ""
    argument = laid_out(isolated.argument, given.shape, truth.axes_back, truth.axes)
    if list(argument.shape) != given.shape:
        return ""
    where = given.type.device.to_device()
    start = {given.key: to_buffer(argument, given.type.dtype, where)}
    indices, slots = program.between(start, program.layers[layer], kept)
    worst, said = MORE, ""
    for index in indices:
        pause()
        op = program.body[index]
        if "matmul" not in max_internals.describe(op):
            continue
        buffers = [
            slots.get(key) for key in (*program.flow.operands[index][:2], *op.results)
        ]
        if any(each is None for each in buffers) or len(buffers) != 3:
            continue
        left, right, made = (to_torch(each) for each in buffers if each is not None)
        times = _rounds(left, right, made)
        if times > worst:
            worst, place = times, max_internals.place_of(op)
            line = f" in line {place[1]}" if place else ""
            count = f"{left.shape[-1]:,} numbers"
            said = f"rounding of a long sum: {count}{line}, {times:.0f} times PyTorch's"
    return said


def _rounds(left: Tensor, right: Tensor, made: Tensor) -> float:
    """How many times as far as PyTorch's a product is from the exact one."""
    if left.ndim != right.ndim or left.shape[-1] != right.shape[-2]:
        return 0.0
    exact = left.double() @ right.double()
    theirs = relative_error((left @ right).double(), exact)
    if made.shape != exact.shape or made.dtype != left.dtype or theirs == 0:
        return 0.0
    times = relative_error(made.double(), exact) / theirs
    return times if math.isfinite(times) else 0.0
