"""One side of a port as alignment sees it: modules in order of their calls, and weights."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from debug.port.fingerprints import Fingerprint, fingerprint, is_constant
from debug.subject import CalledModule


@dataclass(frozen=True)
class Side:
    """The modules of one side that are called, and all of its weights."""

    calls: Sequence[CalledModule]
    """In the order in which they return; the root is among them, and has no name."""
    weights: Mapping[str, Tensor]
    """By dotted name, those of modules that are never called as well."""
    buffers: Collection[str] = ()
    """Those of the weights that nobody trains, such as a table of positions."""
    unread: Collection[str] = ()
    """Those of the weights that are there and computed with by nobody."""

    @cached_property
    def order(self) -> dict[str, int]:
        """The modules by name, numbered in the order in which their first call returns."""
        return {
            name: number
            for number, name in enumerate(dict.fromkeys(c.name for c in self.calls))
        }

    @cached_property
    def call_counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for each in self.calls:
            counts[each.name] = max(counts.get(each.name, 0), each.call)
        return counts

    @cached_property
    def positions(self) -> dict[tuple[str, int], int]:
        """Every call, by module and number, in the order in which they return."""
        return {(each.name, each.call): n for n, each in enumerate(self.calls)}

    def call_around(self, name: str, call: int, parent: str) -> int:
        """In which call of a module another one's call is: in the first that returns after
        it."""
        own = self.positions.get((name, call), -1)
        later = ((n, c) for (m, c), n in self.positions.items() if m == parent and n > own)
        return min(later, default=(0, 1))[1]

    def shape(self, name: str, call: int = 1) -> tuple[int, ...]:
        """Of what a module returns."""
        return next(c.shape for c in self.calls if (c.name, c.call) == (name, call))

    @cached_property
    def _own(self) -> dict[str, dict[str, Tensor]]:
        found: dict[str, dict[str, Tensor]] = {}
        for name, weight in self.weights.items():
            if not weight.is_floating_point() and weight.numel() == 1:
                continue  # a counter, such as that of the batches that a norm has seen
            module, _, last = name.rpartition(".")
            found.setdefault(module, {})[last] = weight
        return found

    def own(self, name: str) -> dict[str, Tensor]:
        """The weights of a module itself, without those of modules within."""
        return self._own.get(name, {})

    def trained(self, leaf: str) -> dict[str, Tensor]:
        """The weights of a module itself but for those that nobody trains."""
        prefix = f"{leaf}." if leaf else ""
        own = self.own(leaf).items()
        return {n: weight for n, weight in own if f"{prefix}{n}" not in self.buffers}

    def within(self, name: str) -> list[str]:
        """The called modules within one, in order."""
        prefix = f"{name}." if name else ""
        return [each for each in self.order if each != name and each.startswith(prefix)]

    @cached_property
    def leaves(self) -> list[str]:
        """The called modules that own weights and call no other."""
        return [name for name in self.order if self.own(name) and not self.within(name)]

    @cached_property
    def prints(self) -> dict[str, Fingerprint]:
        """The fingerprint of every weight of a leaf, by the weight's name."""
        return {
            f"{leaf}.{name}" if leaf else name: fingerprint(weight)
            for leaf in self.leaves
            for name, weight in self.own(leaf).items()
        }

    def holds(self, weight: Tensor) -> int:
        """How many weights with the same values are computed with."""
        sought = fingerprint(weight)
        return sum(
            fingerprint(each) == sought
            for name, each in self.weights.items()
            if each.numel() == weight.numel() and name not in self.unread
        )

    def content(self, leaf: str) -> tuple[Fingerprint, ...]:
        """Equal for two leaves with the same weights in any layout."""
        return tuple(sorted(self._print(leaf, name) for name in self.own(leaf)))

    def largest(self, leaf: str) -> Fingerprint:
        """Of the weight that says most: the largest, and of equal ones the most varied."""
        own = self.own(leaf)
        name = max(own, key=lambda each: (own[each].numel(), not is_constant(own[each])))
        return self._print(leaf, name)

    def named(self, content: Fingerprint) -> str:
        """The weight of a leaf with these values, if there is one and they vary."""
        names = (name for name, each in self.prints.items() if each == content)
        return next((name for name in names if not is_constant(self.weights[name])), "")

    def sizes(self, leaf: str) -> tuple[int, ...]:
        """The numbers of values of its weights."""
        return tuple(sorted(weight.numel() for weight in self.own(leaf).values()))

    def _print(self, leaf: str, name: str) -> Fingerprint:
        return self.prints[f"{leaf}.{name}" if leaf else name]
