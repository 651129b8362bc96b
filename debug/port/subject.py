"""A port file as a subject of the debugger: ``maxwhisper-tui my_port.py``."""

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import torch
from max.driver import Device
from max.dtype import DType
from max.graph import DeviceRef
from torch import Tensor

from debug.candidate.devices import choose_device, choose_dtype
from debug.candidate.module_tree import construct
from debug.candidate.source import Source, library_files, load_source
from debug.candidate.trace import build
from debug.port import constants, said
from debug.port.aligned import align, reference_side, rows_alone, state_of
from debug.port.given import given_to
from debug.port.influence import feeds_result
from debug.port.inputs import Inputs, sizes_of
from debug.port.outcome import are_logits, of_logits, of_texts
from debug.port.port import Port
from debug.port.side import Side
from debug.port.weights import Buffers, adapted, fitting
from debug.protocol.diagnostic import Problem
from debug.protocol.values import Outcome
from debug.subject import (
    Alignment,
    CalledModule,
    Candidate,
    LayerName,
    Options,
    in_precision,
)


def open_port(options: Options) -> "PortSubject":
    """Opens the port file that a person named, and finds its layers.

    Raises:
        Problem: the file is no port, or its reference does not run.
    """
    source = read_port(options)
    subject = subject_of(source, options)
    subject.align_with(source)
    return subject


def read_port(options: Options) -> Source:
    """Executes the file.

    Raises:
        Problem: it is not there, or it fails.
    """
    path = Path(options.text("port", "")).resolve()
    if not path.is_file():
        raise Problem("port", f"there is no file {path}; give a port's file")
    return load_source(path)


def subject_of(source: Source, options: Options) -> "PortSubject":
    """What the file says, without a look at the candidate.

    Raises:
        Problem: the file is no port, or its reference does not run.
    """
    assert source.module.__file__ is not None
    path = Path(source.module.__file__)
    device = choose_device(options.text("device", "auto"))
    dtype = choose_dtype(options.text("dtype", "float32"), device, emulated=True)
    return PortSubject(port_in(source.module, path), path, device, dtype)


def port_in(source: ModuleType, path: Path) -> Port:
    """What the ``port`` function of a file returns.

    Raises:
        Problem: there is no such function, or it returns something else.
    """
    make = getattr(source, "port", None)
    if not callable(make):
        raise Problem("port", "no function port() is here: it must return a Port", path)
    try:
        port = make()
    except BaseException as error:  # a port's file raises what it likes
        raise Problem.of("port", error, {str(path)}, path=path) from error
    if not isinstance(port, Port):
        kind = type(port).__name__
        raise Problem("port", f"port() returned a {kind}, and must return a Port", path)
    return port


