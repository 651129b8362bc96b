"""Where a debugger's keys lead: the rows of a run, and how to move over them."""

from collections.abc import Collection, Sequence

from debug.protocol.values import Layer


class Stepper:
    """Rows in order of computation; a row's children come before it, as a call's do."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._names = [layer.name for layer in layers]
        parents = {layer.name: layer.parent for layer in layers}
        self._parent = [
            self._names.index(layer.parent) if layer.parent in parents else None
            for layer in layers
        ]
        self._depth = [self._count_ancestors(row) for row in range(len(layers))]

    def _count_ancestors(self, row: int) -> int:
        parent = self._parent[row]
        return 0 if parent is None else 1 + self._count_ancestors(parent)

    @property
    def last(self) -> int:
        return len(self._names) - 1

    def row_of(self, name: str | None) -> int | None:
        return self._names.index(name) if name in self._names else None

    def depth(self, row: int) -> int:
        return self._depth[row]

    def step(self, row: int) -> int:
        """The next layer, whatever it belongs to."""
        return min(row + 1, self.last)

    def step_back(self, row: int) -> int:
        return max(row - 1, 0)

    def next(self, row: int) -> int:
        """The next layer that is no deeper: over all that a block is made of."""
        if row < 0:
            return min(0, self.last)
        later = range(row + 1, len(self._names))
        return next((r for r in later if self._depth[r] <= self._depth[row]), self.last)

    def next_back(self, row: int) -> int:
        earlier = range(row - 1, -1, -1)
        return next((r for r in earlier if self._depth[r] <= self._depth[row]), 0)

    def finish(self, row: int) -> int:
        """To the end of the block that the layer belongs to."""
        parent = self._parent[row] if row >= 0 else None
        return self.last if parent is None else parent

    def finish_back(self, row: int) -> int:
        """To the first layer of the block that the layer belongs to."""
        parent = self._parent[row]
        return next(r for r in range(len(self._names)) if self._parent[r] == parent)

    def resume(self, row: int, breakpoints: Collection[str]) -> int:
        """To the next breakpoint, or to the end."""
        stops = (r for r in range(row + 1, self.last) if self._names[r] in breakpoints)
        return next(stops, self.last)

    def resume_back(self, row: int, breakpoints: Collection[str]) -> int:
        stops = (r for r in range(row - 1, 0, -1) if self._names[r] in breakpoints)
        return next(stops, 0)

    def outer(self, row: int) -> int:
        """The block that the layer belongs to."""
        parent = self._parent[row]
        return row if parent is None else parent

    def inner(self, row: int) -> int:
        """The first layer that the block is made of."""
        children = (r for r, parent in enumerate(self._parent) if parent == row)
        return next(children, row)

    def search(self, text: str, row: int, direction: int = 1) -> int | None:
        """The next row whose name contains the text, around the end if need be."""
        count = len(self._names)
        for offset in range(1, count + 1):
            candidate = (row + direction * offset) % count
            if text.lower() in self._names[candidate].lower():
                return candidate
        return None
