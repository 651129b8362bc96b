"""MAX's private and experimental API that the debugger uses, and nothing else.

Here are graphs, operations and layers; `debug.candidate.max_dispatch` runs an operation,
`debug.candidate.max_kernels` has the interpreter's kernels, `debug.candidate.max_v3` what
is of `max.experimental.nn`. No other file uses any.

Written against MAX 26.7: `check` says what is missing when another version is installed.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from max import _core, _eager_policy, _interpreter, mlir
from max._core.dialects import mo, rmo
from max._interpreter_ops import gc_compile
from max.graph import Graph, Module, Shape, TensorType, Type
from max.graph import dim as dim_module
from max.graph import graph as graph_module
from max.nn.layer import layer as layer_module

from debug.candidate import max_last_axis, max_many_axes, max_v3

SUPPORTED = "26.7"

Op = _core.Operation
ValueKey = Any
"""An MLIR value: hashable, equal to itself only within one graph."""


DIFFERENT_TYPES = 4096
"""Types of values that are read once: a graph has hundreds of values, and few types."""
CHAIN = "!mo.chain"
"""How MLIR writes the type of values that only say what comes before what."""


def check() -> str | None:
    """What is wrong with the installed MAX, or None."""
    installed = version("max")
    needed = [
        (_interpreter, "_is_dispatchable"),
        (_interpreter, "lookup_handler"),
        (_eager_policy, "UnsupportedOpVariant"),
        (_core, "lower"),
        (rmo.passes, "LegalizeRMOOps"),
        (gc_compile, "compile_single_target"),
        (gc_compile, "registered_families"),
        (gc_compile, "session_for"),
        (_core.engine, "max_cache_dir"),
        (Graph, "_add_op_generated"),
        (Graph, "_add_op_get_op_with_results"),
        (Graph, "_block"),
        (graph_module, "_location"),
        (dim_module.SymbolicDim, "to_mlir"),
        (graph_module, "_parse_module_via_cmlir"),
        (layer_module, "_LAYER_HOOKS"),
        (layer_module, "_call_with_hooks"),
        *max_last_axis.NEEDED,
        *max_many_axes.NEEDED,
        *max_v3.NEEDED,
    ]
    missing = [name for owner, name in needed if not hasattr(owner, name)]
    if installed.startswith(SUPPORTED + ".") and not missing:
        return None
    lacks = f" (it lacks {', '.join(missing)})" if missing else ""
    return (
        f"max {installed} is installed{lacks}, and the interpreter needs {SUPPORTED}: "
        f"pip install 'max=={SUPPORTED}.*'"
    )


# -- Graphs --------------------------------------------------------------------------


def lower(graph: Graph) -> None:
    """Brings a graph into the dialect that the interpreter walks. In place."""
    _core.lower(graph._module, [rmo.passes.LegalizeRMOOps()])


def graph_inputs(graph: Graph) -> list[ValueKey]:
    return [value._mlir_value for value in graph.inputs]


def operands(op: Op) -> list[ValueKey]:
    """What an operation uses: its operands, then what its regions use from outside.

    A shape is known from its operand's type and uses nothing: it need not wait for the
    numbers, and is the same whatever they are.
    """
    if shape_read(op) is not None:
        return []
    direct = [getattr(operand, "value", operand) for operand in op.operands]
    return [*direct, *(used for used in _captured(op) if used not in direct)]


def shape_read(op: Op) -> list[int] | None:
    """The shape that an operation reads off a value, where its type says it."""
    if type(op).__name__ != "ShapeOfOp":
        return None
    operand = op.operands[0]
    kind = tensor_type(getattr(operand, "value", operand))
    if kind is None or not Shape.is_static(kind.shape):
        return None
    return [int(size) for size in kind.shape]


def _captured(op: Op) -> list[ValueKey]:
    """What the regions of an operation, such as a loop's body, use from outside of it."""
    used: dict[ValueKey, None] = {}
    made: set[ValueKey] = set()
    for region in op.regions:
        made.update(region.front.arguments)
        for inner in region.front:
            used.update(dict.fromkeys(operands(inner)))
            made.update(inner.results)
    return [value for value in used if value not in made]


def _graphs(graph: Graph) -> list[mo.GraphOp]:
    """The graph itself, and after it those that it calls."""
    found = [op for op in graph._module.body if isinstance(op, mo.GraphOp)]
    return sorted(found, key=lambda op: op.is_subgraph)


