"""Which verdict a line of the source carries: the worst of the layers called there.

A line in the code of a block calls a layer of every block. Its verdict is that of the block
that is looked at: with blocks.1 selected, ``h = self.attn(h)`` shows blocks.1.attn.
"""

from collections import defaultdict
from collections.abc import Mapping

from debug.protocol.values import Place
from debug.protocol.verdict import Verdict, worst
from debug.results.run import Run

Gutter = Mapping[int, Verdict]
"""By line, counted from 1."""


def candidate_gutter(path: str, selected: int, run: Run) -> Gutter:
    """The verdicts beside the lines of one of the candidate's files."""
    calls = run.loaded.places if run.loaded else {}
    mistakes = [(index, finding.place) for index, finding in run.all_findings()]
    return _gutter(path, calls, mistakes, selected, run)


def reference_gutter(path: str, selected: int, run: Run) -> Gutter:
    """The verdicts beside the lines of one of the reference's files."""
    calls = {layer.name: layer.place for layer in run.layers}
    mistakes = [(index, finding.reference) for index, finding in run.all_findings()]
    return _gutter(path, calls, mistakes, selected, run)


def _gutter(
    path: str,
    calls: Mapping[str, Place | None],
    mistakes: list[tuple[int, Place | None]],
    selected: int,
    run: Run,
) -> Gutter:
    if run.stale:  # the lines are not those that ran
        return {}
    lines: dict[int, list[int]] = defaultdict(list)
    for index, layer in enumerate(run.layers):
        place = calls.get(layer.name)
        if place is not None and place.path == path:
            lines[place.line].append(index)
    scope = _scope(selected, run)
    found: dict[int, list[Verdict]] = defaultdict(list)
    for line, called in lines.items():
        near = [index for index in called if index in scope] or called
        found[line] = [v for index in near if (v := verdict(index, run)) is not None]
    for index, place in mistakes:
        if place is not None and place.path == path:
            found[place.line].append(verdict(index, run) or Verdict.DIVERGED)
    return {line: worst(each) for line, each in found.items() if each}


def _scope(selected: int, run: Run) -> set[int]:
    """The selected layer, its neighbours in the code that calls it, and its parts: the
    same line calls the layers of every block, and one block is looked at."""
    if not 0 <= selected < len(run.layers):
        return set()
    layer = run.layers[selected]
    return {
        index
        for index, other in enumerate(run.layers)
        if other.parent in (layer.parent, layer.name) or index == selected
    }


def verdict(index: int, run: Run) -> Verdict | None:
    """Of the layer in isolation where that is known, else in the run of the whole model."""
    isolated = run.isolated(index)
    if isolated is not None and not run.not_alone(index):
        return isolated.verdict
    result = run.current(index)
    return result.chained.verdict if result else None
