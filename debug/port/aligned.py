"""From pairs of modules to the rows of the debugger: names, order, parents, layouts."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import torch
from msgspec import structs
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from debug.measure.layout import (
    channels_elsewhere,
    is_flattened,
    permutations_between,
)
from debug.port.alignment import Matched, match
from debug.port.side import Side
from debug.protocol.values import PairedLayer, UnpairedModule
from debug.reference.hooks import first_tensor
from debug.subject import Alignment, CalledModule, Counterpart, LayerName

PARAMETRIZED = "parametrizations"
"""The module in which PyTorch keeps what a weight is made of."""
MODEL = "model"
"""The row of the model itself."""
CHANNELS_LAST = (nn.Linear, nn.LayerNorm, nn.Embedding)
"""PyTorch's own modules whose channels are never before rows and columns."""
HEAD_COUNTS = ("num_attention_heads", "num_heads", "n_head", "n_heads")
"""What modules of attention call the number of their heads."""


def reference_side(module: nn.Module, run: Callable[[nn.Module], None]) -> Side:
    """The reference's modules in the order in which their calls return.

    Args:
        module: in evaluation mode.
        run: calls it.
    """
    calls: list[CalledModule] = []
    counts: dict[str, int] = {}

    def watch(name: str, each: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def left(_: nn.Module, args: object, output: object) -> None:
            value = first_tensor(output)
            counts[name] = counts.get(name, 0) + 1
            if value is not None:
                calls.append(CalledModule(name, counts[name], tuple(value.shape)))

        return each.register_forward_hook(left)

    handles = [
        watch(name, each)
        for name, each in module.named_modules()
        if PARAMETRIZED not in name.split(".")
    ]
    try:
        run(module)
    finally:
        for handle in handles:
            handle.remove()
    return Side(calls, _as_used(module), dict(module.named_buffers()).keys())


def _as_used(module: nn.Module) -> dict[str, Tensor]:
    """The weights with which the module computes, in place of those that they are made
    of: ``weight`` for the direction and the length of a weight norm."""
    state = state_of(module)
    return {name: value for name, value in state.items() if not _is_part(name, state)}


def _is_part(name: str, state: Mapping[str, Tensor]) -> bool:
    if PARAMETRIZED in name.split("."):
        return True
    whole = re.sub(r"_[gv]$", "", name)
    return whole != name and {whole, f"{whole}_g", f"{whole}_v"} <= state.keys()


def state_of(module: nn.Module) -> dict[str, Tensor]:
    """All parameters and buffers, those that are not saved as well, and what they are
    parametrizations of."""
    found = {**_made(module), **dict(module.named_buffers()), **module.state_dict()}
    return {name: value.detach() for name, value in found.items()}


def _made(module: nn.Module) -> dict[str, Tensor]:
    """The weights that PyTorch computes of others, such as a weight norm's."""
    made: dict[str, Tensor] = {}
    for prefix, each in module.named_modules():
        of = [n for n in vars(each) if isinstance(getattr(each, f"{n}_v", None), Tensor)]
        if is_parametrized(each):
            of += list(getattr(each, PARAMETRIZED))
        made.update({f"{prefix}.{n}".lstrip("."): getattr(each, n) for n in of})
    return made


def rows_alone(module: nn.Module, reference: Side) -> list[LayerName]:
    """The rows while no candidate is known: all that the reference calls."""
    silent = {n for n, each in module.named_modules() if isinstance(each, nn.Dropout)}
    names = [name for name in reference.order if name and name not in silent]
    layers = [LayerName(name, parent=_parent(name, names)) for name in names]
    return [*layers, LayerName(MODEL)]


def align(
    module: nn.Module,
    reference: Side,
    candidate: Side,
    said: Mapping[str, str],
    ignored: Sequence[str],
    feeds_result: Callable[[str], bool],
    known: Sequence[tuple[int, ...]] = (),
) -> Alignment:
    """Which layer is what, and how it was found.

    Args:
        module: the reference.
        reference: its side.
        candidate: the other side, as it was traced.
        said: pairs that a person is sure of.
        ignored: layers that are left out.
        feeds_result: whether the reference's result depends on a layer.
        known: what brings images of the reference's inputs into the candidate's layout.
    """
    matched = match(reference, candidate, said, ignored)
    missing = {each.name for each in matched.reference_only if each.is_error}
    kept = [n for n in reference.order if n and (n in matched.pairs or n in missing)]
    layers: list[LayerName] = []
    counterparts: dict[str, Counterpart] = {}
    for name in [*kept, ""]:
        pair = matched.pairs.get(name)
        if pair is None:
            alone = LayerName(name, parent=_parent(name, kept))
            layers.append(alone if name else LayerName(MODEL))
            continue
        calls = _calls(reference, candidate, name, pair.counterpart)
        for number, call in enumerate(calls, start=1):
            counterpart = replace(pair.counterpart, call=call)
            layer = _layer(module, reference, candidate, name, number, counterpart, kept)
            layers.append(layer)
            counterparts[layer.name] = counterpart
        layers += _never_called(name, len(calls), reference, candidate, matched, kept)

    def position(layer: LayerName) -> int:
        name = layer.module or layer.name
        return reference.positions.get((name, layer.call), len(reference.calls))

    uncalled = [each for each in layers if each.name not in counterparts and each.module]
    layers.sort(key=position)  # a module that is called again has a row there
    known = [*known, *_sure_axes(layers, reference, candidate, counterparts)]
    layers = [_with_channels(each, module, reference, known) for each in layers]
    rows = {None, *(layer.name for layer in layers)}
    layers = [e if e.parent in rows else replace(e, parent=MODEL) for e in layers]
    unpaired = [
        structs.replace(e, feeds_result=feeds_result(e.name))
        if e.of_reference and e.is_error
        else e
        for e in matched.unpaired
    ]
    unpaired += [_told_uncalled(each, reference, candidate, matched) for each in uncalled]
    return Alignment(layers, counterparts, _told(matched), unpaired)


def _never_called(
    name: str,
    called: int,
    reference: Side,
    candidate: Side,
    matched: Matched,
    names: Sequence[str],
) -> Iterator[LayerName]:
    """The calls of a layer that the candidate leaves out, said of the outermost one."""
    around = _parent(name, names)
    pair = matched.pairs.get("" if around == MODEL else around)
    if pair is not None and around != MODEL:
        module = pair.counterpart.modules[0]
        if candidate.call_counts.get(module, 0) < reference.call_counts[around]:
            return
    for number in range(called + 1, reference.call_counts[name] + 1 if name else 1):
        row = f"{name}#{number}"
        yield LayerName(row, parent=around, module=name, call=number)


def _told_uncalled(
    layer: LayerName, reference: Side, candidate: Side, matched: Matched
) -> UnpairedModule:
    module = matched.pairs[layer.path].counterpart.modules[0]
    ours, theirs = candidate.call_counts.get(module, 0), reference.call_counts[layer.path]
    reason = f"has no counterpart: {module} is called {ours} of {theirs} times"
    return UnpairedModule(layer.name, True, reason, True, feeds_result=True)


def _sure_axes(
    layers: Sequence[LayerName],
    reference: Side,
    candidate: Side,
    counterparts: Mapping[str, Counterpart],
) -> Iterator[tuple[int, ...]]:
    """The permutations of layers whose shapes leave no other."""
    for layer in layers:
        if layer.axes is not None:
            theirs = reference.shape(_module_of(layer), layer.call)
            ours = _shape(candidate, counterparts[layer.name])
            if len(permutations_between(theirs, ours)) == 1:
                yield layer.axes


def _module_of(layer: LayerName) -> str:
    return "" if layer.is_model else layer.path


def _told(matched: Matched) -> list[PairedLayer]:
    """The pairs as a person reads them."""
    return [
        PairedLayer(
            name or MODEL,
            _text(pair.counterpart),
            pair.how.value,
            pair.doubt,
            list(pair.counterpart.modules),
        )
        for name, pair in matched.pairs.items()
    ]


def _text(counterpart: Counterpart) -> str:
    names = " + ".join(name or MODEL for name in counterpart.modules)
    channels = counterpart.channels
    if counterpart.scale != 1.0:
        return f"{names}, {counterpart.scale:.6g} times as large"
    return names if channels is None else f"{len(channels)} channels of {names}"


def _calls(
    reference: Side, candidate: Side, name: str, counterpart: Counterpart
) -> list[int]:
    """Which of a module's calls are those of a layer. One that is called more often than
    in PyTorch may be called in another's place, and return something of another size."""
    module = counterpart.modules[0]
    often = reference.call_counts[name]
    calls = [*range(1, candidate.call_counts.get(module, 0) + 1)]
    if len(calls) > often:
        size = math.prod(reference.shape(name))
        alike = [c for c in calls if math.prod(candidate.shape(module, c)) == size]
        calls = alike if len(alike) >= often else calls
    return calls[:often]


def _layer(
    module: nn.Module,
    reference: Side,
    candidate: Side,
    name: str,
    number: int,
    counterpart: Counterpart,
    names: Sequence[str],
) -> LayerName:
    theirs = reference.shape(name, number)
    ours = _shape(candidate, counterpart)
    axes, shape = None, None
    if theirs != ours and is_flattened(theirs, ours):
        shape = ours
    elif theirs != ours:
        axes = next(iter(permutations_between(theirs, ours)), None)
    if not name:
        return LayerName(MODEL, axes, shape=shape)
    row = name if number == 1 else f"{name}#{number}"
    heads = _heads(module, name, theirs)
    around, begins = _parent(name, names), counterpart.begins
    inside = reference.call_around(name, number, around) if around != MODEL else 1
    around = around if inside == 1 else f"{around}#{inside}"
    return LayerName(row, axes, around, heads, name, number, shape, begins)


def _with_channels(
    layer: LayerName,
    module: nn.Module,
    reference: Side,
    known: Sequence[tuple[int, ...]],
) -> LayerName:
    """An image of as many channels as rows or columns is in the layout of other images:
    its shape does not say it."""
    name = _module_of(layer)
    of = module.get_submodule(name)
    shape = reference.shape(name, layer.call)
    if layer.axes:
        laid = [shape[axis] for axis in layer.axes]
        others = permutations_between(shape, laid)
        return replace(layer, axes=next((a for a in others if a in known), layer.axes))
    if layer.shape or isinstance(of, CHANNELS_LAST):
        return layer
    return replace(layer, axes=channels_elsewhere(shape, known))


def _shape(candidate: Side, counterpart: Counterpart) -> tuple[int, ...]:
    """Of a layer's value on the candidate's side."""
    shapes = [candidate.shape(m, counterpart.call) for m in counterpart.modules]
    last = sum(shape[-1] for shape in shapes)
    channels = counterpart.channels
    return (*shapes[0][:-1], last if channels is None else len(channels))


def _parent(name: str, names: Sequence[str]) -> str:
    parts = name.split(".")
    above = (".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1))
    return next((each for each in above if each in names), MODEL)


def _heads(module: nn.Module, name: str, shape: tuple[int, ...]) -> int | None:
    """How many heads the channels of a projection belong to, if its module says so."""
    around = module.get_submodule(name.rpartition(".")[0])
    for each in HEAD_COUNTS:
        count = getattr(around, each, None)
        if isinstance(count, int) and count > 1 and shape[-1] % count == 0:
            return count
    return None
