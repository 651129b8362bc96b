"""What a port's file says, refused where it can't be meant, in one line.

A field of the wrong kind and a name that no side has would else end as an error from deep
inside, or be passed over in silence: a pair of `layers` with a typing error pairs nothing.
"""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from debug.port.port import Port
from debug.protocol.diagnostic import Problem

Is = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_dictionary(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)


KINDS: dict[str, tuple[Is, str]] = {
    "reference": (lambda v: isinstance(v, nn.Module), "a torch.nn.Module"),
    "candidate": (callable, "a function of a device and a dtype that builds the port"),
    "inputs": (_is_dictionary, "a dictionary of values by the names of parameters"),
    "candidate_inputs": (
        lambda v: (
            v is None or _is_dictionary(v) or (_is_list(v) and not isinstance(v, Tensor))
        ),
        "a list of tensors, or a dictionary of them by name",
    ),
    "weights": (
        lambda v: v is None or _is_dictionary(v) or callable(v),
        "a dictionary of tensors by name, or a function that makes one",
    ),
    "layers": (
        lambda v: _is_dictionary(v) and all(map(_is_text, v.values())),
        "a dictionary of the port's names by the reference's",
    ),
    "sizes": (
        lambda v: _is_dictionary(v) and all(isinstance(n, int) for n in v.values()),
        "a dictionary of whole numbers by the names of dimensions",
    ),
    "ignore": (lambda v: _is_list(v) and all(map(_is_text, v)), "a list of names"),
    "output": (lambda v: v is None or callable(v), "a function of what forward returns"),
    "outcome": (lambda v: v is None or callable(v), "a function of both results"),
    "title": (_is_text, "a text"),
}
"""What each field of `Port` must be: a test of it, and the same in words."""


def check(port: Port) -> None:
    """
    Raises:
        Problem: a field is no such thing, or names what the reference has not.
    """
    for name, (is_one, must_be) in KINDS.items():
        value = getattr(port, name)
        if not is_one(value):
            kind = type(value).__name__
            of = " of other things" if kind in ("dict", "list", "tuple") else ""
            raise Problem("port", f"{name}= is a {kind}{of}: give {must_be}")
    modules = [name for name, _ in port.reference.named_modules()]
    check_names("layers=", port.layers, modules, "the reference")
    check_names("ignore=", port.ignore, modules, "the reference")
    _check_precision(port.reference)
    _check_inputs(port)


def check_names(
    field: str, names: Iterable[str], known: Collection[str], side: str
) -> None:
    """
    Args:
        field: of the port's file, as it is written there.
        names: what it says.
        known: the modules that there are.
        side: whose.

    Raises:
        Problem: one of the names is none of them; says which are close.
    """
    for name in names:
        if name not in known:
            close = get_close_matches(name, [each for each in known if each], 3, 0.5)
            meant = f"; close to it are {', '.join(close)}" if close else ""
            message = f"{field} names {name!r}, and {side} has no such module{meant}"
            raise Problem("port", message)


def _check_precision(reference: nn.Module) -> None:
    """The truth is what the reference's weights say in float64: coarser ones, or such as
    are half in one precision, are none."""
    for name, weight in reference.named_parameters():
        if weight.dtype in (torch.float16, torch.bfloat16):
            kind = str(weight.dtype).removeprefix("torch.")
            message = f"reference= holds {name} in {kind}: give it in float32"
            raise Problem("port", f"{message}, reference.float()")


def _check_inputs(port: Port) -> None:
    """Whether the reference's forward takes what `inputs` names."""
    parameters = _parameters(port.reference)
    named = [each for each in parameters if each.kind in _NAMED]
    takes = _takes(port.reference)
    for name, value in port.inputs.items():
        if any(leaf is ... for leaf in pytree.tree_leaves(value)):
            raise Problem("port", f"inputs= still has ... for {name!r}: fill in a tensor")
        if any(isinstance(leaf, np.ndarray) for leaf in pytree.tree_leaves(value)):
            message = f"inputs= has an array of numpy for {name!r}: give a tensor"
            raise Problem("port", f"{message}, torch.from_numpy(...)")
    if parameters and not any(each.kind is each.VAR_KEYWORD for each in parameters):
        for name in _unnamed(port):
            raise Problem("port", f"inputs= has {name!r}, and {takes}")
    if named and not port.inputs:
        raise Problem("port", f"inputs= is empty, and {takes}: give what it needs")
    for each in named:
        if each.default is each.empty and each.name not in port.inputs:
            raise Problem("port", f"inputs= lacks {each.name!r}: {takes}")


def does_not_run(port: Port) -> str:
    """What to say first where the reference does not run on its inputs. A forward that
    takes any name may have ignored one that was misspelt."""
    unnamed = " and ".join(map(repr, _unnamed(port)))
    hint = f" (inputs= has {unnamed}, and {_takes(port.reference)})" if unnamed else ""
    return f"the reference does not run on these inputs{hint}"


def _unnamed(port: Port) -> list[str]:
    """The inputs that are no parameter of the reference's forward by name."""
    known = {each.name for each in _parameters(port.reference) if each.kind in _NAMED}
    return [name for name in port.inputs if name not in known]


def _takes(reference: nn.Module) -> str:
    names = [each.name for each in _parameters(reference) if each.kind in _NAMED]
    return f"{type(reference).__name__}.forward takes {', '.join(names) or 'nothing'}"


def _parameters(reference: nn.Module) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(reference.forward).parameters.values())
    except (TypeError, ValueError):  # compiled code says nothing
        return []


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
