"""What must be so before any layer can be judged: nothing is healthy that was never right.

A layer that agrees with a reference of NaN agrees with nothing, and a reference that is
another one in every run can't be agreed with. Both are said before the first layer is, of
the weight, the input or the module that they come from.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from debug.protocol.diagnostic import Problem
from debug.subject import Input

SAME = 1e-5
"""By how much two runs of one reference may differ, relative; dropout makes far more."""


def check_inputs(inputs: Iterable[Input]) -> None:
    """
    Raises:
        Problem: an input has NaN or Inf. Minus infinity alone is a mask.
    """
    for each in inputs:
        value = each.reference
        if not value.is_floating_point() or bool(value.isfinite().all()):
            continue
        bad = ~value.isfinite() & ~value.isneginf()
        if count := int(bad.sum()):
            what = _counted(count, int(bad.flatten().to(torch.uint8).argmax()))
            message = f"{each.name} has {what}; nothing can be compared on such an input"
            raise Problem("input", f"{message}: mend it, or give another one")


def check_weights(module: nn.Module) -> None:
    """
    Raises:
        Problem: a weight has NaN or Inf; or a buffer NaN, for a mask may have Inf.
    """
    for name, value in module.named_parameters():
        _check_weight(name, value.detach(), ~value.detach().isfinite())
    for name, value in module.named_buffers():
        _check_weight(name, value, value.isnan())


def _check_weight(name: str, value: Tensor, bad: Tensor) -> None:
    if value.is_floating_point() and (count := int(bad.sum())):
        what = _counted(count, int(bad.flatten().to(torch.uint8).argmax()))
        message = f"the reference's weight {name} has {what}"
        raise Problem("model", f"{message}; load or save its checkpoint again")


def check_repeats(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> None:
    """
    Args:
        first: what each layer returned in one run of the reference, in order.
        second: the same in another one on the same input.

    Raises:
        Problem: a layer returned something else.
    """
    for name, value in first.items():
        other = second.get(name)
        if other is None or value.shape != other.shape:
            continue
        difference = (value.double() - other.double()).norm().item()
        if difference > SAME * value.double().norm().item():
            message = f"the reference is random: {name} is another one in every run"
            advice = "call eval() on it, and give dropout training=self.training"
            raise Problem("model", f"{message}, so nothing can equal it; {advice}")


def _counted(count: int, first: int) -> str:
    values = "a value that is" if count == 1 else f"{count} values that are"
    return f"{values} NaN or Inf, the first at {first}"
