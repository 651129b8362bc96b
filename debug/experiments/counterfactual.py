"""How much one layer matters to the result of the whole model.

A layer may be wrong by a million floors and change no word of the transcript. Two runs
that never happened tell: if this layer alone were right, how much of the final error
would go? And if this layer alone were the candidate's, how much would come? The first
runs MAX from the reference's value on, the second PyTorch with MAX's value in one place.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from debug.candidate import max_internals
from debug.candidate.buffers import to_buffer, to_torch
from debug.candidate.interpreter import LazyValue
from debug.candidate.kept_values import KeptValues
from debug.candidate.program import Program
from debug.experiments.stand_ins import error_of, error_with
from debug.measure.layout import laid_out
from debug.measure.truth import Truth
from debug.subject import Subject, model_of


@dataclass(frozen=True)
class Counterfactual:
    """Relative L2 errors of the whole model's result, against the reference in float64."""

    as_it_is: float
    repaired: float
    """With the reference's value in the layer's place."""
    layer_only: float | None
    """Of the reference with the candidate's value in the layer's place."""

    @property
    def disappears(self) -> float:
        """The share of the final error that would go, from 0 to 1."""
        if self.as_it_is == 0:
            return 0.0
        return max(1 - self.repaired / self.as_it_is, 0.0)


def counterfactual(
    name: str,
    subject: Subject,
    truths: Mapping[str, Truth],
    program: Program,
    computed: Mapping[str, LazyValue],
    module: nn.Module,
    kept: KeptValues,
) -> Counterfactual | None:
    """Runs both models again from the layer on.

    Args:
        name: of the layer.
        module: the reference in float64.

    Returns:
        None where the candidate has no such layer, or not the whole model.
    """
    last = model_of(subject.layers).name
    if name not in computed or last not in computed:
        return None
    exact = truths[last]
    route = program.flow.route(program.layers[name], program.layers[last])
    kind = max_internals.tensor_type(program.layers[name])
    assert kind is not None
    shape = [int(size) for size in kind.shape]
    right = laid_out(truths[name].exact, shape, truths[name].axes_back)
    right = to_buffer(right, subject.dtype, subject.device)
    repaired = to_torch(program.evaluate_isolated(route, right, kept))
    return Counterfactual(
        error_of(computed[last].value(), exact),
        error_of(repaired, exact),
        error_with([name], subject, truths, computed, module),
    )
