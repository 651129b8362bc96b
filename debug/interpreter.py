"""Runs a traced graph operation by operation, and nothing twice.

Every value of a graph has a digest of what it is computed from: the operation with its
attributes, its operands' digests, the weights and the argument. A layer whose digest was
seen before is not computed again, so an edit costs what lies behind it and no more.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from max.driver import CPU, Buffer

from debug import internals
from debug.diagnostic import Problem
from debug.internals import Op, ValueKey
from debug.trace import Traced


@dataclass(frozen=True)
class Computed:
    """One layer's value."""

    digest: str
    """Of what the value is computed from; equal digests, equal values."""
    value: Callable[[], torch.Tensor]
    """Computes it, if it has not been, and brings it to the CPU."""


@dataclass
class Tokens:
    """Numbers that stand for buffers in digests: the same object, the same number."""

    seen: dict[int, tuple[int, Buffer]] = field(default_factory=dict)

    def of(self, buffer: Buffer) -> str:
        token, _ = self.seen.setdefault(id(buffer), (len(self.seen), buffer))
        return f"buffer {token}"


class Interpreter:
    """MAX's interpreter, one layer at a time on demand."""

    def __init__(self, announce: Callable[[str], None]) -> None:
        """``announce`` is told the name of a kernel that must be compiled first."""
        self._announce = announce
        self._tokens = Tokens()
        self._kept: dict[str, Buffer] = {}

    def load(self, traced: Traced) -> dict[str, Computed]:
        """The layers by name; each is computed when its value is asked for.

        Raises:
            Problem: the interpreter has no handler for an operation of the graph.
        """
        internals.lower(traced.graph)
        if reason := internals.refusal(traced.graph):
            message = f"the interpreter can't run this graph: {reason}"
            raise Problem("interpreter", f"{message}; try --engine compile")
        program = _Program(traced, self._tokens)
        self._kept = {d: b for d, b in self._kept.items() if d in program.digests}

        def computed(key: ValueKey) -> Computed:
            def value() -> torch.Tensor:
                with internals.announcing_kernels(self._announce):
                    return to_torch(program.evaluate(key, self._kept))

            return Computed(program.digest[key], value)

        pairs = zip(traced.layers, program.outputs, strict=True)
        return {name: computed(key) for name, key in pairs}


class _Program:
    """A lowered graph with the digest of each of its values."""

    def __init__(self, traced: Traced, tokens: Tokens) -> None:
        self.body, self.outputs = internals.split_output(traced.graph)
        self._maker: dict[ValueKey, int] = {}
        self._operands: list[list[ValueKey]] = []
        self.digest: dict[ValueKey, str] = {}
        self._fixed: set[ValueKey] = set()
        """Values that depend on weights and constants alone, such as transposed weights."""
        self._slots: dict[ValueKey, Buffer | None] = {}
        (argument,) = internals.graph_inputs(traced.graph)
        self._slots[argument] = traced.argument
        self.digest[argument] = traced.argument_digest
        for index, op in enumerate(self.body):
            self._read(index, op, traced, tokens)
        self.digests = set(self.digest.values())
        self._kept_keys = set(self.outputs) | self._fixed
        self._uses = Counter(used for each in self._operands for used in each)

    def _read(self, index: int, op: Op, traced: Traced, tokens: Tokens) -> None:
        used = internals.operands(op)
        self._operands.append(used)
        name = internals.weight_name(op)
        if name is not None:
            text = tokens.of(traced.weights[name])
            self._slots[op.results[0]] = traced.weights[name]
        else:
            parts = [internals.signature(op), *(self.digest.get(u, "") for u in used)]
            text = hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
        fixed = all(u in self._fixed for u in used)
        for number, result in enumerate(op.results):
            self._maker[result] = index
            self.digest[result] = f"{text}.{number}"
            if fixed:
                self._fixed.add(result)

    def evaluate(self, key: ValueKey, kept: dict[str, Buffer]) -> Buffer:
        """Computes one value from the nearest ones that are at hand.

        Layers and what depends on weights alone are put into ``kept`` by digest; what is
        in between is dropped as soon as nothing is left to use it.
        """
        slots = self._slots
        for index in sorted(self._needed(key, kept)):
            op = self.body[index]
            internals.dispatch(op, slots)
            for result in op.results:
                if (buffer := slots[result]) is not None and result in self._kept_keys:
                    kept[self.digest[result]] = buffer
            for used in self._operands[index]:
                self._uses[used] -= 1
                if self._uses[used] == 0 and used not in self._kept_keys:
                    slots.pop(used, None)
        buffer = slots[key]
        assert buffer is not None
        return buffer

    def _needed(self, key: ValueKey, kept: dict[str, Buffer]) -> set[int]:
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
            index = self._maker[value]
            if index not in needed:
                needed.add(index)
                pending.extend(self._operands[index])
        return needed


def to_torch(buffer: Buffer) -> torch.Tensor:
    """A buffer of MAX as a tensor on the CPU, without a copy where it is there already."""
    return torch.from_dlpack(buffer.to(CPU()))
