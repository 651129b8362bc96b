"""All of MAX's private and experimental API that the debugger uses, and nothing else.

What it needs of `max.experimental.nn` stands apart, in `debug.candidate.max_v3`.

Written against MAX 26.7: `check` says what is missing when another version is installed.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

from max import _core, _interpreter, mlir
from max._core.dialects import mo, rmo
from max._interpreter_ops import gc_compile
from max._mlir_context import in_default_mlir_context
from max.driver import Buffer, Device
from max.graph import Graph, Module, TensorType, Type
from max.graph import dim as dim_module
from max.graph import graph as graph_module
from max.nn.layer import layer as layer_module

from debug.candidate import max_v3, outline

SUPPORTED = "26.7"

Op = _core.Operation
ValueKey = Any
"""An MLIR value: hashable, equal to itself only within one graph."""


def check() -> str | None:
    """What is wrong with the installed MAX, or None."""
    installed = version("max")
    needed = [
        (_interpreter, "_dispatch_op"),
        (_interpreter, "_walk_ops"),
        (_core, "lower"),
        (rmo.passes, "LegalizeRMOOps"),
        (gc_compile, "compile_single_target"),
        (gc_compile, "session_for"),
        (_core.engine, "max_cache_dir"),
        (Graph, "_add_op_generated"),
        (Graph, "_add_op_get_op_with_results"),
        (graph_module, "_location"),
        (dim_module.SymbolicDim, "to_mlir"),
        (layer_module, "_LAYER_HOOKS"),
        (layer_module, "_call_with_hooks"),
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
    return [getattr(operand, "value", operand) for operand in op.operands]


def split_output(graph: Graph) -> tuple[list[Op], list[ValueKey]]:
    """The operations in order, and the values that the graph returns."""
    *body, output = _interpreter._walk_ops(graph._module)
    assert isinstance(output, mo.OutputOp)
    return body, operands(output)


def refusal(graph: Graph) -> str | None:
    """Why the interpreter can't run this graph, or None. Weights are handed to it."""
    for op in split_output(graph)[0]:
        if weight_name(op) is None and _interpreter.lookup_handler(op) is None:
            return f"it has no handler for {_interpreter._describe(op)}"
    return None


def weight_name(op: Op) -> str | None:
    """The name of the weight that an operation stands for."""
    return str(op.name) if isinstance(op, mo.ConstantExternalOp) else None


_SSA_NAME = re.compile(r"%[\w#]+")
_LOCATION = re.compile(r' loc\("(.*)":(\d+):0\)$')


def signature(op: Op) -> str:
    """The operation with its attributes and types, without the names of its operands."""
    text = op.asm(print_generic_op_form=True, assume_verified=True)
    return _SSA_NAME.sub("%", text)


def dispatch(op: Op, slots: dict[ValueKey, Buffer | None]) -> None:
    """Runs one operation on its device; its results are put into ``slots``."""
    _interpreter._dispatch_op(op, slots)


def describe(op: Op) -> str:
    """The operation's name without its dialect, such as ``reduce.softmax``."""
    text = op.asm(print_generic_op_form=True, assume_verified=True, skip_regions=True)
    found = re.search(r'"(?:r?mo|mosh)\.([\w.]+)"', text)
    return found[1] if found else text.split("(")[0]


def tensor_type(value: ValueKey) -> TensorType | None:
    """The type of a value, if it is a tensor."""
    try:
        kind = Type.from_mlir(value.type)
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


# -- Source lines and layers ---------------------------------------------------------


@contextmanager
def locating(place: Callable[[], tuple[str, int] | None]) -> Iterator[None]:
    """Gives every operation that is built the file and line that ``place`` says.

    MAX's own tracebacks do not reach the operations of a lowered graph (all are
    ``[unknown]``); a plain location does.
    """
    before = graph_module._location

    def location(*_: Any, **__: Any) -> mlir.Location:
        found = place()
        if found is None:
            return mlir.Location.unknown()
        return mlir.Location.file(found[0], found[1], 0)

    graph_module._location = location
    try:
        yield
    finally:
        graph_module._location = before


