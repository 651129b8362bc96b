"""Layers that are called, and whose results do not go where PyTorch's go.

A result that is dropped, and blocks in another order, make each layer after them wrong in
its own way, and many guesses explain a part of it ::

    for block in self.blocks:
        block(x)                                instead of      x = block(x)
    for block in reversed(self.blocks):         instead of      for block in self.blocks:
    self.mlp(self.attn_ln(x))                   instead of      self.mlp(self.mlp_ln(x))

Where no single cause explains a layer, nothing more need be guessed. Both sides tell which
results a layer's code uses, and which of the layers within it is computed of which: MAX's
by its graph, PyTorch's by its recorded steps. So it is one mistake, in the line of a call,
and what else is wrong there follows from it.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from debug.candidate.program import Program
from debug.causes.hypotheses.repeated import are_alike
from debug.causes.lines import LoadedCandidate
from debug.protocol.values import Cause, Finding
from debug.reference.recorded_layers import RecordedLayers
from debug.reference.recording import Recording, ValueId

NAMED = 3
"""As many layers are named."""


def dropped(name: str, code: LoadedCandidate, recordings: RecordedLayers) -> Finding | None:
    """That results within a layer are used by nothing, where PyTorch's are."""
    program, recording = code.program, recordings.of(name)
    if name not in program.layers:
        return None
    used, end = _used(recording), program.layers[name]
    found = [
        layer
        for layer in _called(recording, program)
        if layer in used
        and layer not in code.again  # another call of it may be the one that counts
        and end != program.layers[layer]
        and not program.flow.depends(end, program.layers[layer])
    ]
    depends = program.flow.depends
    found = [  # what is only used by another of them is no mistake of its own
        layer
        for layer in found
        if not any(
            depends(program.layers[other], program.layers[layer])
            for other in found
            if other != layer
        )
    ]
    if not found:
        return None
    text = f"the result of {found[0]} is not used"
    if found[1:]:
        text = f"the results of {_listed(found)} are not used"
    lacks = (n for n, v in recording.inputs.items() if found[0] in _used(recording, v))
    cause = Cause(text, 1.0, 0.0, None, "not used", found[0])
    return _finding(cause, found[0], next(lacks, None), code)


def reordered(
    name: str, code: LoadedCandidate, recordings: RecordedLayers
) -> Finding | None:
    """That layers within one, such as blocks, or a norm and attention, are computed of each
    other the other way round than PyTorch's."""
    program, recording = code.program, recordings.of(name)
    called, before = _called(recording, program), dict[str, set[str]]()
    called = [layer for layer in called if layer not in code.again]
    for layer in called:
        leads = _used(recording, recording.inputs.get(layer))
        before[layer] = {each for each in called if each in leads and each != layer}
    turned = {
        each
        for layer in called
        for other in before[layer]
        if program.flow.depends(program.layers[other], program.layers[layer])
        for each in (layer, other)
    }
    if not turned:
        return None
    theirs = [layer for layer in called if layer in turned]
    maker = program.flow.maker
    ours = sorted(theirs, key=lambda layer: maker[program.layers[layer]])
    text = _comes_late(ours, theirs)
    text = text or f"the order is {_listed(ours)}, PyTorch's is {_listed(theirs)}"
    cause = Cause(text, 1.0, 0.0, None, "order", _listed(theirs), _listed(ours))
    place = next(iter(_moved(ours, theirs)), ours[0])
    return _finding(cause, place, theirs[0], code)