class PortSubject:
    """A person's two modules. The reference is the one that the file made when it was
    opened; the candidate is that of the last load."""

    def __init__(self, port: Port, path: Path, device: Device, dtype: DType) -> None:
        """
        Raises:
            Problem: the reference does not run.
        """
        said.check(port)
        self._port, self.graph, self.device, self.dtype = port, path, device, dtype
        self._opened_with: ModuleType | None = None
        """The source that the port is of, until it is used."""
        self._reference = port.reference.eval()
        if (pick := port.output) is not None:
            self._reference.register_forward_hook(lambda _, __, output: pick(output))
        self._values = Inputs(port.inputs)
        self.title = port.title or type(port.reference).__name__
        self.audio = ", ".join(self._values.named) or "no input"
        self._take_inputs(port)
        self._buffers = Buffers(device)
        self._side = self._reference_side()
        self.layers: Sequence[LayerName] = rows_alone(self._reference, self._side)
        if port.outcome is not None or are_logits(self._reference, self._side.shape("")):
            self.outcome = self._outcome  # only so is there one: `debug.subject.HasOutcome`
        self._feeding: dict[str, bool] = {}
        """By layer, whether the reference's result depends on it, where that was asked."""
        self.libraries: set[str] = set()
        """Packages outside the file's folder that the port is made of."""

    def _take_inputs(self, port: Port) -> None:
        """What the port is called with now, and which of it has a row.

        Raises:
            Problem: it is no tensor.
        """
        self._given = given_to(port.candidate_inputs, self._values.named)
        self.inputs = self._values.rows(self._given.same)

    @property
    def argument_names(self) -> list[str]:
        """Of what the port is called with: the reference's, where it is one of its."""
        names = self._given.names
        return [names.get(argument, argument) for argument in self._given.tensors]

    def _reference_side(self) -> Side:
        arguments = [each.reference for each in self.inputs]
        try:
            with torch.inference_mode():
                return reference_side(
                    self._reference, lambda module: self._values.call(module, arguments)
                )
        except Exception as error:
            message = said.does_not_run(self._port)
            raise Problem.of("port", error, {str(self.graph)}, prefix=message) from error

    def reference(self) -> torch.nn.Module:
        return self._reference

    def run_reference(self, module: torch.nn.Module, *arguments: Tensor) -> None:
        self._values.call(module, arguments)

    def row(self, shape: Sequence[int]) -> str:
        return self._values.row(shape)

    def candidate(self, source: ModuleType) -> Candidate:
        port = self.port_of(source)
        said.check(port)
        self._stays_the_same(port)
        self._take_inputs(port)
        device = DeviceRef.from_device(self.device)
        tree = construct(
            lambda: port.candidate(device, self.dtype), self.device, self.dtype
        )
        self.libraries = tree.packages
        said.check_names("layers=", port.layers.values(), tree.modules, "the port")
        declared = tree.declared
        state = state_of(self._reference)
        if state and not declared:
            message = f"the port has no weights, and the reference has {len(state)}"
            raise Problem("weights", f"{message}: candidate= must build the whole port")
        given = adapted(port.weights, state)
        shapes = {name: shape for name, (shape, _) in declared.items()}
        values = fitting(shapes, given, tree.place_of)
        kept = {
            name: self._buffers.of(name, values[name], dtype)
            for name, (_, dtype) in declared.items()
        }
        values = {name: each.value for name, each in kept.items()}
        weights = {name: each.buffer for name, each in kept.items()}
        tree.load(weights)
        arguments = list(self._given.tensors.values())
        return Candidate(
            tree.root,
            weights,
            {n: in_precision(each, torch.float32) for n, each in self._given.same.items()},
            arguments,
            {**sizes_of(tree.input_types(), arguments), **port.sizes},
            lambda calls, read: self.align(port, _traced(calls, values, read)),
            set(library_files(self.libraries).values()),
            uncompared=self._given.uncompared,
        )

    def port_of(self, source: ModuleType) -> Port:
        """What the file says now.

        Raises:
            Problem: it is no port.
        """
        if source is self._opened_with:  # the reference need not be made twice
            return self._port
        return port_in(source, self.graph)

    def align(self, port: Port, candidate: Side) -> Alignment:
        """Which of the reference's layers is what in a candidate that was traced."""
        sides = self._reference, self._side, candidate
        known = self._given.orders(self._values.named)
        return align(*sides, port.layers, port.ignore, self._feeds_result, known)

    @property
    def warnings(self) -> Sequence[str]:
        """What the reference's weights hide."""
        hidden = constants.warning(self._reference)
        return [hidden] if hidden else []

    def _feeds_result(self, layer: str) -> bool:
        """Whether the reference's result depends on a layer."""
        if layer not in self._feeding:
            given = [each.reference for each in self.inputs]
            self._feeding[layer] = feeds_result(
                self._reference, lambda module: self._values.call(module, given), layer
            )
        return self._feeding[layer]

    def _stays_the_same(self, port: Port) -> None:
        """Only the candidate is read again with a save: a reference of other weights would
        be compared with results of the first.

        Raises:
            Problem: they are others.
        """
        if port.reference is self._reference:
            return
        before, now = state_of(self._reference), state_of(port.reference)
        differ = before.keys() != now.keys() or any(
            not torch.equal(value, now[name]) for name, value in before.items()
        )
        if differ:
            message = "the reference's weights are not those of the first load"
            advice = "seed them (torch.manual_seed), or restart the engine"
            if (was := _precisions(before)) != (now_in := _precisions(now)):
                message = f"the reference is in {now_in} now, and was in {was} at first"
                advice = "leave PyTorch's default dtype as it is, or restart the engine"
            raise Problem("port", f"{message}; {advice}", str(self.graph))

    def adopt(self, alignment: Alignment) -> None:
        self.layers = alignment.layers

    def align_with(self, source: Source) -> None:
        """Finds the layers before the reference runs. A candidate that can't be built yet
        is no error here: the first load says so."""
        self._opened_with = source.module
        with contextlib.suppress(Problem):
            _, traced = build(self, source, self.layers, with_inputs=False)
            if traced.alignment is not None:
                self.adopt(traced.alignment)
        self._opened_with = None

    def _outcome(
        self, reference: Tensor, candidate: Tensor, pause: Callable[[], None]
    ) -> Outcome:
        """What follows from either side's result, both in float32.

        Raises:
            Problem: the port's own function failed.
        """
        decide = self._port.outcome
        if decide is None:
            return of_logits(reference, candidate)
        try:
            return of_texts(decide, reference, candidate)
        except Exception as error:
            message = "outcome= failed"
            raise Problem.of("port", error, {str(self.graph)}, prefix=message) from error


def _precisions(state: Mapping[str, Tensor]) -> str:
    names = {str(each.dtype).removeprefix("torch.") for each in state.values()}
    return " and ".join(sorted(names))


def _traced(
    calls: Sequence[CalledModule], values: Mapping[str, Tensor], read: Collection[str]
) -> Side:
    """The candidate as it was traced. Where none of the weights is known to have been read,
    all of them may have been."""
    unread = values.keys() - read if values.keys() & read else set()
    return Side(calls, values, unread=unread)
