"""``assert_parity``: the debugger in anyone's tests and notebooks, in one call.

Two modules that are there already become a subject, whose layers are the submodules that
both have under one name. The session is the dashboard's own, in this process.
"""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import torch
from max import nn
from max.driver import CPU, Buffer, Device
from max.dtype import DType
from torch import Tensor

from debug.candidate.buffers import to_buffer
from debug.candidate.source import Source
from debug.engine.session import Session
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Message
from debug.protocol.verdict import LAYER
from debug.reference.hooks import hooked
from debug.results.run import Run
from debug.subject import Candidate, Input, LayerName

MODEL = "model"


def assert_parity(
    candidate: nn.Module,
    reference: torch.nn.Module,
    x: Tensor,
    weights: Mapping[str, Tensor] | None = None,
    axes: Mapping[str, tuple[int, ...]] | None = None,
) -> None:
    """Runs a MAX module beside a PyTorch module, layer by layer, on the CPU.

    A layer is a submodule that both have under one name.

    Args:
        candidate: not yet traced; MAX builds one graph of a module.
        reference: in float32, in evaluation mode; it takes one tensor.
        x: its argument.
        weights: the candidate's, by name; the reference's own if they are left out.
        axes: for layers in another layout, the permutation of the reference's value.

    Raises:
        AssertionError: a layer is wrong. Says which, by how much, at which line and why.
        Problem: the candidate can't be built or run.
    """
    pair = Pair(candidate, reference, x, weights or reference.state_dict(), axes or {})
    run = Run()
    session = PairSession(pair, lambda event: _tell(run, event))
    session.load()
    for _ in session.names:
        session.advance()
    while not session.settled:
        session.go_on()
    culprit = run.culprit()
    if culprit is not None:
        raise AssertionError(verdict(run, culprit))


def _tell(run: Run, event: Message) -> None:
    run.apply(event)  # pyright: ignore[reportArgumentType]


def verdict(run: Run, culprit: int) -> str:
    """What is wrong, where, and why: a line for each."""
    result, finding = run.current(culprit), run.finding(culprit)
    assert result is not None
    divergence = result.chained
    measure = (
        divergence.reason or f"R {divergence.ratio:.3g}, ok is up to {LAYER.ok_up_to:g}"
    )
    lines = [f"{run.layers[culprit].name} is {divergence.verdict.value} ({measure})"]
    if finding is not None and finding.place is not None:
        place = f"{finding.place.path}:{finding.place.line}"
        lines.append(f"at {place}, {finding.op or 'no operation'}")
    causes = finding.causes[:3] if finding else []
    lines += [f"why: {c.hypothesis} (explains {c.explains:.2%})" for c in causes]
    return "\n".join(lines)


class Pair:
    """Two modules and an argument as a subject of the debugger."""

    title = MODEL
    audio = "x"

    def __init__(
        self,
        candidate: nn.Module,
        reference: torch.nn.Module,
        x: Tensor,
        weights: Mapping[str, Tensor],
        axes: Mapping[str, tuple[int, ...]],
    ) -> None:
        self._candidate, self._reference, self._weights = candidate, reference, weights
        self.inputs = [Input("x", x.double(), x, is_argument=True)]
        self.graph = Path(inspect.getfile(type(candidate)))
        self.layers = _layers(candidate, reference, x, axes)

    @property
    def device(self) -> Device:
        return CPU()

    @property
    def dtype(self) -> DType:
        return DType.float32

    def reference(self) -> torch.nn.Module:
        return self._reference

    def run_reference(self, module: torch.nn.Module, *arguments: Tensor) -> None:
        module(*arguments)

    def candidate(self, source: ModuleType) -> Candidate:
        declared = self._candidate.raw_state_dict()
        if missing := sorted(set(declared) - set(self._weights)):
            message = f"MAX's weight {missing[0]} has no value; give it in weights"
            raise Problem("weights", message)
        weights: dict[str, Buffer] = {
            name: to_buffer(self._weights[name].detach(), weight.dtype, self.device)
            for name, weight in declared.items()
        }
        self._candidate.load_state_dict(weights)
        return Candidate(self._candidate, weights, {"x": self.inputs[0].reference})


def _layers(
    candidate: nn.Module,
    reference: torch.nn.Module,
    x: Tensor,
    axes: Mapping[str, tuple[int, ...]],
) -> Sequence[LayerName]:
    """In the order in which the reference's calls return."""
    ours = {prefix.rstrip(".") for prefix, _ in candidate.named_modules()}
    shared = [name for name, _ in reference.named_modules() if name and name in ours]
    found: list[str] = []
    names = [*(LayerName(name, parent=MODEL) for name in shared), LayerName(MODEL)]
    with (
        torch.inference_mode(),
        hooked(reference, names, lambda n, _: found.append(n.name)),
    ):
        reference(x)
    order = [name for name in dict.fromkeys(found) if name != MODEL]
    layers = [LayerName(name, axes.get(name), _parent(name, order)) for name in order]
    return [*layers, LayerName(MODEL, axes.get(MODEL))]


def _parent(name: str, names: Sequence[str]) -> str:
    parts = name.split(".")
    above = (".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1))
    return next((each for each in above if each in names), MODEL)


class PairSession(Session):
    """Debugs modules that are there already; there is no source to read again."""

    def _read(self) -> Source:
        files = {inspect.getfile(type(m)) for _, m in self._pair.named_modules()}
        return Source(ModuleType(MODEL), files)

    @property
    def _pair(self) -> nn.Module:
        subject = self.subject
        assert isinstance(subject, Pair)
        return subject._candidate