class Body(NamedTuple):
    """What a graph takes, its operations in order, and what it returns."""

    inputs: list[ValueKey]
    operations: list[Op]
    outputs: list[ValueKey]
    owner: Any
    """What they are part of, and gone without."""


def body_of(graph: Graph) -> Body:
    """Of a lowered graph."""
    operations, outputs = split_output(graph)
    return Body(graph_inputs(graph), operations, outputs, graph)


def bodies(module: Module) -> dict[str, Body]:
    """Of all graphs of a module, by name."""
    graphs = [op for op in module.mlir_module.body if isinstance(op, mo.GraphOp)]
    return {
        graph.sym_name: Body(
            list(graph.regions[0].front.arguments), *_split_output(graph), module
        )
        for graph in graphs
    }


def split_output(graph: Graph) -> tuple[list[Op], list[ValueKey]]:
    """The operations in order, and the values that the graph returns."""
    return _split_output(_graphs(graph)[0])


def _split_output(graph: mo.GraphOp) -> tuple[list[Op], list[ValueKey]]:
    ops = graph.regions[0].front
    *body, output = [op for op in ops if _interpreter._is_dispatchable(op)]
    assert isinstance(output, mo.OutputOp)
    return body, operands(output)


def weight_name(op: Op) -> str | None:
    """The name of the weight that an operation stands for."""
    return str(op.name) if isinstance(op, mo.ConstantExternalOp) else None


def weights_read() -> Collection[str]:
    """The names of the weights that the graph has used that is being built."""
    graph = Graph.current
    return {*graph._weights, *max_v3.weights_read(graph)}


_SSA_NAME = re.compile(r"%[\w#]+")
_PLACE = re.compile(r'"([^"]*)":(\d+):0')


def signature(op: Op) -> str:
    """The operation with its attributes and types, without the names of its operands.

    Within regions, such as a loop's body, names say which value goes where. They are
    numbered by their order, so that the same operation in another graph has the same.
    """
    if not len(op.regions):
        return _SSA_NAME.sub("%", text(op))
    numbers: dict[str, str] = {}
    return _SSA_NAME.sub(
        lambda name: numbers.setdefault(name[0], f"%{len(numbers)}"), text(op)
    )


def text(op: Op) -> str:
    """The operation in MLIR's generic form, its regions included."""
    return op.asm(print_generic_op_form=True, assume_verified=True)


def describe(op: Op) -> str:
    """The operation's name without its dialect, such as ``reduce.softmax``."""
    whole = op.asm(print_generic_op_form=True, assume_verified=True, skip_regions=True)
    found = re.search(r'"(?:r?mo|mosh)\.([\w.]+)"', whole)
    return found[1] if found else whole.split("(")[0]


def tensor_type(value: ValueKey) -> TensorType | None:
    """The type of a value, if it is a tensor."""
    return _tensor_type(value.type)


@lru_cache(maxsize=DIFFERENT_TYPES)
def _tensor_type(mlir_type: Any) -> TensorType | None:
    try:
        kind = Type.from_mlir(mlir_type)
    except (TypeError, ValueError, NotImplementedError):
        return None
    return kind if isinstance(kind, TensorType) else None


@contextmanager
def binding(sizes: Mapping[str, int]) -> Iterator[Collection[str]]:
    """Gives symbolic dimensions their sizes while a graph is built.

    A port may name dimensions, as in ``ops.reshape(mask, ("batch", 1, 1, "seq"))``. The
    interpreter needs static shapes, so each such name stands for its size. Yields the
    names that were met and have none.
    """
    before = dim_module.SymbolicDim.to_mlir
    unknown: dict[str, None] = {}

    def to_mlir(self: Any) -> Any:
        if self.name not in sizes:
            unknown[self.name] = None
            return before(self)
        return dim_module.StaticDim(sizes[self.name]).to_mlir()

    dim_module.SymbolicDim.to_mlir = to_mlir
    try:
        yield unknown.keys()
    finally:
        dim_module.SymbolicDim.to_mlir = before


def libraries(graph: Graph) -> str:
    """The attribute by which a graph names its libraries of custom operations."""
    head = _graphs(graph)[0].asm(assume_verified=True, skip_regions=True)
    found = re.search(r"_kernel_library_paths = \[[^]]*\]", head)
    return found[0] if found else "_kernel_library_paths = []"