def place_of(op: Op) -> tuple[str, int] | None:
    """The file and line that made an operation."""
    text = op.asm(enable_debug_info=True, assume_verified=True)
    found = _LOCATION.search(text.rstrip())
    return (found[1], int(found[2])) if found else None


@contextmanager
def layer_hook(hook: Callable[[Any, Any, Any, Any], None]) -> Iterator[None]:
    """Calls ``hook(layer, args, kwargs, output)`` for every layer that is traced.

    MAX has a list of hooks for `max.nn`, global to the process, so it is left as it was
    found. A module of `max.experimental.nn` calls none: its ``__call__`` is wrapped.
    """
    hooks, call = layer_module._LAYER_HOOKS, max_v3.Module.__call__
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


def cache_folder() -> Path | None:
    """Where MAX keeps what it has compiled, if it keeps anything."""
    folder = _core.engine.max_cache_dir()
    return None if folder is None else Path(folder)


# -- Kernels of the interpreter ------------------------------------------------------


class Kernel:
    """One operation on one device and dtype, which MAX compiles before its first run."""

    def __init__(
        self,
        family: gc_compile.GCOpFamily,
        key: str,
        device: Device,
        build: Callable[[Module], None],
    ) -> None:
        self.family, self.key, self.device, self.build = family, key, device, build


class _NotCompiled(Exception):
    pass


def kernels_of(graph: Graph, inputs: Sequence[Buffer]) -> list[Kernel]:
    """The kernels that a lowered graph needs and this process has not loaded.

    Walks the graph; where a kernel is missing it is noted and zeros stand for its result.
    """
    found: dict[tuple[str, str], Kernel] = {}

    def note(
        family: gc_compile.GCOpFamily,
        key: str,
        device: Device,
        build: Callable[[Module], None],
    ) -> None:
        found.setdefault((family.name, key), Kernel(family, key, device, build))
        raise _NotCompiled

    slots: dict[ValueKey, Buffer | None] = dict(
        zip(graph_inputs(graph), inputs, strict=True)
    )
    with _compiling_by(note):
        for op in split_output(graph)[0]:
            try:
                _interpreter._dispatch_op(op, slots)
            except _NotCompiled:
                slots.update({result: _zeros(result) for result in op.results})
    return list(found.values())


def _zeros(result: ValueKey) -> Buffer:
    kind = Type.from_mlir(result.type)
    assert isinstance(kind, TensorType)
    shape = [int(dim) for dim in kind.shape]
    return outline.zeros(shape, kind.dtype, kind.device.to_device())


@in_default_mlir_context
def compile_together(kernels: Sequence[Kernel]) -> None:
    """Compiles kernels of one device as one module: each module has a high fixed cost.

    MAX keeps the result on disk, so the next process that asks for the same ones loads
    them in a tenth of a second.
    """
    if not kernels:
        return
    module = Module()
    for kernel in kernels:
        kernel.build(module)
    session = gc_compile.session_for(kernels[0].device)
    models = session.load_all(module, weights_registry={})
    for kernel in kernels:
        kernel.family.cache[kernel.key] = models[kernel.key]


@contextmanager
def announcing_kernels(announce: Callable[[str], None]) -> Iterator[None]:
    """Calls ``announce`` with a kernel's name before MAX compiles it during a run."""
    compile_now = gc_compile.compile_single_target

    def announced(
        family: gc_compile.GCOpFamily,
        key: str,
        device: Device,
        build: Callable[[Module], None],
    ) -> Any:
        announce(key)
        return compile_now(family, key, device, build)

    with _compiling_by(announced):
        yield


@contextmanager
def _compiling_by(function: Callable) -> Iterator[None]:
    before = gc_compile.compile_single_target
    gc_compile.compile_single_target = function
    try:
        yield
    finally:
        gc_compile.compile_single_target = before
