"""Numbered modules that hold each other's weights, such as two blocks whose weights an
adapter exchanged.

By weights, ``layers.1`` is ``blocks.0`` then, and ``layers.0`` is ``blocks.1``. Either the
weights are in the wrong blocks, or the blocks are called in the wrong order; the order in
which they are called tells. Where both sides call their modules in the order of their
numbers, the numbers say which is which, and the weights are wrong. Where the calls are in
another order, so is the code.
"""

from collections.abc import Iterator, Mapping

from debug.port.side import Side
from debug.subject import Counterpart

Numbered = dict[int, tuple[str, str]]
"""By the number of a layer, its name and that of its module."""


def exchanged(
    counterparts: Mapping[str, Counterpart], reference: Side, candidate: Side
) -> Iterator[tuple[str, Counterpart, str]]:
    """Layers that are another module by their numbers than by their weights.

    Args:
        counterparts: of the leaves, by weights.
        reference: PyTorch's side.
        candidate: MAX's side.

    Yields:
        The layer, its counterpart by number, and the layer whose weights that holds.
    """
    for numbered in _alike(counterparts):
        layers = [numbered[number][0] for number in sorted(numbered)]
        modules = dict(numbered.values())
        by_number = sorted(layers, key=lambda layer: _number(modules[layer], modules))
        if by_number == layers or len({*modules.values()}) < len(layers):
            continue
        calls = [candidate.order[modules[layer]] for layer in by_number]
        called = [reference.order[layer] for layer in layers]
        sizes = {reference.sizes(layer) for layer in layers}
        if calls != sorted(calls) or called != sorted(called) or len(sizes) > 1:
            continue
        for layer, held in zip(layers, by_number, strict=True):
            if layer != held:
                yield layer, counterparts[held], held


def _alike(counterparts: Mapping[str, Counterpart]) -> Iterator[Numbered]:
    """Layers that differ in one number only, if their modules do so as well."""
    found: dict[tuple[str, str], Numbered] = {}
    for layer, counterpart in counterparts.items():
        if len(counterpart.modules) == 1:
            module = counterpart.modules[0]
            for (theirs, number), (ours, _) in zip(
                patterns(layer), patterns(module), strict=False
            ):
                found.setdefault((theirs, ours), {})[number] = layer, module
    yield from (each for each in found.values() if len(each) > 1)


def patterns(name: str) -> Iterator[tuple[str, int]]:
    """A dotted name with one of its numbers left open, and that number; the first first."""
    parts = name.split(".")
    for place, part in enumerate(parts):
        if part.isdigit():
            yield ".".join([*parts[:place], "#", *parts[place + 1 :]]), int(part)


def _number(module: str, modules: Mapping[str, str]) -> int:
    """The number in which a module's name differs from those of the others."""
    several = [name.split(".") for name in modules.values()]
    differ = (i for i, parts in enumerate(zip(*several, strict=True)) if len({*parts}) > 1)
    return int(module.split(".")[next(differ)])
