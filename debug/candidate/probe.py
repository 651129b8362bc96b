"""``probe``: names a value in a graph's code, for the debugger to compare."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Value = TypeVar("Value")

_listeners: list[Callable[[str, Any], None]] = []


def probe(name: str, x: Value) -> Value:
    """Returns ``x`` as it is; under the debugger, it is also compared with PyTorch.

    Args:
        name: a layer, a dot, and the variable in PyTorch's code of that layer that ``x``
            should be, such as ``blocks.0.attn.qk``. Without a layer, it is the innermost
            one that is being traced. In code that several layers share, a name with a
            layer means that layer's call only.
        x: a tensor of the graph, of any shape and dtype; its axes may be in another order.
    """
    for listener in _listeners:
        listener(name, x)
    return x


@contextmanager
def listening(listener: Callable[[str, Any], None]) -> Iterator[None]:
    """Calls ``listener(name, x)`` for every probe that is passed."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
