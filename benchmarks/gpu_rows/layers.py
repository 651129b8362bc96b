"""The debugger's work on the device: every layer, step by step, and compiled as a whole."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.gpu_rows.found import Found, Say
from debug.candidate import kernels, max_dispatch
from debug.candidate.device_products import has_convolutions, products_of
from debug.candidate.interpreter import Interpreter
from debug.candidate.source import load_source
from debug.candidate.trace import build
from debug.engine.session import Session
from debug.measure.divergence import compare
from debug.protocol.messages import Message, Open, Working
from debug.protocol.values import Divergence, Mode
from debug.protocol.verdict import Verdict
from debug.reference.both_runs import run_reference
from debug.results.run import Run
from debug.subject import Options, load_subject

FACTORY = "core.whisper:open_subject"
PORT = "debug.port.subject:open_port"


def check(say: Say, device: str, model: str, dtype: str) -> Found:
    """Every layer, in the run of the whole model and isolated, as ``check`` has it."""
    return _checked(say, FACTORY, {"device": device, "model": model, "dtype": dtype})


def check_port(say: Say, device: str, port: str, dtype: str) -> Found:
    """The same of a port's file, given from the root of the project."""
    return _checked(say, PORT, {"device": device, "port": port, "dtype": dtype})


def _checked(say: Say, factory: str, options: dict[str, str]) -> Found:
    run, jobs = Run(), []

    def hear(message: Message) -> None:
        run.apply(message)  # pyright: ignore[reportArgumentType]
        if isinstance(message, Working):
            jobs.append(message.job)

    started = time.perf_counter()
    session = Session.open(factory, Open(options, watch=False), hear)
    session.load()
    opened = time.perf_counter()
    for _ in session.names:
        session.advance()
    seconds = time.perf_counter() - opened
    say({"opening_seconds": opened - started, "layers_seconds": seconds, **_layers(run)})
    while not session.settled and len(set(jobs)) < 2:  # the first job isolates every layer
        session.go_on()
    figures = _layers(run)
    wrong, isolated = figures["wrong"], figures["isolated"]
    worst = max(figures["worst_ratio"].values(), default=0.0)
    says = f"{figures['layers'] - len(wrong)} of {figures['layers']} layers ok"
    says += f", {isolated} isolated, worst R {worst:.2f}, {seconds:.1f} s for all"
    if wrong:
        says += f"; wrong: {', '.join(wrong[:4])}{' ...' if len(wrong) > 4 else ''}"
    return Found(says, not wrong and isolated > 0, figures)


def _layers(run: Run) -> dict[str, Any]:
    """The worst R by kind of layer, and every layer that is not ok."""
    worst: dict[str, float] = {}
    alone: dict[str, float] = {}
    wrong: dict[str, str] = {}
    isolated = layers = 0
    for index, layer in enumerate(run.layers):
        if layer.is_input:
            continue
        layers += 1
        current, apart = run.current(index), run.isolated(index)
        _note(worst, layer.name, current.chained if current else None, wrong)
        if apart is not None:
            isolated += 1
            _note(alone, layer.name, apart, wrong)
    return {
        "layers": layers,
        "isolated": isolated,
        "worst_ratio": worst,
        "worst_ratio_isolated": alone,
        "wrong": list(wrong),
        "reasons": wrong,
    }


def _note(
    worst: dict[str, float], name: str, found: Divergence | None, wrong: dict[str, str]
) -> None:
    kind = re.sub(r"blocks\.\d+\.?", "", name) or "block"
    if found is None or found.verdict is not Verdict.OK:
        reason = "was not computed" if found is None else found.reason or str(found.ratio)
        wrong.setdefault(name, reason)
    if found is not None and found.ratio is not None:
        worst[kind] = max(worst.get(kind, 0.0), found.ratio)


def step(say: Say, device: str, model: str, dtype: str) -> Found:
    """Steps layer by layer, and looks at which operations were given to the device.

    After a step none may have run that uses what the layer returns.
    """
    given = {"device": device, "model": model, "dtype": dtype}
    subject = load_subject(FACTORY, Options(given))
    kernels.warm(subject.dtype, subject.device, lambda _: None)
    source = load_source(subject.graph)
    _, traced = build(subject, source, subject.layers, with_inputs=True)
    interpreter = Interpreter(lambda _: None)
    values = interpreter.load(traced, {})
    there = products_of(subject.device, subject.dtype)
    truths = run_reference(subject, dtype, there.used_by(has_convolutions(traced.graph)))
    program = interpreter.program
    assert program is not None
    model_key = program.layers[subject.layers[-1].name]
    places = {id(op): index for index, op in enumerate(program.body)}
    early: list[str] = []
    steps: dict[str, float] = {}
    verdicts: list[str] = []
    with _dispatched() as ran:
        for name, lazy in values.items():
            started = time.perf_counter()
            value = lazy.value()
            steps[name] = time.perf_counter() - started
            verdicts.append(compare(value, truths[name], dtype)[1].verdict.value)
            after = set(program.flow.route(program.layers[name], model_key).indices)
            if after & {places[id(op)] for op in ran}:
                early.append(name)
    figures = {
        "operations": len(program.body),
        "early": early,
        "seconds_a_layer": steps,
        "slowest_seconds": max(steps.values()),
        "ok": verdicts.count("ok"),
    }
    says = (
        f"{len(steps)} layers one by one, the slowest {figures['slowest_seconds']:.3f} s; "
    )
    says += (
        f"too early ran what follows {early[0]}" if early else "nothing ran before its turn"
    )
    return Found(says, not early and figures["ok"] == len(steps), figures)


@contextmanager
def _dispatched() -> Iterator[list[Any]]:
    """The operations that are given to the device meanwhile."""
    before: Callable[..., None] = max_dispatch.dispatch
    ran: list[Any] = []

    def dispatch(op: Any, slots: Any) -> None:
        ran.append(op)
        before(op, slots)

    max_dispatch.dispatch = dispatch
    try:
        yield ran
    finally:
        max_dispatch.dispatch = before


def compiled(say: Say, device: str, model: str, dtype: str) -> Found:
    """The graph compiled as a whole, with taps and without, beside the interpreter."""
    run = Run()

    def hear(message: Message) -> None:
        run.apply(message)  # pyright: ignore[reportArgumentType]

    options = {"device": device, "model": model, "dtype": dtype}
    session = Session.open(FACTORY, Open(options, Mode.COMPILE, watch=False), hear)
    started = time.perf_counter()
    session.load()
    say({"compile_seconds": time.perf_counter() - started})
    for _ in session.names:
        session.advance()
    say(_layers(run))
    while run.without_taps is None and not session.settled:
        session.go_on()
    figures, found = _layers(run), run.without_taps
    if found is None:
        return Found("the graph without taps was not compared", False, figures)
    figures |= {"ratio": found.divergence.ratio, "from_interpreted": found.from_interpreted}
    figures["from_tapped"] = found.from_tapped
    says = f"without taps R {found.divergence.ratio}, {found.from_interpreted} from the "
    says += f"interpreter, {found.from_tapped} from the graph with taps"
    return Found(says, not figures["wrong"] and found.divergence.verdict.healthy, figures)
