"""A source file's text by the nodes of its syntax tree.

Positions are in bytes, as Python's syntax tree has them: what is edited at a node's place
leaves the rest of the file as it was, byte for byte.
"""

import ast
from itertools import accumulate
from typing import NamedTuple

ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List)
"""What needs no parentheses, wherever it is put."""


class Edit(NamedTuple):
    """What takes the place of some bytes."""

    start: int
    end: int
    new: str

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.new.encode() + source[self.end :]


class Text:
    def __init__(self, source: bytes) -> None:
        self.source = source
        lengths = (len(line) + 1 for line in source.split(b"\n"))
        self._starts = [0, *accumulate(lengths)]

    def start(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._starts[node.end_lineno - 1] + node.end_col_offset

    def between(self, start: int, end: int) -> str:
        return self.source[start:end].decode()

    def of(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        return self.between(self.start(node), self.end(node))

    def instead(self, node: ast.expr | ast.stmt, new: str) -> Edit:
        """New text in a node's place."""
        return Edit(self.start(node), self.end(node), new)

    def alone(self, node: ast.expr) -> str:
        """A node's text, in parentheses where it may need them elsewhere."""
        text = self.of(node)
        return text if isinstance(node, ATOMS) else f"({text})"

    def operand(self, node: ast.BinOp, operand: ast.expr) -> Edit:
        """One of two operands in place of both, with the parentheses that it had."""
        inner, outer = self.instead(operand, ""), self.instead(node, "")
        is_left = operand is node.left
        bare = inner.start == outer.start if is_left else inner.end == outer.end
        text = self.of(operand)
        return outer._replace(new=text if bare else f"({text})")

    def replaced(self, old: str, new: str, start: int, end: int) -> list[Edit]:
        """The first text of its kind between two places, replaced."""
        found = self.source.find(old.encode(), start, end)
        return [] if found < 0 else [Edit(found, found + len(old.encode()), new)]