def _moved(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """The layers that may be in another place: without one of them, the others are in
    order."""
    return [
        layer
        for layer in ours
        if [each for each in ours if each != layer]
        == [each for each in theirs if each != layer]
    ]


def _comes_late(ours: Sequence[str], theirs: Sequence[str]) -> str | None:
    """That one layer comes too late, if that is all; such as a norm after a sum."""
    for layer in reversed(_moved(ours, theirs)):
        before = ours[: ours.index(layer)]
        if before and theirs.index(before[-1]) > theirs.index(layer):
            return f"{layer} comes after {before[-1]} instead of before it"
    return None


def exchanged_calls(
    name: str, code: LoadedCandidate, recordings: RecordedLayers
) -> Finding | None:
    """That two layers of one kind, such as a block's two norms, are called in each other's
    place: with their names exchanged, all are computed of each other as PyTorch's are."""
    program, recording = code.program, recordings.of(name)
    called, depends = _called(recording, program), program.flow.depends
    ours = {
        layer: {o for o in called if depends(program.layers[layer], program.layers[o])}
        for layer in called
    }
    ours = {layer: others - {layer} for layer, others in ours.items()}
    theirs = {
        layer: _used(recording, recording.inputs.get(layer)).intersection(called) - {layer}
        for layer in called
    }
    for one, other in combinations(called, 2) if ours != theirs else ():
        names = {one: other, other: one}
        turned = {
            names.get(layer, layer): {names.get(each, each) for each in others}
            for layer, others in ours.items()
        }
        calls = [recording.calls.get(each) for each in (one, other)]
        if turned != theirs or None in calls or not are_alike(*filter(None, calls)):
            continue
        if _are_of_one_list(one, other):  # whose order says more
            continue
        text = f"{one} and {other} are called in each other's place"
        cause = Cause(text, 1.0, 0.0, None, "exchanged", one, other)
        return _finding(cause, other, one, code)
    return None


def _are_of_one_list(one: str, other: str) -> bool:
    """Whether two layers differ only in the number that their names end in."""
    (list_of, _, number), (others, _, its) = one.rpartition("."), other.rpartition(".")
    return list_of == others and number.isdigit() and its.isdigit()


def with_one_mistake(
    name: str,
    explained: Mapping[str, list[Finding]],
    code: LoadedCandidate,
    recordings: RecordedLayers,
) -> Mapping[str, list[Finding]]:
    """What was found in a layer; or how the layers within it are wired, if that is wrong
    and no single cause explains it all."""
    findings = explained.get(name, [])
    best = [each for finding in findings for each in finding.causes[:1]]
    is_one = len({each.hypothesis for each in best}) == 1 and best[0].complete
    if is_one and len(best) == len(findings):
        return explained
    ways = (dropped, exchanged_calls, reordered)
    found = next(filter(None, (way(name, code, recordings) for way in ways)), None)
    return explained if found is None else {**explained, name: [found]}


def _called(recording: Recording, program: Program) -> list[str]:
    """The layers within that both sides call, in PyTorch's order."""
    return [
        layer
        for layer in recording.results
        if layer in program.layers and layer not in program.found_by_numbers
    ]


def _used(recording: Recording, value: ValueId | None = None) -> set[str]:
    """The layers within whose results a value is made of: the layer's own, if none is
    given."""
    of = {result: layer for layer, result in recording.results.items()}
    made = {step.result: step.operands for step in recording.steps}
    found, seen = set[str](), set[ValueId]()
    pending = [recording.result if value is None else value]
    while pending:
        each = pending.pop()
        if each is None or each in seen:
            continue
        seen.add(each)
        pending.extend(made.get(each, ()))
        if (layer := of.get(each)) is not None:
            found.add(layer)
            pending.append(recording.inputs.get(layer))
    return found


def _finding(cause: Cause, layer: str, lacks: str | None, code: LoadedCandidate) -> Finding:
    """
    Args:
        cause: what is wrong.
        layer: which is called in the line.
        lacks: the first layer whose input is wrong by it.
        code: of the candidate.
    """
    target = f"the input of {lacks}" if lacks else "the result"
    return Finding(target, lacks, None, code.places.get(layer), None, "", [cause])


def _listed(layers: Sequence[str]) -> str:
    more = f" and {len(layers) - NAMED} more" if len(layers) > NAMED else ""
    return ", ".join(layers[:NAMED]) + more
