"""Whether looking changes what is seen: the graph as production runs it, without taps.

An output keeps the compiler from fusing operations across it, so a graph with every layer
as an output is not quite the one that ships, and the interpreter fuses nothing at all.
All three should agree but for rounding; where they do not, the fault is the compiler's.
"""

from collections.abc import Callable

from torch import Tensor

from debug.candidate.compiler import Compiler
from debug.candidate.interpreter import Interpreter
from debug.candidate.trace import Traced
from debug.measure.divergence import compare
from debug.measure.matching import relative_error
from debug.measure.statistics import finite
from debug.measure.truth import Truth, in_layout
from debug.protocol.messages import ComparedWithoutTaps


def run_without_taps(
    generation: int,
    name: str,
    truth: Truth,
    tapped: Tensor,
    build: Callable[[bool], Traced],
    compiler: Compiler,
    announce: Callable[[str], None],
) -> ComparedWithoutTaps:
    """Compiles the graph with the model's result as its only output, and compares that.

    Args:
        generation: of the candidate.
        name: of the last layer, the model itself.
        truth: of it.
        tapped: what the compiled graph with taps returned.
        build: makes the graph of this generation, with taps or without.
        compiler: what compiled the one with taps.
        announce: is told the kernels that the interpreter lacks.

    Raises:
        Problem: one of the two does not compile or run.
    """
    result = compiler.load(build(False), {})[name].value()
    interpreted = Interpreter(announce).load(build(True), {})[name].value()
    return ComparedWithoutTaps(
        generation,
        compare(result, truth, str(result.dtype).removeprefix("torch."))[1],
        _apart(result, tapped, truth),
        _apart(result, interpreted, truth),
    )


def _apart(value: Tensor, other: Tensor, truth: Truth) -> float | None:
    """The relative L2 difference of two values of the candidate; None in other shapes."""
    value, other = (in_layout(each, truth).double() for each in (value, other))
    return finite(relative_error(value, other)) if value.shape == other.shape else None
