"""What two saves differ in: their lines, and what became of their layers."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from debug.protocol.diagnostic import cut
from debug.protocol.plain import plain
from debug.results.trend import NOTICEABLE
from tui.dashboard.panes.listing import LONGEST
from tui.dashboard.saves import LayerResult, Result, names_of

AROUND = 3
"""Lines that are shown around a change."""


def lines_of(source: bytes) -> list[str]:
    """A file for a screen: one line too long to be read is cut."""
    text = plain(source.decode("utf-8", "replace"))
    return [cut(line.expandtabs(4), LONGEST) for line in text.splitlines()]


@dataclass(frozen=True)
class FileChange:
    name: str
    lines: tuple[str, ...]
    """As a unified diff has them, without its two lines of names."""

    @property
    def added(self) -> int:
        return sum(line.startswith("+") for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.startswith("-") for line in self.lines)

    def __str__(self) -> str:
        return f"{self.name} +{self.added} -{self.removed}"


def file_changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[FileChange]:
    """Of every file that is not the same in both."""
    names = names_of({**old, **new})
    changes = []
    for path, name in sorted(names.items(), key=lambda each: each[1]):
        before, now = old.get(path, b""), new.get(path, b"")
        if before == now:
            continue
        found = difflib.unified_diff(lines_of(before), lines_of(now), n=AROUND, lineterm="")
        lines = tuple(found)[2:]
        changes.append(FileChange(name, lines or ("  only what is not seen differs",)))
    return changes


@dataclass(frozen=True)
class LayerChange:
    name: str
    before: LayerResult | None
    now: LayerResult | None


def layer_changes(old: Result, new: Result) -> list[LayerChange]:
    """The layers whose verdict or error is another one, in order of computation."""
    names = list(dict.fromkeys([*new.layers, *old.layers]))
    both = (LayerChange(each, old.layers.get(each), new.layers.get(each)) for each in names)
    return [each for each in both if _differs(each)]


def _differs(change: LayerChange) -> bool:
    before, now = change.before, change.now
    if before is None or now is None:
        return True
    if before.chained.verdict != now.chained.verdict:
        return True
    if before.chained.verdict.healthy:
        return False
    old, new = before.chained.rel_l2, now.chained.rel_l2
    if old is None or new is None:
        return old is not new
    return max(old, new) > NOTICEABLE * min(old, new)
