"""Where the numbers that a module computes with are written.

A number is used where a module is called and written where it is made, and that is the
line to mend::

    self.norm = LayerNorm(width, [device], dtype, eps=1e-3)     # written
    ...
    x = self.norm(x)                                            # used

Of a module of MAX's own the port says no more than how it is made. A
class of the port may hold the number itself, as ``self.scale``, or be given it by whoever
makes it.
"""

import ast
import linecache
from collections.abc import Mapping
from functools import lru_cache
from math import isclose
from typing import Any

from debug.candidate.module_tree import ModuleTree, is_building_block
from debug.protocol.values import Place, Said

CLOSE = 1e-3
"""How far, relatively, a number may be off that was found by a fit."""
STEM = 3
"""Letters in which ``eps`` and ``epsilon`` agree, and ``padded`` and ``padding``."""


class WrittenNumbers:
    """Those of the modules that a candidate consists of."""

    def __init__(self, tree: ModuleTree, modules: Mapping[str, str]) -> None:
        """``modules`` has the dotted name of each layer's module."""
        self._tree, self._modules = tree, modules

    def place_of(
        self, layer: str, about: str | None, number: Said, used: Place, calls: bool
    ) -> Place | None:
        """The line to mend, if that is not the one where a number is used.

        Args:
            layer: the layer that computes with it.
            about: what it is, such as ``padded``.
            number: how large; only a number is looked for in the port's own classes.
            used: the line that computes with it.
            calls: whether that is the line that calls the layer.
        """
        path = self._modules.get(layer)
        module = None if path is None else self._tree.modules.get(path)
        if path is None or module is None:
            return None
        if is_building_block(type(module)):
            made = self._tree.place_of(path) if calls else None
        else:
            made = self._where_it_is_held(path, module, number, used)
        return made and (_written(made, number) or _named(made, about) or made)

    def _where_it_is_held(
        self, path: str, module: Any, number: Said, used: Place
    ) -> Place | None:
        if not isinstance(number, float) or number.is_integer():  # too many are the same
            return None
        held = [name for name, value in vars(module).items() if _is_near(value, number)]
        if not held or _written(used, number):
            return None
        place = self._tree.place_of(f"{path}.{held[0]}" if path else held[0])
        if path and place is not None and _only_stores(place):
            return self._tree.place_of(path)
        return place


def _is_near(value: object, number: Said) -> bool:
    if not isinstance(value, float) or not isinstance(number, float):
        return False
    return isclose(value, number, rel_tol=CLOSE)


def _only_stores(place: Place) -> bool:
    """Whether a line keeps what the function around it was given, as it is."""
    return isinstance(getattr(_statement(place), "value", None), ast.Name)


def _written(place: Place, number: Said) -> Place | None:
    """The line of a statement that has a number in it."""
    statement = _statement(place)
    within = ast.walk(statement) if statement is not None else ()
    constants = (each for each in within if isinstance(each, ast.Constant))
    lines = (each.lineno for each in constants if _is_near(each.value, number))
    line = next(lines, None)
    return None if line is None else Place(place.path, line)


def _named(place: Place, about: str | None) -> Place | None:
    """The line of a statement that gives a keyword, such as ``padding=`` of ``padded``."""
    statement = _statement(place)
    if statement is None or not about:
        return None
    keywords = (each for each in ast.walk(statement) if isinstance(each, ast.keyword))
    meant = (each for each in keywords if (each.arg or "").startswith(about[:STEM]))
    return next((Place(place.path, each.lineno) for each in meant), None)


def _statement(place: Place) -> ast.stmt | None:
    """The innermost statement that a line is of."""
    around = [
        each
        for each in _statements("".join(linecache.getlines(place.path)))
        if each.lineno <= place.line <= (each.end_lineno or each.lineno)
    ]
    return max(around, key=lambda each: each.lineno, default=None)


@lru_cache(maxsize=4)
def _statements(source: str) -> list[ast.stmt]:
    """All of a source; parsed once, though a finding asks of several of its lines."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [each for each in ast.walk(tree) if isinstance(each, ast.stmt)]
