"""From pairs of modules to the rows of the debugger: names, order, parents, layouts."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from debug.measure.layout import is_flattened, permutations_between
from debug.port.alignment import Matched, match
from debug.port.side import Side
from debug.protocol.values import PairedLayer
from debug.reference.hooks import first_tensor
from debug.subject import Alignment, CalledModule, Counterpart, LayerName

MODEL = "model"
"""The row of the model itself."""
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

    handles = [watch(name, each) for name, each in module.named_modules()]
    try:
        run(module)
    finally:
        for handle in handles:
            handle.remove()
    return Side(calls, state_of(module))


def state_of(module: nn.Module) -> dict[str, Tensor]:
    """All parameters and buffers, those that are not saved as well."""
    found = {**dict(module.named_buffers()), **module.state_dict()}
    return {name: value.detach() for name, value in found.items()}


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
) -> Alignment:
    """Which layer is what, and how it was found.

    Args:
        module: the reference.
        reference: its side.
        candidate: the other side, as it was traced.
        said: pairs that a person is sure of.
        ignored: layers that are left out.
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
        of_candidate = candidate.call_counts.get(pair.counterpart.modules[0], 0)
        for call in range(1, min(reference.call_counts[name], of_candidate) + 1):
            found = pair.counterpart
            counterpart = Counterpart(found.modules, call, found.channels)
            layer = _layer(module, reference, candidate, name, counterpart, kept)
            layers.append(layer)
            counterparts[layer.name] = counterpart
    return Alignment(layers, counterparts, _told(matched), matched.unpaired)


def _told(matched: Matched) -> list[PairedLayer]:
    """The pairs as a person reads them."""
    return [
        PairedLayer(name or MODEL, _text(pair.counterpart), pair.how.value, pair.doubt)
        for name, pair in matched.pairs.items()
    ]


def _text(counterpart: Counterpart) -> str:
    names = " + ".join(name or MODEL for name in counterpart.modules)
    channels = counterpart.channels
    return names if channels is None else f"{len(channels)} channels of {names}"


def _layer(
    module: nn.Module,
    reference: Side,
    candidate: Side,
    name: str,
    counterpart: Counterpart,
    names: Sequence[str],
) -> LayerName:
    theirs = reference.shape(name, counterpart.call)
    ours = _shape(candidate, counterpart)
    axes, shape = None, None
    if theirs != ours and is_flattened(theirs, ours):
        shape = ours
    elif theirs != ours:
        axes = next(iter(permutations_between(theirs, ours)), None)
    if not name:
        return LayerName(MODEL, axes, shape=shape)
    number = counterpart.call
    row = name if number == 1 else f"{name}#{number}"
    heads = _heads(module, name, theirs)
    return LayerName(row, axes, _parent(name, names), heads, name, number, shape)


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
