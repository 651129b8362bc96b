"""Attention's scale, which may be several factors of what its scores are made of.

openai's code multiplies query and key by the fourth root each, Hugging Face's the query by
the root. What a person compares is the number that they come to.
"""

import math

from debug.reference.pytorch_functions import LAYOUTS
from debug.reference.recording import Recording, Step, ValueId

PASSED = LAYOUTS | {"matmul", "bmm", "add", "masked_fill", "float", "to", "type"}
"""Steps before which a factor is one of the scores, too."""


def factor_of(step: Step) -> float | None:
    """The number that a step multiplies its one value with."""
    numbers = [arg for arg in step.args if isinstance(arg, int | float)]
    if len(step.operands) != 1 or len(numbers) != 1 or not numbers[0]:
        return None
    if step.name == "mul":
        return float(numbers[0])
    return 1 / numbers[0] if step.name in ("div", "truediv") else None


def scale_before(step: Step, recording: Recording) -> float:
    """The product of the factors that come before a step; 1 if there are none."""
    found, pending, seen = [], [*step.operands], set[ValueId]()
    while pending:
        value = pending.pop()
        made = recording.maker(value)
        if made is None or value in seen:
            continue
        seen.add(value)
        factor = factor_of(made)
        if factor is not None:
            found.append(factor)
        if factor is not None or made.name in PASSED:
            pending.extend(made.operands)
    return math.prod(found)
