"""Which code of some files runs: its functions, and of each the lines.

Only code that runs while a port is built can be wrong in it. A branch that is never taken,
or PyTorch's side in the same file, would make bugs that nobody can find.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
NEVER_WRONG = (ast.Raise, ast.Assert, ast.Import, ast.ImportFrom, ast.ClassDef)


class Function(NamedTuple):
    """A function of a file, as Python knows it at run time."""

    file: str
    name: str
    line: int
    """Its first, which is that of its first decorator."""


Lines = Mapping[Function, Collection[int]]


@contextmanager
def functions_called() -> Iterator[set[Function]]:
    """Fills a set with every function of Python's that is called in the block."""
    called: set[Function] = set()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        called.add(_function(frame))

    with _traced_by(note):
        yield called


@contextmanager
def lines_run(files: Collection[str]) -> Iterator[dict[Function, set[int]]]:
    """Fills a dictionary with the lines of some files that run in the block."""
    lines: dict[Function, set[int]] = defaultdict(set)

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        of = lines[_function(frame)]

        def note(frame: FrameType, event: str, argument: Any) -> Any:
            of.add(frame.f_lineno)
            return note

        return note

    with _traced_by(enter):
        yield lines


def _function(frame: FrameType) -> Function:
    code = frame.f_code
    return Function(code.co_filename, code.co_name, code.co_firstlineno)


@contextmanager
def _traced_by(trace: Any) -> Iterator[None]:
    before = sys.gettrace()  # a debugger's, or that of a measurement of coverage
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


class Scope(NamedTuple):
    """A function that ran."""

    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    owner: ast.ClassDef | None
    """The class that it is a method of."""
    nodes: list[ast.expr | ast.stmt]
    """Its own expressions that ran, with all within them, and its assignments."""


def scopes_that_ran(tree: ast.Module, file: str, lines: Lines) -> Iterator[Scope]:
    """The functions of a file that ran, each with the nodes that did."""
    owners = {
        id(part): node
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for part in node.body
    }
    for node in ast.walk(tree):
        if isinstance(node, SCOPES):
            ran = lines.get(_named(node, file))
            if ran:
                yield Scope(node, owners.get(id(node)), list(_nodes(node, ran)))


def _named(node: ast.AST, file: str) -> Function:
    if isinstance(node, ast.Lambda):
        return Function(file, "<lambda>", node.lineno)
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return Function(file, node.name, first)


def _nodes(
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, ran: Collection[int]
) -> Iterator[ast.expr | ast.stmt]:
    arguments = function.args
    for default in [*arguments.defaults, *filter(None, arguments.kw_defaults)]:
        yield from _within(default)
    if isinstance(function, ast.Lambda):
        yield from _within(function.body)
        return
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, (*SCOPES, *NEVER_WRONG)):
            continue
        below = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.stmt):
            typed = node.annotation if isinstance(node, ast.AnnAssign) else None
            own = [e for e in below if isinstance(e, ast.expr) and e is not typed]
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            if any(line in ran for line in lines):
                yield node
                yield from (part for each in own for part in _within(each))
            below = [each for each in below if not isinstance(each, ast.expr)]
        pending.extend(below)


def _within(node: ast.expr) -> Iterator[ast.expr]:
    """An expression and its parts; a function in it is a scope of its own, and texts with
    fields have no places that can be relied on."""
    if isinstance(node, ast.Lambda | ast.JoinedStr):
        return
    yield node
    for child in _parts(node):
        yield from _within(child)


def _parts(node: ast.AST) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.keyword | ast.comprehension):
            yield from _parts(child)
