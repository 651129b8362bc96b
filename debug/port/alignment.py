"""Which layer of the reference is which module of a port, found without a map of names.

Ports rename and regroup: ``self_attn.q_proj`` is ``attention.wq``, three projections are
one. What a port must keep are the weights, so leaves pair by what they hold
(`debug.port.fingerprints`), and a module that holds others pairs with the one that holds
the same leaves. Where weights can't tell (norms of ones, biases of zeros), the order of
calls between neighbours that are certain does.

Where names and content disagree, names win: ``wq`` that holds ``v_proj``'s weight is a bug,
and not another name for ``v_proj``.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from debug.port import doubts, joined, names, numbered
from debug.port.containers import Held, held_by, in_parts, nested, siblings
from debug.port.foldings import foldings
from debug.port.side import Side
from debug.protocol.values import UnpairedModule, doubts_of
from debug.subject import Counterpart

LIKELY = 0.5
"""How alike two names must be to say more than the order of calls."""

NO_UNIT = "no one module {} holds the same layers; each of them is compared by itself"


class How(StrEnum):
    """What made a pair."""

    YOU = "you"
    MODEL = "the model"
    NAME = "name"
    NAME_AND_WEIGHTS = "name and weights"
    WEIGHTS = "weights"
    SOME = "some weights"
    PART = "part of a weight"
    FOLDED = "folded weights"
    SCALED = "scaled weights"
    ORDER = "order"
    LEAVES = "leaves"
    SIBLINGS = "siblings"


@dataclass(frozen=True)
class Pair:
    layer: str
    counterpart: Counterpart
    how: How
    doubt: str = ""
    """What speaks against it: likely a bug."""
    held: str = ""
    """The layer whose weights the module has, if it is another one."""


@dataclass
class Matched:
    """All pairs, and what is left over."""

    pairs: dict[str, Pair] = field(default_factory=dict)
    """By the reference's module."""
    unpaired: list[UnpairedModule] = field(default_factory=list)
    """What only one side has."""

    @property
    def reference_only(self) -> list[UnpairedModule]:
        return [each for each in self.unpaired if each.of_reference]

    @property
    def doubts(self) -> list[str]:
        return doubts_of(self.pairs.values(), self.unpaired)


def match(
    reference: Side, candidate: Side, said: Mapping[str, str], ignored: Sequence[str]
) -> Matched:
    """Pairs the modules of two sides.

    Args:
        reference: PyTorch's side.
        candidate: MAX's side.
        said: pairs that a person is sure of, by the reference's name.
        ignored: modules of the reference that are left out.
    """
    return _Matching(reference, candidate, said, ignored).result()


