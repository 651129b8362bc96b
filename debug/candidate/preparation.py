"""Gets everything ready that a graph needs to be interpreted, before it runs.

`debug.candidate.kernels` has loaded what networks usually need. Another port may need more:
kernels for integers and masks, or an operation that the interpreter can't run and that is
compiled alone (`debug.candidate.lone_kernels`). Compiling costs 20 s or more whatever is in
it, so all that is missing is found first and compiled together, beside what is loaded. The
next process loads it (`debug.candidate.kernel_cache`).

What is in float16 or the like on the CPU is emulated (`debug.candidate.emulation`).

What can't be compiled either is refused at its line, before anything runs. The graph is
loaded nonetheless: all that does not depend on it can be computed.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from max.driver import Buffer, Device
from max.engine import Model

from debug.candidate import kernel_cache, max_internals, max_kernels
from debug.candidate.emulation import emulation
from debug.candidate.lone_kernels import Cutter, LoneKernel
from debug.candidate.max_internals import Op, ValueKey
from debug.candidate.max_kernels import Kernel
from debug.candidate.trace import Traced
from debug.protocol.diagnostic import Diagnostic, Problem, first_line

Slots = dict[ValueKey, Buffer | None]
Needed = Mapping[str, Kernel | LoneKernel]
Runner = Callable[[Slots], None]
"""Runs one operation: takes its operands out of slots, and puts its results into them."""

_models: dict[str, Model] = {}
"""Lone kernels of this process, by key."""
_failed: dict[str, str] = {}
"""Why others don't compile."""


@dataclass(frozen=True)
class Prepared:
    """How the operations of a graph run that the interpreter can't run itself."""

    runners: dict[int, Runner] = field(default_factory=dict)
    """By their places in the graph. What can't run raises a `Problem`."""
    refused: list[Diagnostic] = field(default_factory=list)
    """What is to be said of those that can't run."""
    emulated: list[str] = field(default_factory=list)
    """The precisions that are emulated, by name."""


def prepare(traced: Traced, announce: Callable[[str], None]) -> Prepared:
    """Loads every kernel that a lowered graph needs, compiling those that are new.

    ``announce`` is told what will be compiled.
    """
    whole = max_internals.body_of(traced.graph)
    body = whole.operations
    cutter = Cutter(traced.graph, body)
    emulated = emulation(whole, cutter)
    survey = max_kernels.survey(whole, traced.weights, without=emulated.operations)
    cut = {index: cutter.cut(body[index]) for index in survey.refused}
    lone = {each.key: each for each in cut.values()}
    _failed.update({key: why for key, each in lone.items() if (why := each.why_not)})
    new = {key: each for key, each in lone.items() if key not in {*_models, *_failed}}
    kernels = {each.key: each for each in (*survey.kernels, *emulated.kernels)}
    load({**kernels, **new}, announce)
    runners: dict[int, Runner] = {i: each.run for i, each in emulated.operations.items()}
    prepared = Prepared(runners, emulated=emulated.dtypes)
    for index, kernel in cut.items():
        if kernel.key in _models:
            prepared.runners[index] = _running(kernel, _models[kernel.key])
            continue
        why = f"{survey.refused[index]}\n{_failed[kernel.key]}"
        diagnostic = refusal(body[index], why)
        prepared.runners[index] = _refusing(diagnostic)
        if diagnostic not in prepared.refused:
            prepared.refused.append(diagnostic)
    return prepared


def load(needed: Needed, announce: Callable[[str], None]) -> None:
    """Loads kernels in the groups that are known, and compiles the others as one each
    device. A lone kernel that can't be compiled is noted as such."""
    devices = {(each.device.label, each.device.id): each.device for each in needed.values()}
    for device in devices.values():
        here = {key: each for key, each in needed.items() if each.device == device}
        for group in kernel_cache.compiled(here):
            _load_group({key: here.pop(key) for key in group}, device, announce)
        if here:
            announce(_described(here))
            _load_group(dict(sorted(here.items())), device, announce)


def _load_group(group: Needed, device: Device, announce: Callable[[str], None]) -> None:
    """Compiles kernels together; if that fails, each lone one for itself."""
    kernels = [each for each in group.values() if isinstance(each, Kernel)]
    lone = {key: each for key, each in group.items() if isinstance(each, LoneKernel)}
    graphs = {text: None for each in lone.values() for text in (each.graph, *each.called)}
    try:
        models = max_kernels.compile_together(kernels, list(graphs), device)
    except Exception as error:
        if len(group) == 1 and lone:
            _failed.update({key: first_line(error) for key in lone})
            return
        if not lone and sorted(group) in kernel_cache.noted():
            raise kernel_cache.damaged(error) from error
        if not lone:
            message = f"MAX can't compile the interpreter's kernels: {first_line(error)}"
            raise Problem("interpreter", message, detail=str(error)) from error
        if kernels:
            _load_group({each.key: each for each in kernels}, device, announce)
        for number, (key, each) in enumerate(lone.items(), 1):
            announce(f"{each.op} alone, {number} of {len(lone)}")
            _load_group({key: each}, device, announce)
        return
    _models.update({key: models[key] for key in lone})
    kernel_cache.note(group)


def _described(needed: Needed) -> str:
    """What is compiled: ``conv_transpose, cast and 3 kernels``."""
    alone = Counter(each.op for each in needed.values() if isinstance(each, LoneKernel))
    usual = len(needed) - alone.total()
    names = list(alone)
    if usual:
        only = next(key for key, each in needed.items() if isinstance(each, Kernel))
        names.append(only if usual == 1 else f"{usual} kernels")
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _running(kernel: LoneKernel, model: Model) -> Runner:
    def run(slots: Slots) -> None:
        given = [slots[value] for value in kernel.arguments]
        results = model.execute(*(each for each in given if each is not None))
        slots.update(zip(kernel.results, results, strict=True))

    return run


def _refusing(diagnostic: Diagnostic) -> Runner:
    def refuse(_: Slots) -> None:
        raise Problem.carrying(diagnostic)

    return refuse


def refusal(op: Op, why: str) -> Diagnostic:
    """What a person is told of an operation that can't be run."""
    path, line = max_internals.place_of(op) or (None, None)
    what = f"the interpreter can't run {max_internals.describe(op)}"
    return Diagnostic("interpreter", f"{what}: use --engine compile", path, line, why)
