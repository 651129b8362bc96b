"""An operation that the interpreter can't run, as a graph of its own to be compiled.

The interpreter has no kernel for a transposed or grouped convolution, or for a loop. MAX's
compiler has. So such an operation is cut out of its graph and compiled alone, once on a
machine, and the interpreter goes on around it. What is emulated is cut out in the same way
(`debug.candidate.emulation`).

What is cut out is text. This operation of a graph ::

    %25 = "mo.cast"(%8) : (!mo.tensor<[4], f32>) -> !mo.tensor<[4], f16>

becomes ::

    mo.graph @lone(%v0: !mo.tensor<[4], f32>) -> (!mo.tensor<[4], f16>) {
      %v1 = "mo.cast"(%v0) : (!mo.tensor<[4], f32>) -> !mo.tensor<[4], f16>
      mo.output %v1 : !mo.tensor<[4], f16>
    }

Tensors that it uses become arguments. Constants and shapes come along, for the compiler
wants to know strides and groups. Values are named by their order, so that the same
operation elsewhere is the same text, and one kernel serves both.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from max.driver import CPU, Device
from max.graph import Graph

from debug.candidate import max_internals
from debug.candidate.max_internals import CHAIN, Op, ValueKey
from debug.candidate.narrow_types import has_narrow_type

LONGEST_CONSTANT = 2000
"""Characters of a constant that comes along; a longer one becomes an argument."""
NAME = "lone"
"""Stands for a graph's name until that is known."""
_FIXED = ("constant", "param.to_value", "shape.to_tensor")
_NAME = re.compile(r"%\w+(?:#\d+)?")
_LAYOUT = re.compile(r", \{layout = #mo\.layout<\w+>\}")
_OPERANDS = re.compile(r'^[^"]*"[\w.]+"\(([^)]*)\)')
_DEFINED = re.compile(r"(%\w+)(?::\d+)? =|(%\w+): ")


@dataclass(frozen=True)
class LoneKernel:
    """An operation as a graph of its own."""

    op: str
    """Its name, such as ``conv_transpose``."""
    key: str
    """The graph's name, which is made from all that it says."""
    graph: str
    """As text."""
    called: list[str]
    """The graphs that it calls, as text."""
    arguments: list[ValueKey]
    """What it takes, as values of the graph that it was cut out of."""
    results: list[ValueKey]
    """What it returns."""
    device: Device

    @property
    def why_not(self) -> str | None:
        """Why it can't be compiled alone, as far as that can be said beforehand."""
        if any("mo.constant.external" in graph for graph in self.called):
            return "what it calls has weights of its own"
        return None


@dataclass
class _Draft:
    """What a graph will say, with names as they are where it is cut out."""

    lines: dict[str, None] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    """Types by name."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Other names for values, such as ``%37#1``, which can't be an argument's."""


