"""The interpreter's kernels, by MAX's private API: which a graph needs, and compiling them.

The interpreter runs each operation by a kernel that MAX compiles for it, or says that it
has none. `survey` asks this of a whole graph beforehand, and `compile_together` compiles
what is missing as one module, beside what is loaded already.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from max import _eager_policy
from max._interpreter_ops import gc_compile
from max._mlir_context import default_mlir_context, in_default_mlir_context
from max.driver import Buffer, Device
from max.engine import Model
from max.graph import Module
from max.graph import graph as graph_module

from debug.candidate import kernel_cache, outline
from debug.candidate.max_dispatch import dispatch
from debug.candidate.max_internals import (
    Body,
    ValueKey,
    tensor_type,
    weight_name,
)


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


@dataclass(frozen=True)
class Survey:
    """What running a graph will need, found without running it."""

    kernels: list[Kernel]
    """Those that this process has not loaded."""
    refused: dict[int, str]
    """The operations that the interpreter can't run, by their places, and why."""


def survey(
    body: Body, weights: Mapping[str, Buffer], without: Collection[int] = ()
) -> Survey:
    """Goes through a lowered graph as a run does, with zeros for all that is computed.

    Each handler says by itself which kernel it wants, or that it can't. None is given
    one, so this takes no longer for a large model than for a small one.

    Args:
        body: of the graph.
        weights: by name.
        without: the places of operations that something else runs.
    """
    found: dict[tuple[str, str], Kernel] = {}
    refused: dict[int, str] = {}
    zeros: dict[Any, Buffer | None] = {}

    def zero(value: ValueKey) -> Buffer | None:
        kind = value.type
        return zeros[kind] if kind in zeros else zeros.setdefault(kind, _zeros(value))

    slots = {value: zero(value) for value in body.inputs}
    with _without_kernels() as loaded:

        def note(family: Any, key: str, device: Device, build: Any) -> None:
            if key not in loaded[family.name]:
                found[family.name, key] = Kernel(family, key, device, build)
            raise _NotCompiled

        with _compiling_by(note):
            for index, op in enumerate(body.operations):
                if name := weight_name(op):
                    slots[op.results[0]] = weights[name]
                    continue
                try:
                    if index not in without:
                        dispatch(op, slots)
                        continue
                except (_eager_policy.UnsupportedOpVariant, NotImplementedError) as error:
                    refused[index] = str(error.args[0] if error.args else error)
                except Exception:
                    pass
                slots.update({result: zero(result) for result in op.results})
    return Survey(list(found.values()), refused)


@contextmanager
def _without_kernels() -> Iterator[dict[str, dict[str, Any]]]:
    """Takes all loaded kernels away from the interpreter; yields them by family."""
    families = gc_compile.registered_families()
    loaded = {family.name: family.cache for family in families}
    for family in families:
        family.cache = {}
    try:
        yield loaded
    finally:
        for family in families:
            family.cache = {**loaded[family.name], **family.cache}


def _zeros(value: ValueKey) -> Buffer | None:
    """For a tensor whose shape is known."""
    kind = tensor_type(value)
    if kind is None:
        return None
    try:
        shape = [int(dim) for dim in kind.shape]
    except TypeError:
        return None
    return outline.zeros(shape, kind.dtype, kind.device.to_device())


@in_default_mlir_context
def parsed(graphs: Sequence[str]) -> Module:
    """Graphs that are given as text, as one module.

    Raises:
        Exception: MLIR's own, if a text is none.
    """
    whole = "module {\n" + "\n".join(graphs) + "\n}"
    read = graph_module._parse_module_via_cmlir(whole, default_mlir_context())
    return Module(read)


@in_default_mlir_context
def compile_together(
    kernels: Sequence[Kernel], graphs: Sequence[str], device: Device
) -> dict[str, Model]:
    """Compiles kernels of one device as one module: each module has a high fixed cost.

    MAX keeps the result on disk, so the next process that asks for the same ones loads
    them in a tenth of a second.

    Args:
        kernels: the interpreter's own, which it is given.
        graphs: others, as text.
        device: where all of them run.

    Returns:
        The models of all graphs by name.
    """
    module = parsed(graphs) if graphs else Module()
    for kernel in kernels:
        kernel.build(module)
    models = gc_compile.session_for(device).load_all(module, weights_registry={})
    for kernel in kernels:
        kernel.family.cache[kernel.key] = models[kernel.key]
    return models


@contextmanager
def announcing_kernels(announce: Callable[[str], None]) -> Iterator[None]:
    """Calls ``announce`` with a kernel's name before MAX compiles it during a run. One that
    this machine has compiled so before is loaded, which is not worth a word."""
    compile_now = gc_compile.compile_single_target

    def announced(
        family: gc_compile.GCOpFamily,
        key: str,
        device: Device,
        build: Callable[[Module], None],
    ) -> Any:
        if not kernel_cache.compiled([key]):
            announce(key)
        model = compile_now(family, key, device, build)
        kernel_cache.note([key])
        return model

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
