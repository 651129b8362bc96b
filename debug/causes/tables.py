"""Tables that the reference works out of numbers, and the candidate has as constants.

The frequencies of positions are an example: PyTorch's code computes them in a few steps,
and a port in NumPy when it is built. Of the steps in between the candidate has nothing, so
that another base or divisor is looked for in the table itself.
"""

from collections.abc import Iterator, Sequence

from torch import Tensor

from debug.candidate.operations import OperationIndex
from debug.causes.counterparts import Counterpart, counterparts_of
from debug.causes.fitting import FITS_FROM, fitted, with_number
from debug.causes.hypotheses.family import Family, best_number
from debug.causes.hypotheses.mistake import Called
from debug.causes.hypotheses.operands import Hypothesis
from debug.causes.hypotheses.other_numbers import families
from debug.causes.segment import Segment
from debug.measure.matching import distance, norm_of, share_explained
from debug.protocol.verdict import FLOAT32_HALF_ULP
from debug.reference.recording import DOES_NOT_RUN, Step


def other_tables_of_numbers(segment: Segment) -> Iterator[Hypothesis]:
    """Constants that come of another number than the reference's table, or of it."""
    recording = segment.recording
    constants = [
        OperationIndex(index)
        for index, op in enumerate(segment.operations)
        if op.name.startswith("constant") and not segment.right[index]
    ]
    if not constants:
        return
    of_numbers = recording.of_numbers
    for step in segment.steps:
        if step.result not in of_numbers or step.result not in segment.pool:
            continue
        exact = segment.pool[step.result]
        if exact.value.numel() < 2:  # a number fits to any other
            continue
        found = counterparts_of(segment, exact, constants)
        numbered = [
            each
            for made in (recording.leading_to(step.result) if found else ())
            for family in families(Called(made, recording))
            for each in _with_its_number(segment, step, made, family, found)
        ]
        yield from sorted(numbered, key=_digits)
        yield from fitted(segment, step.result, found)


def _digits(hypothesis: Hypothesis) -> int:
    """Of its number: a person writes short ones, and 3 for 4 explains a table of
    frequencies as well as 12.2805 for 9.21034 in another step."""
    return len(f"{hypothesis.wrong:g}".lstrip("-"))


def _with_its_number(
    segment: Segment,
    table: Step,
    made: Step,
    family: Family,
    counterparts: Sequence[Counterpart],
) -> Iterator[Hypothesis]:
    """The number by which a step on the way to a table makes the candidate's."""
    exact = segment.pool[table.result]

    def supposed(number: float) -> Tensor | None:
        call = {made.result: family.replacement(number)}
        try:
            value = segment.recording.replay(table.result, call)
        except DOES_NOT_RUN:
            return None
        return value.double().reshape(exact.value.shape)

    for each in counterparts:

        def error(number: float, wanted: Tensor = each.value) -> float:
            segment.pause()
            value = supposed(number)
            return float("inf") if value is None else distance(wanted, value)

        enough = FLOAT32_HALF_ULP * norm_of(each.value)  # positions multiply what is left
        number = best_number(error, family.low, family.high, enough)
        made_so = None if number is None else supposed(number)
        if number is None or made_so is None:
            continue
        if share_explained(each.value, exact.value, made_so) >= FITS_FROM:
            yield with_number(family, made, number, each.operation)
