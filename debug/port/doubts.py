"""What speaks against an alignment, said of the largest module that it is true of.

A block that holds another block's weights is one mistake, and so is a block that is never
called; each of its six layers need not say so.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from debug.port import names
from debug.port.side import Side
from debug.subject import Counterpart


def held_instead(
    layer: str, module: str, reference: Side, candidate: Side
) -> tuple[str, str]:
    """What a module holds where a layer's weights are expected: the doubt, and the layer
    whose weights they are, if there is one."""
    content = candidate.content(module)
    other = next((n for n in reference.leaves if reference.content(n) == content), "")
    if other:
        return f"{module} holds {other}'s weights, not {layer}'s", other
    if candidate.largest(module) == reference.largest(layer):
        return "", ""  # one of the small ones: its layer will show it
    if theirs := reference.named(candidate.largest(module)):
        return f"{module} holds {theirs}, not {layer}'s", ""
    return f"{module}'s weights equal none of the reference: were they loaded?", ""


def gathered(
    held: Mapping[str, str], paired: Collection[str], reference: Side
) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Layers all of whose leaves hold the weights of another one's.

    Args:
        held: by leaf, the leaf whose weights are in its place.
        paired: the layers with counterparts.
        reference: PyTorch's side.

    Yields:
        The layer, the other one, and the leaves.
    """
    told: set[str] = set()
    for layer in sorted(filter(None, paired), key=lambda name: (len(name), name)):
        within = reference.within(layer)
        leaves = [n for n in within if n in paired and n in reference.leaves]
        first = next((leaf for leaf in leaves if leaf in held), None)
        if first is None or len(leaves) < 2 or not told.isdisjoint(leaves):
            continue
        other = held[first].removesuffix(first.removeprefix(layer))

        def is_others(leaf: str, other: str = other, layer: str = layer) -> bool:
            theirs = other + leaf.removeprefix(layer)
            if leaf in held:
                return held[leaf] == theirs
            # Norms of ones are any block's.
            return theirs in reference.leaves and reference.content(
                leaf
            ) == reference.content(theirs)

        if other != layer and all(map(is_others, leaves)):
            told.update(leaves)
            yield layer, other, leaves


def missing_whole(
    reference: Side, paired: Collection[str], missing: Collection[str]
) -> list[str]:
    """The outermost modules of which the port has nothing, and should have it.

    Args:
        reference: PyTorch's side.
        paired: the layers with counterparts.
        missing: the leaves without one that should have one.
    """
    found: list[str] = []
    for layer in sorted((name for name in reference.order if name), key=len):
        leaves = [leaf for leaf in reference.within(layer) if leaf in reference.leaves]
        alone = len(leaves) > 1 and not any(n in paired for n in (layer, *leaves))
        within = any(layer.startswith(f"{each}.") for each in found)
        if alone and not within and any(leaf in missing for leaf in leaves):
            found.append(layer)
    return found


def reason_of_whole(
    layer: str, counterparts: Mapping[str, Counterpart], reference: Side, candidate: Side
) -> str:
    """Why nothing of a module is there: another one may be called in its place."""
    for other, counterpart in counterparts.items():
        module = counterpart.modules[0]
        count = candidate.call_counts[module]
        same_kind = other and names.pattern(other) == names.pattern(layer)
        if same_kind and count > reference.call_counts[other]:
            return f"has no counterpart, and {module} is called {count} times"
    return "has no counterpart: no module holds its weights"