def called_graphs(graph: Graph, op_text: str) -> list[str]:
    """The graphs that an operation calls, and those that they call, as text."""
    found: dict[str, str] = {}
    pending = [op_text] if "callee = @" in op_text else []
    while pending:
        within = pending.pop()
        for called in _graphs(graph)[1:]:
            if f"@{called.sym_name}" in within and called.sym_name not in found:
                found[called.sym_name] = text(called)
                pending.append(found[called.sym_name])
    return list(found.values())


def type_text(value: ValueKey) -> str:
    """The type of a value as MLIR writes it."""
    return _type_text(value.type)


@lru_cache(maxsize=DIFFERENT_TYPES)
def _type_text(mlir_type: Any) -> str:
    return re.sub(r"^\w+\((.*)\)$", r"\1", str(mlir_type))


_NARROW = re.compile(r"(?<=[ <])(?:b?f16|f8e\w+)(?=[,>])")
"""How MLIR writes floating point types of fewer than 32 bits."""


def has_narrow_type(said: str) -> bool:
    """Whether a type or an operation, as text, has values in float16 or the like."""
    return _NARROW.search(said) is not None


def widened(said: str) -> str:
    """The same operations, as text, in float32."""
    return _NARROW.sub("f32", said)


def is_chain(value: ValueKey) -> bool:
    """Whether a value is none, and only says what comes before what."""
    return type_text(value) == CHAIN


# -- Source lines and layers ---------------------------------------------------------


@contextmanager
def locating(places: Callable[[], list[tuple[str, int]]]) -> Iterator[None]:
    """Gives every operation that is built the files and lines that ``places`` says, the
    innermost first, then that which calls it, and so on.

    MAX's own tracebacks do not reach the operations of a lowered graph (all are
    ``[unknown]``); a plain location does.
    """
    before = graph_module._location

    def location(*_: Any, **__: Any) -> mlir.Location:
        found = [mlir.Location.file(path, line, 0) for path, line in places()]
        if not found:
            return mlir.Location.unknown()
        inner, *outer = found
        return mlir.Location.callsite(inner, outer) if outer else inner

    graph_module._location = location
    try:
        yield
    finally:
        graph_module._location = before


def place_of(op: Op) -> tuple[str, int] | None:
    """The file and line that made an operation."""
    return next(iter(places_of(op)), None)


def places_of(op: Op) -> list[tuple[str, int]]:
    """The same, then the line that calls it, and so on."""
    located = op.asm(enable_debug_info=True, assume_verified=True).rpartition(" loc(")[2]
    return [(path, int(line)) for path, line in _PLACE.findall(located)]


def layer_hooks() -> list[Any]:
    """What MAX calls for every layer of `max.nn` that is traced, in this thread."""
    return layer_module._LAYER_HOOKS


@contextmanager
def layer_hook(hook: Callable[[Any, Any, Any, Any], None]) -> Iterator[None]:
    """Calls ``hook(layer, args, kwargs, output)`` for every layer that is traced.

    MAX has a list of hooks for `max.nn`, global to the process, so it is left as it was
    found. A module of `max.experimental.nn` calls none: its ``__call__`` is wrapped.
    """
    hooks, call = layer_hooks(), max_v3.Module.__call__
    before = list(hooks)

    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        output = call(self, *args, **kwargs)
        hook(self, args, kwargs, output)
        return output

    hooks.append(hook)
    max_v3.Module.__call__ = called
    try:
        yield
    finally:
        hooks[:] = before
        max_v3.Module.__call__ = call


_V3_CALL = max_v3.Module.__call__.__code__


def layers_around(frame: FrameType | None) -> Iterator[Any]:
    """The layers that are being traced, innermost first.

    MAX keeps no list of them, but each is called by way of one function of its own.
    """
    file = layer_module._call_with_hooks.__code__.co_filename
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__call_with_hooks" and code.co_filename == file:
            yield frame.f_locals["layer"]
        elif code is _V3_CALL:
            yield frame.f_locals["self"]
        frame = frame.f_back


def is_inside() -> bool:
    """Whether what is being traced is a condition's branch, a loop or a subgraph: nothing
    outside can use its values."""
    graph = Graph.current
    whole = next(op for op in graph._module.body if isinstance(op, mo.GraphOp))
    return graph._current_block != graph._graph_body or graph.name != whole.sym_name


def cache_folder() -> Path | None:
    """Where MAX keeps what it has compiled, if it keeps anything."""
    folder = _core.engine.max_cache_dir()
    return None if folder is None else Path(folder)
