"""One subject under the debugger: the reference's truth and the candidate's generations."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from max.driver import Buffer

from debug.candidate import kernels, max_internals
from debug.candidate.building import build
from debug.candidate.compiler import Compiler
from debug.candidate.interpreter import Interpreter, LazyValue
from debug.candidate.source import Source, content_hash, content_hashes, load_source
from debug.candidate.trace import Probe, Traced
from debug.causes import inspection
from debug.causes.explainer import Explainer, LoadedCandidate, explain_input
from debug.engine.background import Background, Generation
from debug.experiments.injection import Injection
from debug.experiments.probes import Variables
from debug.experiments.without_taps import run_without_taps
from debug.measure.divergence import compare
from debug.measure.self_test import sensitivity
from debug.measure.statistics import finite
from debug.pause import Pause
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import (
    Compared,
    ComparedWithoutTaps,
    Explained,
    Inspected,
    Loaded,
    Message,
    Open,
    Opened,
    Progress,
    Stopped,
)
from debug.protocol.values import Divergence, Layer, Mode, Stats
from debug.protocol.verdict import Verdict
from debug.reference.hooks import run_reference
from debug.reference.recorded_layers import RecordedLayers
from debug.subject import Candidate, Options, Subject, load_subject


class Runner(Protocol):
    """One way of running a graph."""

    def load(self, traced: Traced, given: Mapping[str, Buffer]) -> dict[str, LazyValue]:
        """The layers that the graph computes, by name; ``given`` goes on in their place."""
        ...


class Session:
    """Holds what survives a reload: the subject, the truth and every result so far."""

    @classmethod
    def open(
        cls, factory: str, command: Open, emit: Callable[[Message], None]
    ) -> "Session":
        """Opens the subject of a factory, too.

        Raises:
            Problem: it can't be opened.
        """
        if problem := max_internals.check():
            raise Problem("max", problem)
        started = time.perf_counter()
        emit(Progress("loading the model and the audio"))
        subject = load_subject(factory, Options(command.options))
        return cls(subject, emit, command.mode, started)

    def __init__(
        self,
        subject: Subject,
        emit: Callable[[Message], None],
        mode: Mode = Mode.INTERPRET,
        started: float | None = None,
    ) -> None:
        """Runs the reference and gets the kernels ready.

        Args:
            subject: what is debugged.
            emit: is told all there is to tell.
            mode: how the candidate's graph runs.
            started: when it was begun to open the subject.

        Raises:
            Problem: MAX is not the one that is needed.
        """
        if problem := max_internals.check():
            raise Problem("max", problem)
        self._emit = emit
        self.subject = subject
        loaded = time.perf_counter()
        emit(Progress("running the reference in float64 and float32"))
        self.dtype = self.subject.dtype.name
        self._truths = run_reference(self.subject, self.dtype)
        self.names = list(self._truths)
        self._input_count = len(self.subject.inputs)
        finished = time.perf_counter()
        load = loaded - (loaded if started is None else started)
        emit(self._opened(mode, load, finished - loaded))

        self._mode = mode
        self._runner = self._make_runner(mode)
        self._results: dict[tuple[str, str], tuple[Stats, Divergence]] = {}
        """By layer and digest: a graph may return one value as two layers."""
        recordings = RecordedLayers(self.subject)
        self._explainer = Explainer(self.subject, self._truths, recordings)
        variables = Variables(recordings, self._truths)
        self._background = Background(
            self.subject, self._truths, self._explainer, variables, emit
        )
        self._injection = Injection(self.subject, self._truths)
        self._traced: Traced | None = None
        self._candidate: Candidate | None = None
        self._computed: dict[str, LazyValue] = {}
        self.generation = 0
        self.position = -1
        self.attempted: dict[Path, str | None] = {}
        """The source files of the last load, good or bad, with their hashes."""

    def _opened(self, mode: Mode, load: float, reference: float) -> Opened:
        subject = self.subject
        parents = {layer.name: layer.parent for layer in subject.layers}
        inputs = {value.name for value in subject.inputs}
        parents.update(dict.fromkeys(inputs, subject.layers[-1].name))
        layers = [
            Layer(
                name,
                parents.get(name),
                name in inputs,
                truth.stats,
                truth.floor,
                truth.place,
            )
            for name, truth in self._truths.items()
        ]
        device = "cpu" if subject.device.is_host else f"gpu {subject.device.id}"
        return Opened(
            model=subject.title,
            audio=subject.audio,
            graph=str(subject.graph),
            device=device,
            dtype=self.dtype,
            mode=mode,
            layers=layers,
            seconds_load=load,
            seconds_reference=reference,
        )

    def _make_runner(self, mode: Mode) -> Runner:
        if mode is Mode.COMPILE:
            return Compiler(self.subject.device, self._announce)
        self._warm()
        return Interpreter(self._announce)

    def _warm(self) -> None:
        """Gets the interpreter's kernels ready."""
        device, dtype = self.subject.device, self.subject.dtype
        kernels.warm(dtype, device, lambda what: self._emit(Progress(what)))

    def _announce(self, what: str) -> None:
        self._emit(Progress(f"compiling {what}, once on this machine"))

    # -- Generations -----------------------------------------------------------------

    def load(self) -> None:
        """Makes a generation of what is on the disk now. A bad one changes nothing.

        Raises:
            Problem: the source can't be read, executed, or made into a graph.
        """
        started = time.perf_counter()
        self._emit(Progress("building the graph"))
        source = self._read()
        interpreted = self._mode is Mode.INTERPRET
        candidate, traced = build(
            self.subject, source, self.subject.layers, with_arguments=interpreted
        )
        given = self._injection.values(traced)
        computed = self._runner.load(traced, given)
        self._candidate, self._computed = candidate, computed
        self._traced = traced
        self.generation += 1
        self.position = -1
        self._background.begin(
            Generation(
                self.generation,
                computed,
                self._code(),
                traced.probes,
                self._probed,
                None if interpreted else partial(self._without_taps, source),
            )
        )
        seconds = time.perf_counter() - started
        injected = sorted(given, key=self.names.index)
        self._emit(Loaded(self.generation, traced.places, seconds, injected))

    def _probed(self, probe: Probe) -> LazyValue | None:
        runner = self._runner
        return runner.probed(probe) if isinstance(runner, Interpreter) else None

    def _without_taps(self, source: Source) -> ComparedWithoutTaps:
        """What the graph gives without taps, where it runs compiled."""
        name, layers = self.names[-1], self.subject.layers
        assert isinstance(self._runner, Compiler)

        def again(tapped: bool) -> Traced:
            return build(self.subject, source, layers if tapped else layers[-1:], False)[1]

        self._warm()
        self._emit(Progress("compiling the graph without taps"))
        return run_without_taps(
            self.generation,
            name,
            self._truths[name],
            self._computed[name].value(),
            again,
            self._runner,
            self._announce,
        )

    def inject(self, index: int) -> None:
        """From the next load on the reference's value goes on behind a layer, or the
        candidate's does again.

        Raises:
            Problem: that is not possible there; nothing has changed.
        """
        name = self.names[index]
        if self._mode is Mode.COMPILE:
            message = "the compiled graph runs as a whole: nothing can go on in its midst"
            raise Problem("inject", message)
        if index < self._input_count or index == len(self.names) - 1:
            raise Problem("inject", f"nothing of the graph goes on behind {name}")
        if self._traced is None or name not in self._traced.layers:
            raise Problem("inject", f"the candidate never calls {name}")
        self._injection.layers ^= {name}

    def _read(self) -> Source:
        self.attempted = content_hashes(self.subject.graph)
        return load_source(self.subject.graph)

    def source_changed(self) -> str | None:
        """A source file whose content differs from the last load, or None."""
        for path, digest in self.attempted.items():
            now = content_hash(path)
            if now is not None and now != digest:
                return str(path)
        return None

    # -- Layers ----------------------------------------------------------------------

    def advance(self) -> None:
        """Computes and compares the next layer, and nothing after it.

        Raises:
            Problem: an operation of the layer failed on the device.
        """
        started = time.perf_counter()
        index = self.position + 1
        stats, divergence, reused = self._layer(self.names[index])
        self.position = index
        seconds = time.perf_counter() - started
        self._emit(Compared(self.generation, index, stats, divergence, seconds, reused))

    def _layer(self, name: str) -> tuple[Stats | None, Divergence, bool]:
        truth = self._truths[name]
        assert self._candidate is not None
        if name in self._candidate.inputs:
            value = self._candidate.inputs[name]
            result = compare(value, truth, "float32")
            if not result[1].verdict.healthy:
                findings = [explain_input(value, truth)]
                self._emit(Explained(self.generation, self.names.index(name), findings))
            return *result, False
        computed = self._computed.get(name)
        if computed is None:
            reason = "the candidate never calls it"
            return None, Divergence(Verdict.MISSING, reason=reason), False
        key = name, computed.digest
        if key in self._results:
            return *self._results[key], True
        try:
            value = computed.value()
        except Exception as error:
            raise Problem.of("run", error, prefix=f"{name} can't run") from error
        result = compare(value, truth, self.dtype)
        self._results[key] = result
        return *result, False

    @property
    def settled(self) -> bool:
        """Whether nothing is left to say of the layers that were computed."""
        return self._background.settled(self.position)

    def go_on(self) -> None:
        """One piece of what there is to do while nobody asks for anything."""
        self._background.go_on(self.position)

    def pause_with(self, pause: Pause) -> None:
        """``pause`` is called often in what takes long; see `debug.pause`."""
        self._background.pause = pause

    def inspect(self, index: int) -> None:
        """Takes a layer's own code apart.

        Raises:
            Problem: there is none, or the graph was compiled as a whole.
        """
        name = self.names[index]
        code = self._code()
        if code is None or name not in self._computed:
            reason = "it is an input" if index < self._input_count else "it never runs"
            reason = "the graph runs as a whole" if code is None else reason
            raise Problem("inspect", f"{name} has no operations to show: {reason}")
        segments = self._explainer.segments(name, code)
        if segments is None:
            message = f"{name} can't be taken apart: PyTorch's values do not fit into it"
            raise Problem("inspect", message)
        codes = [inspection.code(segment) for segment in segments]
        would_be = None
        if self.position == len(self.names) - 1:  # the end of the run is known
            would_be = self._explainer.counterfactual(name, code, self._computed)
        self._emit(
            Inspected(
                self.generation,
                index,
                codes,
                would_be and finite(would_be.disappears),
                would_be and would_be.layer_only and finite(would_be.layer_only),
                sensitivity(self._truths[name], self.dtype),
            )
        )

    def _code(self) -> LoadedCandidate | None:
        runner, traced = self._runner, self._traced
        if not isinstance(runner, Interpreter) or runner.program is None or traced is None:
            return None
        return LoadedCandidate(runner.program, runner.kept, traced.places)

    def stopped(self, seconds: float) -> Stopped:
        return Stopped(self.generation, self.position, seconds)