class _Matching:
    """The pairs so far; each step adds to them."""

    def __init__(
        self,
        reference: Side,
        candidate: Side,
        said: Mapping[str, str],
        ignored: Sequence[str],
    ) -> None:
        self._ref, self._cand = reference, candidate
        self._found = Matched()
        self._taken: set[str] = set()
        self._folded: dict[str, str] = {}
        """Layers that have no module of their own, and why."""
        self._ignored = tuple(f"{name}." for name in ignored)
        for layer, module in said.items():
            if layer in reference.order and module in candidate.order:
                self._pair(layer, module, How.YOU)

    def result(self) -> Matched:
        self._by_folding()
        self._by_name()
        self._by_content(self._ref.content, self._cand.content, How.WEIGHTS)
        self._in_parts()
        self._by_content(self._largest(self._ref), self._largest(self._cand), How.SOME)
        self._by_slices()
        self._by_likeness()
        self._exchange_by_name()
        self._exchange_by_number()
        self._containers()
        self._gather_doubts()
        self._functions()
        self._leftovers()
        order = self._ref.order  # as they are called, however each was found
        ordered = sorted(self._found.pairs.items(), key=lambda pair: order[pair[0]])
        self._found.pairs = dict(ordered)
        return self._found

    # -- Leaves ------------------------------------------------------------------------

    def _pair(self, layer: str, module: str, how: How) -> None:
        self._found.pairs[layer] = Pair(layer, Counterpart((module,)), how)
        self._taken.add(module)

    def _pair_in_doubt(self, layer: str, counterpart: Counterpart, how: How) -> None:
        """One whose weights are not the layer's."""
        module = counterpart.modules[0]
        doubt, held = doubts.held_instead(layer, module, self._ref, self._cand)
        self._found.pairs[layer] = Pair(layer, counterpart, how, doubt, held)
        self._taken.add(module)

    def _free(self) -> tuple[list[str], list[str]]:
        """The leaves of either side that have no counterpart yet."""
        pairs = self._found.pairs
        left = [n for n in self._ref.leaves if n not in pairs and n not in self._folded]
        theirs = [n for n in left if not self._ignores(n)]
        return theirs, [n for n in self._cand.leaves if n not in self._taken]

    def _ignores(self, name: str) -> bool:
        return f"{name}.".startswith(self._ignored)

    def _by_folding(self) -> None:
        """Weights that were computed of the reference's."""
        for module, found in foldings(self._ref, self._cand):
            if found.layer in self._found.pairs or module in self._taken:
                continue
            if found.within is None and found.scale == 1.0:
                how = How.WEIGHTS
            else:
                how = How.SCALED if found.within is None else How.FOLDED
            counterpart = Counterpart((module,), scale=found.scale, begins=found.within)
            self._found.pairs[found.layer] = Pair(found.layer, counterpart, how)
            self._taken.add(module)
            if found.within is not None:
                self._folded[found.within] = f"is folded into {module}, see {found.layer}"

    def _by_name(self) -> None:
        """The same name and sizes: a person's claim, whatever they hold."""
        theirs, ours = self._free()
        by_name = {names.plain(name): name for name in theirs}
        for module in ours:
            layer = by_name.get(names.plain(module))
            if layer is None or self._ref.sizes(layer) != self._cand.sizes(module):
                continue
            same = self._ref.content(layer) == self._cand.content(module)
            if same:
                self._pair(layer, module, How.NAME_AND_WEIGHTS)
            else:
                self._pair_in_doubt(layer, Counterpart((module,)), How.NAME)

    @staticmethod
    def _largest(side: Side):
        return lambda leaf: (side.largest(leaf),)

    def _by_content(self, of_layer, of_module, how: How) -> None:
        """The same weights: unique ones first, then the others in order of calls."""
        theirs, ours = self._free()
        held, wanted = Counter(map(of_module, ours)), Counter(map(of_layer, theirs))
        by_content = {of_layer(layer): layer for layer in theirs}
        for module in ours:
            key = of_module(module)
            if held[key] == wanted[key] == 1:
                self._pair(by_content[key], module, how)
        self._within_containers(of_layer, of_module)
        _, ours = self._free()
        for module in ours:
            key = of_module(module)
            alike = [layer for layer in self._free()[0] if of_layer(layer) == key]
            if alike:
                self._pair(self._next_to(module, alike), module, How.ORDER)

    def _within_containers(self, of_layer, of_module) -> None:
        """Leaves that hold the same, such as the norms of a block: those of one container
        are those of its counterpart, in order of calls. So a norm that the port calls too
        late is still that norm."""
        held_here, held_there = self._held()
        for leaves, layers in sorted(held_here.items(), key=lambda each: len(each[0])):
            for layer, module in zip(layers, held_there.get(leaves, ()), strict=False):
                theirs, ours = self._free()
                theirs = [n for n in theirs if n in self._ref.within(layer)]
                ours = [n for n in ours if n in self._cand.within(module)]
                for key in {of_layer(n) for n in theirs}:
                    of_ref = [n for n in theirs if of_layer(n) == key]
                    of_cand = [n for n in ours if of_module(n) == key]
                    if len(of_ref) == len(of_cand):
                        for pair in zip(of_ref, of_cand, strict=True):
                            self._pair(*pair, How.ORDER)

    def _in_parts(self) -> None:
        """Modules of one side whose weights those within one of the other's hold, such as
        an LSTM beside one module for each direction."""
        theirs, ours = self._free()
        for layer, module in in_parts(self._ref, self._cand, theirs, ours):
            self._pair(layer, module, How.WEIGHTS)
            self._taken.update(self._cand.within(module))
            for part in self._ref.within(layer):
                self._folded[part] = f"is computed within {module}, see {layer}"

    def _next_to(self, module: str, layers: Sequence[str]) -> str:
        """The first layer after the counterpart of the module's neighbour."""
        place = self._cand.order[module]
        before = [
            self._ref.order[pair.layer]
            for pair in self._found.pairs.values()
            if self._cand.order[pair.counterpart.modules[0]] < place
        ]
        anchor = max(before, default=-1)
        return next((n for n in layers if self._ref.order[n] > anchor), layers[0])

    def _by_slices(self) -> None:
        """Several projections that one side joined into one weight."""
        theirs, ours = self._free()
        for layer, counterpart in joined.slices(self._ref, self._cand, theirs, ours):
            self._found.pairs[layer] = Pair(layer, counterpart, How.PART)
            self._taken.update(counterpart.modules)

    def _by_likeness(self) -> None:
        """Weights that equal none of the reference: paired by size, name and order."""
        for module in self._free()[1]:
            sizes = self._cand.sizes(module)
            alike = [n for n in self._free()[0] if max(self._ref.sizes(n)) == max(sizes)]
            if not alike:
                continue
            first = self._next_to(module, alike)
            layer = max(
                alike, key=lambda n: (names.similarity(n, module) > LIKELY, n == first)
            )
            self._pair_in_doubt(layer, Counterpart((module,)), How.ORDER)

    def _exchange_by_name(self) -> None:
        """Two layers whose weights were exchanged have counterparts by content, and names
        that say the opposite."""
        pairs = [p for p in self._found.pairs.values() if p.how is How.WEIGHTS]
        for one in pairs:
            for other in pairs:
                mine, yours = one.counterpart.modules[0], other.counterpart.modules[0]
                if self._cand.sizes(mine) != self._cand.sizes(yours):
                    continue
                layers = one.layer, other.layer
                if one.layer < other.layer and names.oppose(layers, (mine, yours)):
                    for layer, module in ((one.layer, yours), (other.layer, mine)):
                        self._pair_in_doubt(layer, Counterpart((module,)), How.NAME)

    def _exchange_by_number(self) -> None:
        """Blocks that hold each other's weights."""
        pairs = self._found.pairs
        sure = [n for n, pair in pairs.items() if pair.how is not How.YOU]
        counterparts = {n: pairs[n].counterpart for n in sure if n in self._ref.leaves}
        found = [*numbered.exchanged(counterparts, self._ref, self._cand)]
        for layer, counterpart, held in found:
            (module,) = counterpart.modules
            doubt = f"{module} holds {held}'s weights, not {layer}'s"
            if self._ref.content(layer) == self._ref.content(held):
                doubt = ""  # a norm of ones is any block's
            pairs[layer] = Pair(layer, counterpart, How.NAME, doubt, held)

    def _gather_doubts(self) -> None:
        """What can be said once of a block is not said of each layer in it."""
        pairs = self._found.pairs
        held = {name: pair.held for name, pair in pairs.items() if pair.held}
        for layer, other, leaves in [*doubts.gathered(held, pairs, self._ref)]:
            for leaf in leaves:
                pairs[leaf] = replace(pairs[leaf], doubt="")
            module = pairs[layer].counterpart.modules[0]
            doubt = f"{module} holds {other}'s weights, not {layer}'s"
            pairs[layer] = replace(pairs[layer], doubt=doubt)

    # -- Modules that hold others ------------------------------------------------------

    def _containers(self) -> None:
        """The same leaves within, or the same place among others of their kind."""
        if "" in self._ref.order and "" in self._cand.order:
            self._pair("", "", How.MODEL)
        theirs, ours = self._held()
        paired: dict[str, str] = {}
        left = [
            (
                [n for n in theirs.get(leaves, []) if n not in self._found.pairs],
                [n for n in modules if n not in self._taken],
            )
            for leaves, modules in ours.items()
        ]
        for layers, modules in sorted(left, key=lambda each: len(each[0]) != len(each[1])):
            usual = {(names.pattern(a), names.pattern(b)) for a, b in paired.items()}
            paired.update(nested(layers, modules, self._as_large, usual))
        for layer, module in paired.items():
            self._pair(layer, module, How.LEAVES)
        for layer, module in [*siblings(paired, theirs, ours)]:
            if module not in self._taken:
                self._pair(layer, module, How.SIBLINGS)

    def _held(self) -> tuple[Held, Held]:
        """What the modules of either side hold, by the pairs so far."""
        of_module: dict[str, set[str]] = {}
        for pair in self._found.pairs.values():
            for module in pair.counterpart.modules:
                of_module.setdefault(module, set()).add(pair.layer)
        of_layer = {layer: {layer} for layer in self._found.pairs}
        theirs, ours = held_by(self._ref, of_layer), held_by(self._cand, of_module)
        for held, layers in theirs.items():
            theirs[held] = [each for each in layers if not self._ignores(each)]
        return theirs, ours

    def _as_large(self, layer: str, module: str) -> bool:
        return math.prod(self._ref.shape(layer)) == math.prod(self._cand.shape(module))

    def _functions(self) -> None:
        """Modules without weights, such as activations, where both sides have them."""
        ours = {
            names.plain(name): name for name in self._cand.order if name not in self._taken
        }
        for layer in self._ref.order:
            module = ours.get(names.plain(layer))
            free = layer not in self._found.pairs and not self._ref.own(layer)
            if module is not None and free and not self._ref.within(layer):
                self._pair(layer, module, How.NAME)

    # -- What is left ------------------------------------------------------------------

    def _leftovers(self) -> None:
        pairs = self._found.pairs
        alone = (n for n in self._ref.leaves if n not in pairs and not self._ignores(n))
        missing = [leaf for leaf in alone if self._reason(leaf)[1]]
        whole = doubts.missing_whole(self._ref, pairs, missing)
        counterparts = {name: pair.counterpart for name, pair in pairs.items()}
        for layer in self._ref.order:
            if layer not in self._found.pairs and not self._ignores(layer):
                around = next((n for n in whole if layer.startswith(f"{n}.")), None)
                if layer in whole:
                    reason = doubts.reason_of_whole(
                        layer, counterparts, self._ref, self._cand
                    )
                    is_error = True
                elif around is not None:
                    reason, is_error = f"is a part of {around}", False
                else:
                    reason, is_error = self._reason(layer)
                alone = UnpairedModule(layer, True, reason, is_error)
                self._found.unpaired.append(alone)
        for module in self._cand.order:
            if module not in self._taken:
                reason, is_error = self._reason_of_module(module)
                alone = UnpairedModule(module, False, reason, is_error)
                self._found.unpaired.append(alone)

    def _reason(self, layer: str) -> tuple[str, bool]:
        """Why a layer of the reference has no counterpart, and whether that is an error."""
        if layer in self._folded:
            return self._folded[layer], False
        if layer not in self._ref.leaves:
            holds = self._ref.within(layer)
            return NO_UNIT.format("there") if holds else "holds no weight", False
        if joined.is_read(layer, self._ref, self._cand):
            return "is only read there, not called", False
        if not self._ref.trained(layer):
            return "trains no weight: its values may be computed anywhere there", False
        return "has no counterpart: no module holds its weights", True

    def _reason_of_module(self, module: str) -> tuple[str, bool]:
        if module not in self._cand.leaves:
            return NO_UNIT.format("of PyTorch's"), False
        if joined.is_read(module, self._cand, self._ref):
            return "is only read in the reference, not called", False
        return "has weights that equal none of the reference: were they loaded?", True
