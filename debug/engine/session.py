"""One subject under the debugger: the reference's truth and the candidate's generations.

What no edit changes is computed once, here: the reference in float64 and in the
candidate's precision. Each load of the source then makes a generation: a graph, and a
value for each layer that is computed when it is asked for. Results are kept by layer and
digest, so that a generation computes again only what its edit has changed.
"""

import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from debug.candidate import max_internals
from debug.candidate.compiler import Compiler
from debug.candidate.device_products import has_convolutions
from debug.candidate.interpreter import Interpreter, LazyValue, Runner
from debug.candidate.source import Source
from debug.candidate.taps import Probe
from debug.candidate.trace import Traced, build
from debug.causes.explainer import Explainer, LoadedCandidate
from debug.causes.inspection import inspected
from debug.engine.at_hand import LayerAtHand
from debug.engine.background import Background, Generation
from debug.engine.comparisons import Comparisons
from debug.engine.compiling import announcer, device_products, traced_again, warm
from debug.engine.corrections import Corrections
from debug.engine.dumping import facts_of, sides_of, write
from debug.engine.idle_work import Hears, Tools, idle_work
from debug.engine.inputs import compared
from debug.engine.looking import Looking
from debug.engine.opened import opened
from debug.engine.source_files import SourceFiles
from debug.engine.weighing import Weighing
from debug.engine.whereabouts import Whereabouts
from debug.experiments.injection import Injection
from debug.experiments.isolation import Isolation
from debug.experiments.without_taps import run_without_taps
from debug.pause import Pause, go_on
from debug.protocol.diagnostic import DUMP, INSPECT, LOOK, Problem
from debug.protocol.messages import (
    OWN_CODE_SECONDS,
    Aligned,
    Compared,
    ComparedWithoutTaps,
    Dumped,
    Explained,
    Loaded,
    Message,
    NotPossible,
    Open,
    Progress,
    Stopped,
)
from debug.protocol.statistics import Stats
from debug.protocol.survey import Look
from debug.protocol.values import Divergence, Mode, Tolerance
from debug.reference.archived import reference_of
from debug.reference.recorded_layers import RecordedLayers
from debug.subject import (
    Candidate,
    HasAlignment,
    Options,
    Subject,
    compared_in,
    load_subject,
    model_of,
)


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
        emit(Progress("loading the model"))
        subject = load_subject(factory, Options(command.options))
        how = command.mode, started, command.partial, command.tolerance
        return cls(subject, emit, *how)

    def __init__(
        self,
        subject: Subject,
        emit: Callable[[Message], None],
        mode: Mode = Mode.INTERPRET,
        started: float | None = None,
        partial: bool = False,
        tolerance: Tolerance | None = None,
    ) -> None:
        """Runs the reference and gets the kernels ready.

        Args:
            subject: what is debugged.
            emit: is told all there is to tell.
            mode: how the candidate's graph runs.
            started: when opening the subject began.
            partial: whether the layers before one that raises are run.
            tolerance: by which elements are counted that are not close.

        Raises:
            Problem: MAX is not the one that is needed.
        """
        if problem := max_internals.check():
            raise Problem("max", problem)
        self._emit, self.subject, self._mode = emit, subject, mode
        loaded = time.perf_counter()
        self.dtype = subject.dtype.name
        self._partial, self._tolerance = partial, tolerance
        self._inputs = {value.name for value in subject.inputs}
        self._pause: Pause = go_on
        self._seconds_load = loaded - (loaded if started is None else started)
        self._device_products = device_products(subject, mode, emit)
        self._products = self._device_products.used_by(has_convolutions=False)
        self._run_reference()
        self._runner = self._make_runner()
        self._traced: Traced | None = None
        self._candidate: Candidate | None = None
        self._values: dict[str, LazyValue] = {}
        self.generation = 0
        self.position = -1
        self._files = SourceFiles(subject, emit)

    def _run_reference(self) -> None:
        """Measures the reference's side of the subject's layers, and begins with them."""
        subject, emit = self.subject, self._emit
        started = time.perf_counter()
        emit(Progress("running the reference in float64 and float32"))
        self._truths = reference_of(subject, self.dtype, self._products)
        self.names = list(self._truths)
        self._layers, self._compared = list(subject.layers), compared_in(subject)
        self._model = model_of(self._layers).name
        seconds = self._seconds_load, time.perf_counter() - started
        emit(opened(subject, self._truths, self._mode, *seconds, self._products))
        recordings = RecordedLayers(subject, self._products)
        self._explainer = Explainer(subject, self._truths, recordings)
        self._background = self._make_background(recordings)
        self._injection = Injection(subject, self._truths)
        self._looking, self._weighing = Looking(subject), Weighing(subject)

    def _make_runner(self) -> Runner:
        if self._mode is Mode.COMPILE:
            return Compiler(self.subject.device, self._announce)
        warm(self.subject, self._mode, self._emit)
        return Interpreter(self._announce)

    def _make_background(self, recordings: RecordedLayers) -> Background:
        subject, truths = self.subject, self._truths
        isolation = self._isolation = Isolation(self.dtype, truths)
        self._whereabouts = Whereabouts(subject, truths, isolation, recordings)
        self._comparisons = Comparisons(
            truths, self.dtype, self._whereabouts, self._tolerance
        )
        comparisons, places = self._comparisons, self._whereabouts
        tools = Tools(comparisons, isolation, places, self._explainer, recordings)
        self._corrections = Corrections(truths, isolation, comparisons, self._emit)
        hears = Hears(self._corrections, lambda: self._pause(), self._emit)
        return Background(idle_work(subject, truths, tools, hears), self._emit)

    def _announce(self, what: str) -> None:
        announcer(self._emit, self._mode)(f"compiling {what}, once on this machine")

    # -- Generations -----------------------------------------------------------------

    def load(self) -> None:
        """Makes a generation of what is on the disk now. A bad one changes nothing.

        Raises:
            Problem: the source can't be read, executed, or made into a graph.
        """
        started = time.perf_counter()
        self._emit(Progress("building the graph", limit=OWN_CODE_SECONDS))
        source = self._files.read()
        interpreted = self._mode is Mode.INTERPRET
        layers = self.subject.layers
        candidate, traced = build(self.subject, source, layers, interpreted, self._partial)
        injected = self._injection.values(traced)
        values = self._runner.load(traced, injected)
        self._align(traced)
        self._multiply_as(traced)
        self._candidate, self._values = candidate, values
        self._traced = traced
        runner = self._runner if isinstance(self._runner, Interpreter) else None
        self._whereabouts.begin(traced, values, runner)
        self._comparisons.begin(traced, values)
        self.generation += 1
        self._corrections.begin(self.generation, values)
        self.position = -1
        without_taps = None if interpreted else partial(self._without_taps, source)
        self._background.begin(
            Generation(
                self.generation,
                values,
                self._comparisons.unseen,
                self._code(),
                traced.probes,
                self._probed,
                without_taps,
            )
        )
        seconds = time.perf_counter() - started
        replaced = sorted(injected, key=self.names.index)
        emulated = runner.emulated if runner else []
        more = replaced, emulated, list(candidate.uncompared)
        self._emit(Loaded(self.generation, traced.places, seconds, *more))
        if (found := traced.alignment) is not None:
            unpaired = [] if traced.broken else list(found.unpaired)
            self._emit(Aligned(self.generation, list(found.pairs), unpaired))
        for refused in runner.refused if runner else ():
            self._emit(NotPossible(refused))

    def _align(self, traced: Traced) -> None:
        """Takes over the layers of this generation, if it has others."""
        subject, alignment = self.subject, traced.alignment
        if not isinstance(subject, HasAlignment) or alignment is None:
            return
        if list(alignment.layers) != self._layers or compared_in(subject) != self._compared:
            subject.adopt(alignment)
            self._run_reference()

    def _multiply_as(self, traced: Traced) -> None:
        """Measures the yardstick again, if this generation multiplies in another way."""
        there = self._device_products
        used = there if there.exact else there.used_by(has_convolutions(traced.graph))
        if used != self._products:
            self._products = used
            self._run_reference()

    def _probed(self, probe: Probe) -> LazyValue | None:
        runner = self._runner
        return runner.probed(probe) if isinstance(runner, Interpreter) else None

    def _without_taps(self, source: Source) -> ComparedWithoutTaps:
        """What the graph gives without taps, where it runs compiled."""
        assert isinstance(self._runner, Compiler)
        warm(self.subject, self._mode, self._emit)
        self._emit(Progress("compiling the graph without taps"))
        truth, value = self._truths[self._model], self._values[self._model].value()
        again, announce = partial(traced_again, self.subject, source), self._announce
        given = self.generation, self._model, truth, value, again, self._runner, announce
        return run_without_taps(*given)

    @property
    def attempted(self) -> Collection[Path]:
        """The source files of the last load, good or bad."""
        return self._files.attempted

    def source_changed(self) -> str | None:
        """A source file that is not what it was at the last load, or None."""
        return self._files.changed()

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
            stats, divergence, findings = compared(value, truth, name, self.subject)
            if findings:
                self._emit(Explained(self.generation, self.names.index(name), findings))
            return stats, divergence, False
        return self._comparisons.of(name)

    @property
    def complete(self) -> bool:
        """Whether every layer was computed, the model itself included."""
        return self.position == len(self.names) - 1

    def stopped(self, seconds: float) -> Stopped:
        return Stopped(self.generation, self.position, seconds)

    # -- While nobody asks for anything ----------------------------------------------

    @property
    def settled(self) -> bool:
        """Whether nothing is left to say of the layers that were computed."""
        return self._background.settled(self.position)

    def go_on(self) -> None:
        """One piece of the idle work."""
        self._background.go_on(self.position)

    def pause_with(self, pause: Pause) -> None:
        """``pause`` is called often in what takes long; see `debug.pause`."""
        self._pause = pause

    # -- Questions -------------------------------------------------------------------

    def inject(self, index: int) -> None:
        """From the next load on, the reference's value replaces what a layer returns; or no
        longer does, if it did.

        Raises:
            Problem: that is not possible there; nothing has changed.
        """
        if self._mode is Mode.COMPILE:
            message = "the compiled graph runs as a whole: no value in it can be replaced"
            raise Problem("inject", message)
        self._injection.toggle(self.names[index], self._traced)

    def inspect(self, index: int) -> None:
        """Takes a layer's own code apart.

        Raises:
            Problem: there is none, or the graph was compiled as a whole.
        """
        name, code = self.names[index], self._code()
        if code is None or name not in self._values:
            reason = "it is an input" if name in self._inputs else "it never runs"
            reason = "the graph runs as a whole" if code is None else reason
            raise Problem(INSPECT, f"{name} has no operations to show: {reason}")
        values = self._values if self.complete else None
        number, explainer = self.generation, self._explainer
        for each in inspected(number, index, name, explainer, code, values):
            self._emit(each)

    def dump(self, index: int, folder: str) -> None:
        """Writes both sides of a layer into an empty folder.

        Raises:
            Problem: the layer has not run, or a file can't be written.
        """
        layer = self._at_hand(index, DUMP)
        facts = facts_of(self.subject, self.generation, layer.name, self._injection.layers)
        self._emit(
            Dumped(self.generation, index, write(Path(folder), sides_of(layer), facts))
        )

    def look(self, ask: Look) -> None:
        """Answers a question about the values of a layer.

        Raises:
            Problem: there is nothing to show, and why.
        """
        self._emit(self._looking.answer(ask, self._at_hand(ask.index, LOOK)))

    def compare_weights(self, begin: int) -> None:
        """Compares weights of the port with the reference's, from one on.

        Raises:
            Problem: there is no port.
        """
        if self._candidate is None or self._traced is None:
            raise Problem(LOOK, "there is no good candidate yet: mend its source first")
        given = self.generation, self._candidate, self._traced.alignment
        self._emit(self._weighing.answer(begin, *given))

    def _at_hand(self, index: int, kind: str) -> LayerAtHand:
        name, candidate = self.names[index], self._candidate
        if candidate is None or index > self.position:
            raise Problem(kind, f"{name} has not run yet: run to it first")
        sides = self._truths[name], self._values.get(name), candidate.inputs.get(name)
        about = self.generation, index, name
        return LayerAtHand(*about, *sides, self._isolation, self.dtype)

    def _code(self) -> LoadedCandidate | None:
        runner, traced = self._runner, self._traced
        if not isinstance(runner, Interpreter) or runner.program is None or traced is None:
            return None
        said = traced.places, traced.again, traced.written
        return LoadedCandidate(runner.program, runner.kept, *said)
