"""A lowered graph in which every value has a digest that says what it was computed from.

After a save the graph is built anew, and almost all of it is what it was before. A digest
is a hash of the operation, its attributes and the digests of its operands, down to the
weights and the input. So equal digests mean equal values, whatever graph they come from,
and a value that was kept under its digest is not computed again: an edit of a bias in
block 3 costs nothing in blocks 0 to 2.

Buffers stand in digests by identity (`Tokens`), not by content, which would take seconds
for a large model; so the same weight must be the same object in every generation. The
input of the model is the exception, for it is a new buffer each time.

Values between layers are dropped as soon as nothing is left to use them. What is kept are
layers, and what depends on weights alone, such as transposed weights.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping

from max.driver import Buffer

from debug.candidate import max_dispatch, max_internals
from debug.candidate.buffers import Tokens, to_torch
from debug.candidate.flow import Flow, LayerInput, Route
from debug.candidate.kept_values import KeptValues, size_of
from debug.candidate.max_internals import Op, ValueKey
from debug.candidate.taps import FirstInput, Probe, Result
from debug.candidate.trace import Traced
from debug.protocol.diagnostic import Problem
from debug.protocol.values import Place

Slots = dict[ValueKey, Buffer | None]


class Program:
    """A lowered graph with the digest of each of its values."""

    def __init__(
        self,
        traced: Traced,
        tokens: Tokens,
        injected: Mapping[str, Buffer] | None = None,
        runners: Mapping[int, Callable[[Slots], None]] | None = None,
    ) -> None:
        """
        Args:
            traced: the graph, lowered.
            tokens: those of all programs whose values are kept together.
            injected: by layer, values that replace what the graph computes.
            runners: by place in the graph, what runs an operation in the interpreter's
                stead.
        """
        self._runners = runners or {}
        self.body, outputs = max_internals.split_output(traced.graph)
        self.layers: dict[str, ValueKey] = {}
        self.found_by_numbers = set[str]()
        self.inputs: dict[str, LayerInput] = {}
        self.probes: dict[Probe, ValueKey] = {}
        for output, key in traced.named(outputs).items():
            match output:
                case Result(layer):
                    self.layers[layer] = key
                case FirstInput(layer):
                    self.inputs[layer] = LayerInput(key, traced.outputs[output])
                case Probe():
                    self.probes[output] = key
        self._parents = traced.parents
        injected = injected or {}
        self._injected = {self.layers[name]: buffer for name, buffer in injected.items()}
        self._own: dict[ValueKey, str] = {}
        """The digests of what the graph itself computes where a value is injected."""
        self.flow = Flow(max_internals.graph_inputs(traced.graph))
        self._signatures = [
            "\n".join([each, *max_internals.called_graphs(traced.graph, each)])
            for each in max_internals.signatures(traced.graph)
        ]
        self.digest: dict[ValueKey, str] = {}
        self._fixed: set[ValueKey] = set()
        """Values that depend on weights and constants alone, such as transposed weights."""
        self._slots: Slots = {}
        arguments = self.flow.arguments
        self._slots.update(zip(arguments, traced.arguments, strict=True))
        self.digest.update(zip(arguments, traced.argument_digests, strict=True))
        for index, op in enumerate(self.body):
            self._read(index, op, traced, tokens)
        self.digests = set(self.digest.values())
        # The arguments and weights may be needed again by what is computed aside.
        self._given = frozenset(self._slots)
        # A bias in the shape of what it is added to is larger than what it is made of, and
        # made again in a moment.
        worth_keeping = {
            value
            for value in self._fixed
            if size_of(value)
            <= sum(map(size_of, self.flow.operands[self.flow.maker[value]]))
        }
        self._kept_keys = set(self.layers.values()) | worth_keeping | self._given
        self._users: dict[ValueKey, set[int]] = {}
        for index, operands in enumerate(self.flow.operands):
            for used in operands:
                self._users.setdefault(used, set()).add(index)
        self._ran: set[int] = set()
        around = self._parents
        outer = (name for name in self.layers if around.get(around.get(name) or "") is None)
        self._outer = {self.digest[self.layers[name]] for name in outer}
        """Of the model and the layers that are within no other."""

    def _read(self, index: int, op: Op, traced: Traced, tokens: Tokens) -> None:
        # What has no digest only says what comes before what, as the graph's order does.
        used = [each for each in max_internals.operands(op) if each in self.digest]
        self.flow.operands.append(used)
        self.flow.results.append(list(op.results))
        name = max_internals.weight_name(op)
        if name is not None:
            text = tokens.of(traced.weights[name])
            self._slots[op.results[0]] = traced.weights[name]
        else:
            text = self._combine(index, self.digest)
        fixed = all(u in self._fixed for u in used)
        for number, result in enumerate(op.results):
            if index in self._runners and max_internals.is_chain(result):
                continue  # nothing that runs alone changes what others read
            self.flow.maker[result] = index
            self.digest[result] = f"{text}.{number}"
            if fixed:
                self._fixed.add(result)
            if (buffer := self._injected.get(result)) is not None:
                self._own[result] = self.digest[result]
                self.digest[result] = tokens.of(buffer)
                self._slots[result] = buffer

    def _combine(self, index: int, digests: Mapping[ValueKey, str]) -> str:
        """The digest of an operation's results from those of its operands."""
        operands = self.flow.operands[index]
        parts = [self._signatures[index], *(digests.get(used, "") for used in operands)]
        return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()

    def evaluate(self, key: ValueKey, kept: KeptValues) -> Buffer:
        """Computes one value from the nearest ones that are at hand.

        Layers and what depends on weights alone are put into ``kept`` by digest; what is
        in between is dropped as soon as nothing is left to use it.
        """
        slots, needed = self._slots, sorted(self._needed(key, kept))
        uses = Counter(used for index in needed for used in self.flow.operands[index])
        for index in needed:
            self._ran.add(index)
            unfinished = (
                used for used in self.flow.operands[index] if self._is_wanted(used)
            )
            self._run(index, slots, uses, {*unfinished})
            for result in self._kept_keys.intersection(self.body[index].results):
                if (buffer := slots[result]) is not None:
                    kept.put(self.digest[result], buffer)
        buffer = slots[key]
        assert buffer is not None
        made = (result for index in needed for result in self.body[index].results)
        for value in [key, *uses, *made]:
            if not self._is_wanted(value):
                slots.pop(value, None)
        kept.make_room(self._outer)
        return buffer

    def _is_wanted(self, value: ValueKey) -> bool:
        """Whether a value is held until it is used: a weight, what is injected, and what is
        kept nowhere else and was not used by all that uses it."""
        if value in self._given:
            return True
        is_used_up = self._users.get(value, set()) <= self._ran
        return value not in self._kept_keys and not is_used_up

    def own_digest(self, key: ValueKey) -> str:
        """Of what the graph itself computes there."""
        return self._own.get(key, self.digest[key])

    def own_value(self, key: ValueKey, kept: KeptValues) -> Buffer:
        """What the graph itself computes there, whatever is injected in its place."""
        if key not in self._own:
            return self.evaluate(key, kept)
        index = self.flow.maker[key]
        slots: Slots = {
            used: self.evaluate(used, kept) for used in self.flow.operands[index]
        }
        self._dispatch(index, slots)
        buffer = slots[key]
        assert buffer is not None
        return buffer

    def _run(
        self, index: int, slots: Slots, uses: Counter[ValueKey], keep: Collection[ValueKey]
    ) -> None:
        """Runs one operation, and drops what it was the last to use. What none makes, the
        graph's argument, could not be computed again."""
        self._dispatch(index, slots)
        for used in self.flow.operands[index]:
            uses[used] -= 1
            if uses[used] == 0 and used not in keep and used in self.flow.maker:
                slots.pop(used, None)

    def _dispatch(self, index: int, slots: Slots) -> None:
        """Runs one operation."""
        op = self.body[index]
        try:
            if (runner := self._runners.get(index)) is not None:
                runner(slots)
            else:
                max_dispatch.dispatch(op, slots)
        except Problem:
            raise
        except Exception as error:
            what, place = max_internals.describe(op), max_internals.place_of(op)
            raise Problem.at("run", error, place, f"{what} failed") from error

    def _at_hand(self, index: int, slots: Slots, kept: KeptValues) -> bool:
        """Takes the results of an operation that no input changes as they are kept, such as
        a shape or a transposed weight; False for any other. A chain has no value: what
        moves a weight to a GPU has one beside the weight."""
        results = self.body[index].results
        if not self._fixed.issuperset(results):
            return False
        for result in results:
            is_chain = max_internals.is_chain(result)
            slots[result] = None if is_chain else self.evaluate(result, kept)
        return True

    def _needed(self, key: ValueKey, kept: KeptValues) -> set[int]:
        """The operations to run for a value; what is kept becomes a slot instead."""
        needed: set[int] = set()
        pending = [key]
        while pending:
            value = pending.pop()
            if value in self._slots:
                continue
            if (buffer := kept.get(self.digest[value])) is not None:
                self._slots[value] = buffer
                continue
            index = self.flow.maker[value]
            if index not in needed:
                needed.add(index)
                pending.extend(self.flow.operands[index])
        return needed

    def between(
        self, given: Mapping[ValueKey, Buffer], end: ValueKey, kept: KeptValues
    ) -> tuple[list[int], Slots]:
        """All that one value is computed by, starting from values that are given.

        Returns:
            The operations in order, by their places in ``body``, and every value.
        """
        needed = self.flow.leading_to(end, given)
        slots: Slots = {**given}
        for index in sorted(needed):
            for used in self.flow.operands[index]:
                if used not in slots:  # a weight or the graph's own argument
                    slots[used] = self.evaluate(used, kept)
            if not self._at_hand(index, slots, kept):
                self._dispatch(index, slots)
                slots |= {r: given[r] for r in self.body[index].results if r in given}
        return sorted(needed), slots

    def walk(
        self, given: Mapping[ValueKey, Buffer], end: ValueKey, kept: KeptValues
    ) -> Iterator[tuple[ValueKey, Slots]]:
        """Computes all that leads to one value, and stops at every result as it is made.

        What is put into the slots in a result's place is what the rest is computed of.
        """
        needed = sorted(self.flow.leading_to(end, given))
        slots: Slots = {**given}
        uses = Counter(used for index in needed for used in self.flow.operands[index])
        for index in needed:
            for used in self.flow.operands[index]:
                if used not in slots:  # a weight or the graph's own argument
                    slots[used] = self.evaluate(used, kept)
            if max_internals.weight_name(self.body[index]) is None:
                if not self._at_hand(index, slots, kept):
                    self._run(index, slots, uses, ())
                for result in self.body[index].results:
                    yield result, slots

    def is_fixed(self, value: ValueKey) -> bool:
        """Whether a value is made of weights and constants alone."""
        return value in self._fixed

    def place_of(self, value: ValueKey) -> Place | None:
        """The source line that makes a value."""
        index = self.flow.maker.get(value)
        place = None if index is None else max_internals.place_of(self.body[index])
        return None if place is None else Place(*place)

    def found(self, layer: str, result: ValueKey, argument: LayerInput | None) -> None:
        """Puts a layer where its value is, whatever its module returns or is given."""
        self.layers[layer] = result
        self.found_by_numbers.add(layer)
        self._kept_keys.add(result)
        if argument is None:
            self.inputs.pop(layer, None)
        else:
            self.inputs[layer] = argument

    def evaluate_aside(self, key: ValueKey, kept: KeptValues) -> Buffer:
        """A value between layers, or within one, that leaves no trace: what `evaluate`
        holds, and what it will drop, stay as they are."""
        at_hand = {
            each: buffer
            for each in self._kept_keys
            if (buffer := kept.get(self.digest[each])) is not None
        }
        buffer = self.between({**at_hand, **self._injected}, key, kept)[1].get(key)
        return self.evaluate(key, kept) if buffer is None else buffer

    # -- Layers in isolation -----------------------------------------------------------

    def outside(self, layer: str) -> dict[ValueKey, str]:
        """The results of all layers that are neither this one nor within it."""
        own = {key for name, key in self.layers.items() if self._is_within(name, layer)}
        return {key: name for name, key in self.layers.items() if key not in own}

    def parent(self, layer: str) -> str | None:
        """The layer around one."""
        return self._parents.get(layer)

    def _is_within(self, name: str | None, layer: str) -> bool:
        """Whether one layer is another or a part of it."""
        while name is not None and name != layer:
            name = self._parents.get(name)
        return name == layer

    def digest_isolated(self, route: Route) -> str:
        digests = {**self.digest, route.start: "the argument"}
        digests.update({key: f"{name}, given" for name, key in route.aside.items()})
        for index in route.indices:
            text = self._combine(index, digests)
            for number, result in enumerate(self.body[index].results):
                digests[result] = f"{text}.{number}"
        return digests[route.end]

    def _was_given(self, key: ValueKey, buffer: Buffer) -> bool:
        """Whether a value is an argument of the graph with just these numbers."""
        had = self._slots.get(key) if key in self.flow.arguments else None
        return had is not None and to_torch(had).equal(to_torch(buffer))

    def evaluate_isolated(
        self,
        route: Route,
        start: Buffer,
        kept: KeptValues,
        aside: Mapping[str, Buffer] | None = None,
    ) -> Buffer:
        """The end of a way whose start is given.

        What enters from aside is given by layer, or as it is where it is not. The model
        itself is often given what it was given before: then its value is known.
        """
        if not aside and not self._injected and self._was_given(route.start, start):
            return self.evaluate(route.end, kept)
        slots: Slots = {route.aside[name]: buffer for name, buffer in (aside or {}).items()}
        slots[route.start] = start
        uses = Counter(
            used for index in route.indices for used in self.flow.operands[index]
        )
        made = {result for index in route.indices for result in self.body[index].results}
        for used in uses:
            if used not in made and used not in slots:
                slots[used] = self.evaluate(used, kept)
        for index in route.indices:
            self._run(index, slots, uses, (route.end,))
        buffer = slots[route.end] if route.end in slots else self.evaluate(route.end, kept)
        assert buffer is not None
        return buffer
