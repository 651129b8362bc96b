"""Recordings of a few lines of PyTorch, with numbers that depend on nothing else."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from debug.candidate.operations import Evaluation, Operation, OperationIndex
from debug.causes.search import find_causes
from debug.causes.segment import Segment, Target
from debug.reference.recorder import recorded
from debug.reference.recording import Recording

MAX_NAMES = {"view": "reshape"}
"""Of functions that only lay numbers out, where MAX's operation has another name."""

Code = Callable[[Any, Tensor], Tensor]
"""The layer's own code; it gets the layer, which has its weights, and the argument."""


def numbers(*shape: int, seed: int = 0) -> Tensor:
    """Seeded numbers in float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


class Layer(nn.Module):
    def __init__(self, code: Code, weights: Mapping[str, Tensor | nn.Module]) -> None:
        super().__init__()
        self.code = code
        for name, weight in weights.items():
            if isinstance(weight, nn.Module):
                self.add_module(name, weight)
            else:
                self.register_parameter(name, nn.Parameter(weight))

    def forward(self, x: Tensor) -> Tensor:
        return self.code(self, x)


def recording_of(
    code: Code,
    x: Tensor,
    parts: Collection[str] = (),
    /,
    **weights: Tensor | nn.Module,
) -> Recording:
    """What a layer of this code and these weights does of ``x``; the modules among them
    that are parts of it are layers of their own."""
    layer = Layer(code, weights)
    within = {name: layer.get_submodule(name) for name in parts}
    with torch.inference_mode(), recorded(layer, layer, within) as made:
        layer(x)
    return made


def segment_of(
    right: Code, wrong: Code, x: Tensor, **weights: Tensor | nn.Module
) -> Segment:
    """The right code as the reference's, beside the wrong one as the candidate's, whose
    operations are the functions that it calls. Modules are layers of the reference."""
    parts = [name for name, each in weights.items() if isinstance(each, nn.Module)]
    reference = recording_of(right, x, parts, **weights)
    candidate = recording_of(wrong, x, **weights)
    places = {step.result: OperationIndex(n) for n, step in enumerate(candidate.steps)}
    argument = candidate.argument
    from_input = {argument}
    operations = []
    for step in candidate.steps:
        if not from_input.isdisjoint(step.operands):
            from_input.add(step.result)
        used = tuple(places[i] for i in step.operands if i in places)
        value = candidate.values[step.result].float()
        depends = step.result in from_input
        name = MAX_NAMES.get(step.name, step.name)
        operations.append(Operation(name, step.place, used, value, depends))
    assert reference.result is not None
    assert candidate.result is not None
    made = candidate.values[candidate.result].float()
    evaluated = Evaluation(operations, made, places.get(candidate.result))
    target = Target("layer", False, reference.result, None)
    return Segment(reference, target, evaluated, row="frame")


def causes_of(
    right: Code, wrong: Code, x: Tensor, **weights: Tensor | nn.Module
) -> list[str]:
    """What explains the wrong code completely, best first."""
    segment = segment_of(right, wrong, x, **weights)
    assert segment.wrong
    with torch.inference_mode():
        return [each.hypothesis.text for each in find_causes(segment) if each.complete]
