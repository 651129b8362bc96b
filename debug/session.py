"""One subject under the debugger: the reference's truth and the candidate's generations."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from debug import inspection, internals, kernels
from debug.compare import compare, finite
from debug.compiled import Compiler
from debug.diagnostic import Problem, from_exception
from debug.explanation import Code, Explainer, explain_input
from debug.interpreter import Computed, Interpreter
from debug.isolation import Isolation
from debug.protocol import (
    Compared,
    Divergence,
    Explained,
    Inspected,
    Isolated,
    Layer,
    Loaded,
    Message,
    Open,
    Opened,
    Progress,
    Refused,
    Stats,
    Stopped,
)
from debug.recordings import Recordings
from debug.reference import run_reference
from debug.source import Source, content_hash, content_hashes, load_source
from debug.stretch import Interrupted, Pause, go_on
from debug.subject import Candidate, Options, Subject, load_subject
from debug.trace import Probe, Traced, trace
from debug.variables import Variables
from debug.verdict import Verdict


class Runner(Protocol):
    """One way of running a graph."""

    def load(self, traced: Traced) -> dict[str, Computed]:
        """The layers that the graph computes, by name."""
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
        if problem := internals.check():
            raise Problem("max", problem)
        started = time.perf_counter()
        emit(Progress("loading the model and the audio"))
        subject = load_subject(factory, Options(command.options))
        return cls(subject, emit, command.engine, started)

    def __init__(
        self,
        subject: Subject,
        emit: Callable[[Message], None],
        engine: str = "interpret",
        started: float | None = None,
    ) -> None:
        """Runs the reference and gets the kernels ready.

        Args:
            subject: what is debugged.
            emit: is told all there is to tell.
            engine: interpret or compile.
            started: when it was begun to open the subject.

        Raises:
            Problem: MAX is not the one that is needed.
        """
        if problem := internals.check():
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
        emit(self._opened(engine, load, finished - loaded))

        self._engine = engine
        self._runner = self._make_runner(engine)
        self._results: dict[tuple[str, str], tuple[Stats, Divergence]] = {}
        """By layer and digest: a graph may return one value as two layers."""
        self._isolation = Isolation(self.dtype)
        recordings = Recordings(self.subject)
        self._explainer = Explainer(self.subject, self._truths, recordings)
        self._variables = Variables(recordings, self._truths)
        self._probes: list[Probe] = []
        """Of this generation, those that were not compared yet."""
        self._unexplained: list[int] = []
        """Layers of this generation that are wrong by themselves."""
        self._traced: Traced | None = None
        self.pause: Pause = go_on
        """Called often while a layer is looked into, which may take long."""
        self._candidate: Candidate | None = None
        self._computed: dict[str, Computed] = {}
        self.generation = 0
        self.position = -1
        self._alone_position = -1
        self.attempted: dict[Path, str | None] = {}
        """The source files of the last load, good or bad, with their hashes."""

    def _opened(self, engine: str, load: float, reference: float) -> Opened:
        subject = self.subject
        parents = {layer.name: layer.parent for layer in subject.layers}
        inputs = {value.name for value in subject.inputs}
        parents.update(dict.fromkeys(inputs, subject.layers[-1].name))
        layers = [
            Layer(name, parents.get(name), name in inputs, truth.stats, truth.floor)
            for name, truth in self._truths.items()
        ]
        device = "cpu" if subject.device.is_host else f"gpu {subject.device.id}"
        return Opened(
            model=subject.title,
            audio=subject.audio,
            graph=str(subject.graph),
            device=device,
            dtype=self.dtype,
            engine=engine,
            layers=layers,
            seconds_load=load,
            seconds_reference=reference,
        )

    def _make_runner(self, engine: str) -> Runner:
        if engine == "compile":
            return Compiler(self.subject.device, self._announce)
        device, dtype = self.subject.device, self.subject.dtype
        kernels.warm(dtype, device, lambda what: self._emit(Progress(what)))
        return Interpreter(self._announce)

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
        candidate, traced = self._build(self._read())
        computed = self._runner.load(traced)
        self._candidate, self._computed = candidate, computed
        self._traced, self._unexplained = traced, []
        self._probes = list(traced.probes)
        self.generation += 1
        self.position = self._alone_position = -1
        seconds = time.perf_counter() - started
        self._emit(Loaded(self.generation, traced.places, seconds))

    def _read(self) -> Source:
        self.attempted = content_hashes(self.subject.graph)
        return load_source(self.subject.graph)

    def _build(self, source: Source) -> tuple[Candidate, Traced]:
        subject = self.subject
        try:
            candidate = subject.candidate(source.module)
        except Problem:
            raise
        except Exception as error:
            raise Problem.of("graph", error, source.names, path=subject.graph) from error
        traced = trace(
            candidate,
            subject.layers,
            source.names,
            subject.dtype,
            subject.device,
            with_arguments=self._engine == "interpret",
        )
        return candidate, traced

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
        """Whether every layer that was computed has run alone, its probes were compared
        and, if it is wrong, it was looked into."""
        alone = self._alone_position >= self.position
        return alone and self._due is None and not self._unexplained

    def go_on(self) -> None:
        """One piece of what there is to do while nobody asks for anything."""
        if self._alone_position < self.position:
            self.isolate()
        elif self._due is not None:
            self.compare_probe(self._due)
        else:
            self.explain()

    def isolate(self) -> None:
        """Runs the next layer alone, on the reference's input. Inputs are passed over,
        and so is every layer of a graph that is compiled as a whole."""
        self._alone_position += 1
        index = self._alone_position
        name = self.names[index]
        if self._candidate and name not in self._candidate.inputs:
            divergence = self._isolation.run(self._truths[name], self._computed.get(name))
            if divergence is not None:
                self._emit(Isolated(self.generation, index, divergence))
                if not divergence.verdict.healthy and isinstance(self._runner, Interpreter):
                    self._unexplained.append(index)

    @property
    def _due(self) -> Probe | None:
        """A probe whose layer was computed, or is none at all."""
        reached = {*self.names[: self.position + 1]}
        names = set(self.names)
        due = (p for p in self._probes if p.layer in reached or p.layer not in names)
        return next(due, None)

    def compare_probe(self, probe: Probe) -> None:
        """Compares one probe with the reference's variable."""
        self._probes.remove(probe)
        runner = self._runner
        computed = runner.probed(probe) if isinstance(runner, Interpreter) else None
        names = self.names
        index = names.index(probe.layer if probe.layer in names else names[-1])
        self._emit(self._variables.probed(self.generation, index, probe, computed))

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
        stretches = self._explainer.stretches(name, code)
        if stretches is None:
            message = f"{name} can't be taken apart: PyTorch's values do not fit into it"
            raise Problem("inspect", message)
        codes = [inspection.code(stretch) for stretch in stretches]
        would_be = None
        if self.position == len(self.names) - 1:  # the end of the run is known
            would_be = self._explainer.counterfactual(name, code, self._computed)
        self._emit(
            Inspected(
                self.generation,
                index,
                codes,
                would_be and finite(would_be.disappears),
                would_be and would_be.alone and finite(would_be.alone),
            )
        )

    def _code(self) -> Code | None:
        runner, traced = self._runner, self._traced
        if not isinstance(runner, Interpreter) or runner.program is None or traced is None:
            return None
        return Code(runner.program, runner.kept, traced.places)

    def explain(self) -> None:
        """Looks into the first layer that is wrong by itself and was not looked into.

        What has no code here, for the candidate never calls it, is found with the layer
        that should.
        """
        index = self._unexplained.pop(0)
        name = self.names[index]
        code = self._code()
        if code is None or self._computed.get(name) is None:
            return
        try:
            explained = self._explainer.explain(name, code, self.pause)
        except Interrupted:
            self._unexplained.insert(0, index)
            return
        except Exception as error:  # the run stands without its explanation
            diagnostic = from_exception("explain", error)
            self._emit(Refused(diagnostic))
            return
        for about, findings in explained.items():
            self._emit(Explained(self.generation, self.names.index(about), findings))

    def stopped(self, seconds: float) -> Stopped:
        return Stopped(self.generation, self.position, seconds)
