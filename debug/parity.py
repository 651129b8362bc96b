"""``assert_parity``: the debugger in anyone's tests and notebooks, in one call.

Two modules that are there already become a port (`debug.port`), whose layers are aligned
by name and by weight. The session is the dashboard's own, in this process.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from max.driver import CPU
from max.dtype import DType
from torch import Tensor

from debug.candidate.module_tree import ModuleTree, is_building_block, is_module
from debug.candidate.source import Source, library_files
from debug.engine.session import Session
from debug.port.aligned import MODEL
from debug.port.port import Port, Weights
from debug.port.subject import PortSubject
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Message
from debug.protocol.verdict import LAYER
from debug.results.run import Run
from debug.results.why import place_of, why
from debug.subject import Alignment

Given = Tensor | Sequence[Any] | Mapping[str, Any]
"""One argument, several in order, or several by the names of the reference's parameters."""


def assert_parity(
    candidate: Any,
    reference: torch.nn.Module,
    x: Given,
    weights: Weights | Callable[[Weights], Weights] | None = None,
    axes: Mapping[str, tuple[int, ...]] | None = None,
    candidate_inputs: Sequence[Any] | None = None,
    layers: Mapping[str, str] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> None:
    """Runs a MAX module beside a PyTorch module, layer by layer, on the CPU.

    Args:
        candidate: a module of MAX, not yet traced; MAX builds one graph of a module.
        reference: in float32; it runs in evaluation mode, and is left in its own.
        x: what it is called with.
        weights: the candidate's, by name, or what makes them of the reference's; the
            reference's own if they are left out.
        axes: for layers in another layout, the permutation of the reference's value.
        candidate_inputs: what the candidate is called with, where that is something else.
        layers: pairs of layers that are not found by themselves: the reference's name,
            then the candidate's.
        sizes: of dimensions that the candidate names and does not declare for its inputs.

    Raises:
        AssertionError: a layer is wrong, or holds weights that are not its own. Says
            which, by how much, at which line and why, and what was aligned.
        Problem: the candidate can't be built or run.
    """
    __tracebackhide__ = True  # pytest shows the test's own line, and not this function
    port = Port(
        reference=reference,
        candidate=lambda device, dtype: candidate,
        inputs=_named(reference, x),
        candidate_inputs=candidate_inputs,
        weights=weights,
        layers=layers or {},
        sizes=sizes or {},
    )
    was_training = reference.training
    try:
        run = _compared(PairSubject(port, candidate, axes or {}))
    except Problem as problem:  # it says all that the way to it would
        raise Problem.carrying(problem.diagnostic) from None
    finally:
        reference.train(was_training)
    culprit = run.culprit()
    if culprit is not None or run.doubts:
        said = [*verdict(run, culprit), *_alignment(run)]
        said += [f"emulated on the CPU: {name}" for name in run.emulated]
        raise AssertionError("\n".join(said))


def _named(reference: torch.nn.Module, x: Given) -> dict[str, Any]:
    """The reference's arguments by the names of its parameters."""
    if isinstance(x, Mapping):
        return dict(x)
    given = [x] if isinstance(x, Tensor) else list(x)
    return dict(inspect.signature(reference.forward).bind(*given).arguments)


def _compared(subject: "PairSubject") -> Run:
    run = Run()

    def tell(event: Message) -> None:
        run.apply(event)  # pyright: ignore[reportArgumentType]

    session = PairSession(subject, tell)
    session.load()
    for _ in session.names:
        session.advance()
    while not session.settled:
        session.go_on()
    return run


def verdict(run: Run, culprit: int | None) -> list[str]:
    """What is wrong, where, and why: a line for each."""
    if culprit is None:
        return []
    result, finding = run.current(culprit), run.finding(culprit)
    assert result is not None
    divergence = result.chained
    measure = divergence.reason
    if divergence.ratio is not None:
        measure = f"R {divergence.ratio:.3g}, ok is up to {LAYER.ok_up_to:g}"
    lines = [f"{run.layers[culprit].name} is {divergence.verdict.value} ({measure})"]
    if (place := place_of(run, culprit)) is not None:
        op = f", {finding.op}" if finding is not None and finding.op else ""
        lines.append(f"at {place.path}:{place.line}{op}")
    reasons = [each for each in why(run, culprit) if each != divergence.reason]
    return lines + [f"why: {reason}" for reason in reasons]


def _alignment(run: Run) -> list[str]:
    """What was compared with what, and what speaks against it."""
    if run.aligned is None:
        return []
    aligned = run.aligned
    return [*run.doubts, f"aligned: {len(aligned.pairs)} layers, {aligned.ways}"]


class PairSubject(PortSubject):
    """Two modules that are there already as a subject of the debugger."""

    def __init__(
        self, port: Port, candidate: Any, axes: Mapping[str, tuple[int, ...]]
    ) -> None:
        if not is_module(candidate):
            message = f"the candidate is no module of MAX, but a {type(candidate).__name__}"
            raise Problem("port", f"{message}: give the module itself, not what makes it")
        path = Path(inspect.getfile(type(candidate)))
        super().__init__(port, path, CPU(), DType.float32)
        self._axes = axes
        tree = ModuleTree(candidate)
        classes = {type(module) for module in tree.modules.values()}
        own = {each for each in classes if not is_building_block(each)}
        self.files = {
            *library_files(tree.packages).values(),
            *(inspect.getfile(each) for each in own or classes),
        }

    def port_of(self, source: ModuleType) -> Port:
        return self._port

    def align(self, *sides: Any) -> Alignment:
        alignment = super().align(*sides)
        layers = [
            replace(layer, axes=self._axes.get(layer.name, layer.axes))
            for layer in alignment.layers
        ]
        return replace(alignment, layers=layers)


class PairSession(Session):
    """Debugs modules that are there already; there is no source to read again."""

    def _read(self) -> Source:
        assert isinstance(self.subject, PairSubject)
        return Source(ModuleType(MODEL), set(self.subject.files))
