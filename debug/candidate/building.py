"""Makes a graph of a candidate's source."""

from collections.abc import Sequence

from debug.candidate.source import Source
from debug.candidate.trace import Traced, trace
from debug.protocol.diagnostic import Problem
from debug.subject import Candidate, LayerName, Subject


def build(
    subject: Subject, source: Source, layers: Sequence[LayerName], with_arguments: bool
) -> tuple[Candidate, Traced]:
    """The candidate, and its graph with these layers as outputs.

    Args:
        subject: what the candidate is of.
        source: the candidate's source, executed.
        layers: the last one is the model itself.
        with_arguments: whether what each layer is fed is an output, too.

    Raises:
        Problem: the source does not give a graph; says where.
    """
    try:
        candidate = subject.candidate(source.module)
    except Problem:
        raise
    except Exception as error:
        raise Problem.of("graph", error, source.names, path=subject.graph) from error
    traced = trace(
        candidate, layers, source.names, subject.dtype, subject.device, with_arguments
    )
    return candidate, traced
