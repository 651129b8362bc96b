"""What it takes to run one layer of a port alone, as data: what alignment and graph say."""

import torch
from max.graph import TensorType
from torch import Tensor

from core.messages import Aside, PortBuild, Row, Value
from debug.candidate import max_internals, max_v3
from debug.candidate.buffers import Tokens
from debug.candidate.flow import Route
from debug.candidate.module_tree import ModuleTree
from debug.candidate.program import Program
from debug.candidate.source import package_of
from debug.candidate.trace import Traced
from debug.measure.layout import laid_out
from debug.port.subject import PortSubject
from debug.protocol.diagnostic import Problem
from debug.reference.hooks import LayerCall, hooked
from debug.subject import Alignment, Candidate, LayerName, arguments_in

INSTEAD = "send the port itself and what maxwhisper check says"


def build_of(
    subject: PortSubject, candidate: Candidate, traced: Traced, layer: str
) -> PortBuild:
    """How a layer of a port is run alone.

    Args:
        subject: the port.
        candidate: its port to MAX, loaded.
        traced: that one's graph, with the layers' inputs as outputs.
        layer: a row of the comparison.

    Raises:
        Problem: it can't be.
    """
    alignment = traced.alignment
    assert alignment is not None
    if layer not in traced.layers:
        message = f"the port never calls {layer}; choose the layer that should"
        raise Problem("repro", message, str(subject.graph))
    rows = {each.name: each for each in alignment.layers}
    counterpart = alignment.counterparts[layer]
    argument, asides, own = _entering(subject, traced, alignment, rows[layer])
    channels = counterpart.channels
    return PortBuild(
        port=".".join([*package_of(subject.graph.parent)[1], subject.graph.stem]),
        is_v3=_is_v3(subject, candidate),
        layer=_row(rows[layer]),
        modules=list(counterpart.modules),
        call=counterpart.call,
        channels=None if channels is None else list(channels),
        argument=argument,
        aside=asides,
        sizes=dict(candidate.sizes),
        own=own,
    )


def _is_v3(subject: PortSubject, candidate: Candidate) -> bool:
    kinds = {max_v3.is_v3(each) for each in ModuleTree(candidate.module).modules.values()}
    if len(kinds) > 1:
        message = "this port mixes max.nn and max.experimental.nn, which repro does not"
        raise Problem("repro", f"{message}; {INSTEAD}", str(subject.graph))
    return kinds.pop()


def _row(name: LayerName) -> Row:
    axes, shape = name.axes, name.shape
    return Row(
        "" if name.is_model else name.path,
        name.call,
        None if axes is None else list(axes),
        None if shape is None else list(shape),
    )


def _entering(
    subject: PortSubject, traced: Traced, alignment: Alignment, row: LayerName
) -> tuple[Value | None, list[Aside], list[str]]:
    """What enters a layer: its first input and other layers' results, which are the
    reference's, and the model's inputs that the port's own code brings to it."""
    kind = traced.inputs.get(row.name)
    if row.is_model or kind is None:
        return None, [], []
    max_internals.lower(traced.graph)
    program = Program(traced, Tokens())
    start, end = program.inputs[row.name].key, program.layers[row.name]
    route = program.flow.route(start, end, program.outside(row.name))
    rows = {each.name: each for each in alignment.layers}
    aside = [name for name in route.aside if name in rows]
    calls = _calls(subject, [row, *(rows[name] for name in aside)])
    _refuse_another_shape(calls[row.name], row, kind, subject)
    made = []
    for name in aside:
        counterpart, value = alignment.counterparts[name], traced.layers[name]
        if _fits(calls[name].value, rows[name], value):
            [module] = counterpart.modules
            found = Aside(_row(rows[name]), module, counterpart.call, _value(value))
            made.append(found)
    return _value(kind), made, _own(subject, program, route)


def _calls(subject: PortSubject, rows: list[LayerName]) -> dict[str, LayerCall]:
    """What the reference's layers are given and give."""
    found: dict[str, LayerCall] = {}

    def keep(row: LayerName, call: LayerCall) -> None:
        found[row.name] = call

    module = subject.reference()
    with torch.inference_mode(), hooked(module, rows, keep):
        subject.run_reference(module, *arguments_in(subject, torch.float32))
    return found


def _refuse_another_shape(
    call: LayerCall, row: LayerName, kind: TensorType, subject: PortSubject
) -> None:
    given = call.argument
    if given is None or not _fits(given, row, kind, is_argument=True):
        theirs = "nothing" if given is None else [*given.shape]
        what = f"the reference gives {row.name} {theirs}, the port {_value(kind).shape}"
        advice = "so it can't be run alone; take the layer that calls it, with --layer"
        raise Problem("repro", f"{what}: {advice}", str(subject.graph))


def _fits(
    value: Tensor, row: LayerName, kind: TensorType, is_argument: bool = False
) -> bool:
    """Whether the reference's value can be brought into the shape that the port has."""
    if row.axes is not None and value.ndim == len(row.axes):
        value = value.permute(row.axes)
    if row.shape is not None and not is_argument:
        value = value.reshape(row.shape)
    axes = row.axes
    back = axes and tuple(axes.index(axis) for axis in range(len(axes)))
    wanted = _value(kind).shape
    return list(laid_out(value, wanted, back, axes).shape) == wanted


def _value(kind: TensorType) -> Value:
    return Value([int(size) for size in kind.shape], kind.dtype.name)


def _own(subject: PortSubject, program: Program, route: Route) -> list[str]:
    names = subject.argument_names
    numbers = program.flow.entering(route)
    return [names[n] if n < len(names) else f"argument {n}" for n in numbers]
