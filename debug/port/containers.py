"""Which module of a port is which of the reference, where both hold others.

Two modules are the same if the same leaves are in them. Where one side has a leaf in a
module that the other side has outside of it, the same modules with other numbers tell: T5
keeps the table of relative positions in its first block, for all blocks. A port that looks
it up once, before the blocks, has a first block without it. The other blocks pair by their
leaves, and the first one is where their names say.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from debug.port import names
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
    layers: Sequence[str], modules: Sequence[str], fits: Callable[[str, str], bool]
) -> Iterator[tuple[str, str]]:
    """Pairs of modules of either side that all hold the same: the outermost first.

    Args:
        layers: the reference's.
        modules: the candidate's.
        fits: whether what both return is as large. Where one side has more of them, some
            do something else as well, such as pooling.
    """
    layers, modules = sorted(layers, key=len), sorted(modules, key=len)
    if len(layers) == len(modules):
        yield from zip(layers, modules, strict=True)
        return
    for module in modules:
        if layers:
            best = max(
                layers,
                key=lambda n: (fits(n, module), names.similarity(n, module), -len(n)),
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
