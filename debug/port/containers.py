"""Which module of a port is which of the reference, where both hold others.

Two modules are the same if the same leaves are in them. Where one side has a leaf in a
module that the other side has outside of it, the same modules with other numbers tell: T5
keeps the table of relative positions in its first block, for all blocks. A port that looks
it up once, before the blocks, has a first block without it. The other blocks pair by their
leaves, and the first one is where their names say.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from debug.port import names
from debug.port.fingerprints import Fingerprint, fingerprint
from debug.port.numbered import patterns
from debug.port.side import Side

Held = dict[frozenset[str], list[str]]
"""The modules of one side by the paired leaves within, as the reference's names."""


def held_by(side: Side, layers_of: Mapping[str, set[str]]) -> Held:
    """The modules that hold paired leaves.

    Args:
        side: the modules of one side.
        layers_of: by a leaf of this side, the layers that it was paired with.
    """
    found: Held = {}
    for name in side.order:
        within = (leaf for leaf in side.within(name) if leaf in side.leaves)
        held = {layer for leaf in within for layer in layers_of.get(leaf, ())}
        if name and held:
            found.setdefault(frozenset(held), []).append(name)
    return found


def nested(
    layers: Sequence[str],
    modules: Sequence[str],
    fits: Callable[[str, str], bool],
    usual: Collection[tuple[str, str]] = (),
) -> Iterator[tuple[str, str]]:
    """Pairs of modules of either side that all hold the same: the outermost first.

    Args:
        layers: the reference's.
        modules: the candidate's.
        fits: whether what both return is as large. Where one side has more of them, some
            do something else as well, such as pooling.
        usual: the patterns of names of which others are pairs: a stage of one block holds
            what its block holds, and where stages have several the blocks are sure.
    """
    layers, modules = sorted(layers, key=len), sorted(modules, key=len)
    if len(layers) == len(modules):
        yield from zip(layers, modules, strict=True)
        return
    for module in modules:
        if layers:
            best = max(
                layers,
                key=lambda n: (
                    fits(n, module),
                    (names.pattern(n), names.pattern(module)) in usual,
                    names.similarity(n, module),
                    -len(n),
                ),
            )
            layers = [each for each in layers if len(each) > len(best)]
            yield best, module


def siblings(
    paired: Mapping[str, str], theirs: Held, ours: Held
) -> Iterator[tuple[str, str]]:
    """Modules that are where those with other numbers are, and hold most of the same.

    Args:
        paired: the modules that hold others, by layer.
        theirs: the reference's modules by what they hold.
        ours: the candidate's.
    """
    layers = {name: held for held, each in theirs.items() for name in each}
    modules = {name: held for held, each in ours.items() for name in each}
    alike = {
        pair
        for layer, module in paired.items()
        for pair in zip(patterns(layer), patterns(module), strict=False)
    }
    places = {(theirs[0], ours[0]) for theirs, ours in alike if theirs[1] == ours[1]}
    free = {n: held for n, held in modules.items() if n not in paired.values()}
    for layer, held in layers.items():
        if layer in paired:
            continue
        for module, own in free.items():
            same = any(
                (of_layer[0], of_module[0]) in places and of_layer[1] == of_module[1]
                for of_layer, of_module in zip(
                    patterns(layer), patterns(module), strict=False
                )
            )
            if same and 2 * len(held & own) >= len(held | own):
                yield layer, module
                break


def in_parts(
    reference: Side, candidate: Side, layers: Sequence[str], modules: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """A leaf of one side beside the module of the other whose leaves hold its weights.

    Args:
        reference: PyTorch's side.
        candidate: MAX's side.
        layers: the reference's leaves that have no counterpart.
        modules: the candidate's that have none.
    """
    yield from _spread(reference, candidate, layers, modules)
    of_modules = _spread(candidate, reference, modules, layers)
    yield from ((layer, module) for module, layer in of_modules)


def _spread(
    side: Side, other: Side, leaves: Sequence[str], free: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Leaves of one side, each with the smallest module of the other that holds as much."""
    around = [
        name
        for name in other.order
        if name and (within := _leaves(other, name)) and {*within} <= {*free}
    ]
    for leaf in leaves:
        held = side.content(leaf)
        alike = [name for name in around if _content(other, name) == held]
        if len(held) > 1 and alike:
            yield leaf, min(alike, key=lambda name: len(other.within(name)))


def _leaves(side: Side, name: str) -> list[str]:
    return [leaf for leaf in side.within(name) if leaf in side.leaves]


def _content(side: Side, name: str) -> tuple[Fingerprint, ...]:
    """What a module and those within it hold."""
    own = [fingerprint(weight) for weight in side.own(name).values()]
    return tuple(sorted([*own, *(p for n in _leaves(side, name) for p in side.content(n))]))