class Cutter:
    """Cuts operations out of one lowered graph."""

    def __init__(self, graph: Graph, body: Sequence[Op]) -> None:
        self._graph, self._libraries = graph, max_internals.libraries(graph)
        self._makers = {result: op for op in body for result in op.results}
        inputs = max_internals.graph_inputs(graph)
        first = _number_of_first(inputs, body)
        self._inputs = {value: f"%arg{first + i}" for i, value in enumerate(inputs)}

    def cut(self, op: Op) -> LoneKernel:
        """The operation alone."""
        draft, taken = _Draft(), []
        for used in max_internals.operands(op):
            if max_internals.is_chain(used) or self._bring(used, draft):
                continue
            self._argument(used, draft)
            taken.append(used)
        whole = max_internals.text(op)
        draft.lines[whole] = None
        returned = [r for r in op.results if not max_internals.is_chain(r)]
        outputs = {self._name(r, op): max_internals.type_text(r) for r in returned}
        called = max_internals.called_graphs(self._graph, whole)
        text = _written(draft, outputs, self._libraries)
        content = "\n".join([text, *called]).encode()
        key = f"lone_{hashlib.blake2b(content, digest_size=8).hexdigest()}"
        return LoneKernel(
            max_internals.describe(op),
            key,
            text.replace(NAME, key, 1),
            called,
            taken,
            returned,
            _device(returned),
        )

    def _bring(self, value: ValueKey, draft: _Draft) -> bool:
        """Copies what makes a value, if that is a constant or a shape."""
        maker = self._makers.get(value)
        if maker is None or max_internals.describe(maker) not in _FIXED:
            return False
        line = max_internals.text(maker)
        if len(line) > LONGEST_CONSTANT or has_narrow_type(line):
            return False  # a narrow number is written with too few digits to be widened
        if not all(self._bring(used, draft) for used in max_internals.operands(maker)):
            return False
        draft.lines[line] = None
        return True

    def _argument(self, value: ValueKey, draft: _Draft) -> None:
        name, kind = self._name(value), max_internals.type_text(value)
        number, plain = len(draft.arguments), _LAYOUT.sub("", kind)
        given = draft.aliases[name] = f"%given_{number}"
        draft.arguments[given] = plain
        if plain != kind:  # arguments have no layout
            laid = draft.aliases[name] = f"%laid_{number}"
            attributes = "<{outputParamDecls = #kgen<param.decls[]>}>"
            line = f'{laid} = "mo.rebind"({given}) {attributes} : ({plain}) -> {kind}'
            draft.lines[line] = None

    def _name(self, value: ValueKey, maker: Op | None = None) -> str:
        """As MLIR names the value where it is used."""
        if value in self._inputs:
            return self._inputs[value]
        maker = maker or self._makers[value]
        name = max_internals.text(maker).partition(" = ")[0].partition(":")[0]
        results = list(maker.results)
        return name if len(results) == 1 else f"{name}#{results.index(value)}"


def _number_of_first(inputs: Sequence[ValueKey], body: Sequence[Op]) -> int:
    """MLIR numbers the arguments of a module's last graph first, ours perhaps not from 0:
    the text of an operation that uses one tells."""
    for op in body:
        names = _OPERANDS.search(max_internals.text(op))
        direct = names[1].split(", ") if names else []
        for name, used in zip(direct, max_internals.operands(op), strict=False):
            if used in inputs:
                return int(name.removeprefix("%arg")) - list(inputs).index(used)
    return 0


def _device(results: Sequence[ValueKey]) -> Device:
    kinds = [max_internals.tensor_type(result) for result in results]
    return next((kind.device.to_device() for kind in kinds if kind is not None), CPU())


def _written(draft: _Draft, outputs: dict[str, str], libraries: str) -> str:
    """The graph as text, with `NAME` for its own and all values named by their order."""
    body = "\n".join(draft.lines)
    defined = {one or other for one, other in _DEFINED.findall(body)}
    names: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        name, _, number = draft.aliases.get(found[0], found[0]).partition("#")
        if name not in defined and name not in draft.arguments:
            name, number = CHAIN, ""
        new = names.setdefault(name, f"%v{len(names)}")
        return f"{new}#{number}" if number else new

    taken = ", ".join(f"{name}: {kind}" for name, kind in draft.arguments.items())
    taken, body = _NAME.sub(renamed, taken), _NAME.sub(renamed, body)
    returned, kinds = _NAME.sub(renamed, ", ".join(outputs)), ", ".join(outputs.values())
    begin = ""
    if CHAIN in names:
        begin = f'{names[CHAIN]} = "mo.chain.create"() : () -> {CHAIN}\n'
    inputs = ", ".join(f'"input{number}"' for number in range(len(draft.arguments)))
    results = ", ".join(f'"output{number}"' for number in range(len(outputs)))
    attributes = f"{libraries}, argument_names = [{inputs}], result_names = [{results}]"
    head = f"mo.graph @{NAME}({taken}) -> ({kinds}) attributes {{{attributes}}} {{"
    return f"{head}\n{begin}{body}\nmo.output {returned} : {kinds}\n}}"
