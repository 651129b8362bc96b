"""Which weight of the port is which of PyTorch's: by the layers that hold them, by their
names, and where those say nothing, by their numbers.

Several layers may be joined in one weight, such as query, key and value in ``qkv``: then
each of PyTorch's is beside its part of the port's.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from debug.port.fingerprints import fingerprint
from debug.port.names import plain
from debug.subject import Alignment, Counterpart, LayerName

Shapes = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class WeightPair:
    """A weight on both sides; None on the side that lacks it."""

    reference: str | None
    candidate: str | None
    channels: tuple[int, ...] | None = None
    """The port's channels that are PyTorch's weight, where it holds more."""
    note: str = ""


class WeightPairs:
    """Finds the pairs of one generation."""

    def __init__(
        self,
        reference: Mapping[str, Tensor],
        candidate: Shapes,
        value: Callable[[str], Tensor],
        counterparts: Mapping[str, Counterpart],
        how: Mapping[str, str],
    ) -> None:
        """
        Args:
            reference: PyTorch's weights by name.
            candidate: the shapes of the port's, by name.
            value: of one of the port's.
            counterparts: by PyTorch's module, where its values are in the port.
            how: by PyTorch's module, what made that pair where weights are no proof.
        """
        self._reference, self._candidate, self._value = reference, candidate, value
        self._counterparts, self._how = counterparts, how
        self._taken: set[str] = set()

    def all(self) -> list[WeightPair]:
        """In PyTorch's order; what only the port has comes last."""
        found = {name: self._by_layer(name) for name in self._reference}
        for name, pair in found.items():
            if pair is None:
                found[name] = self._by_numbers(name)
        pairs = [pair or WeightPair(name, None) for name, pair in found.items()]
        left = [name for name in self._candidate if name not in self._taken]
        return [*pairs, *(WeightPair(None, name) for name in left)]

    def _by_layer(self, name: str) -> WeightPair | None:
        module, _, last = name.rpartition(".")
        counterpart = self._counterparts.get(module, Counterpart((module,)))
        [first, *more] = counterpart.modules
        if more:
            return None
        own = _own(first, self._candidate)
        found = next((own[each] for each in own if plain(each) == plain(last)), None)
        if found is None:  # another word for it, such as gamma
            size = self._reference[name].numel()
            free = [each for each in own.values() if each not in self._taken]
            same = [each for each in free if _count(self._candidate[each]) == size]
            found = same[0] if len(same) == 1 else None
        if found is None:
            return None
        self._taken.add(found)
        return WeightPair(name, found, counterpart.channels, self._how.get(module, ""))

    def _by_numbers(self, name: str) -> WeightPair | None:
        value = self._reference[name]
        for other, shape in self._candidate.items():
            if other in self._taken or _count(shape) != value.numel():
                continue
            if fingerprint(self._value(other)) == fingerprint(value):
                self._taken.add(other)
                return WeightPair(name, other, note="found by its numbers")
        return None


def _own(module: str, names: Collection[str]) -> dict[str, str]:
    """The weights of a module itself, by the last part of their names."""
    prefix = f"{module}." if module else ""
    own = (name for name in names if name.startswith(prefix))
    return {n.removeprefix(prefix): n for n in own if "." not in n.removeprefix(prefix)}


def _count(shape: Sequence[int]) -> int:
    return torch.Size(shape).numel()


def part_of(whole: Tensor, channels: Sequence[int], like: Tensor) -> tuple[Tensor, str]:
    """The channels of a joined weight that are another one, and what to call them; the
    whole where no axis has that many."""
    places = torch.tensor(channels)
    for axis, size in enumerate(whole.shape):
        part = whole.index_select(axis, places) if size > max(channels) else whole
        if part is not whole and part.numel() == like.numel():
            name = ("rows", "columns")[axis] if whole.ndim <= 2 else f"axis {axis}"
            return part, f"{name} {channels[0]} to {channels[-1]}"
    return whole, ""


def counterparts_of(
    layers: Sequence[LayerName], names: Mapping[str, str], alignment: Alignment | None
) -> tuple[dict[str, Counterpart], dict[str, str]]:
    """Where each of PyTorch's modules is in the port, and what is to be said of that.

    Args:
        layers: all that are compared.
        names: the port's module by layer, where it is another.
        alignment: what was found out, where names say nothing.
    """
    paths = {layer.name: layer.path for layer in layers}
    found = {paths.get(each, each): Counterpart((names[each],)) for each in names}
    how: dict[str, str] = {}
    if alignment is not None:
        for layer, counterpart in alignment.counterparts.items():
            found.setdefault(paths.get(layer, layer), counterpart)
        folded = (each for each in alignment.pairs if each.how in EXPLAINED)
        how = {paths.get(each.layer, each.layer): each.how for each in folded}
    return found, how


EXPLAINED = ("folded weights", "scaled weights")
"""Ways in which a right port's weights are others."""
