"""What a source may have changed of the engine's own process, put back before the next.

A source is executed in the process that runs all of them. One that changes the working
folder, a default of PyTorch's or what a signal does changes it for the next source, which
may no longer have that line. Functions of libraries are put back by
`debug.candidate.libraries`; this is about the process itself.
"""

import gc
import locale
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import torch

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGCHLD)


def _set_folder(path: str) -> None:
    if os.path.isdir(path):
        os.chdir(path)


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def _set_path(path: tuple[str, ...]) -> None:
    sys.path[:] = path


def _set_streams(streams: tuple[Any, ...]) -> None:
    sys.stdin, sys.stdout, sys.stderr = streams


def _set_handlers(handlers: tuple[Any, ...]) -> None:
    for number, handler in zip(SIGNALS, handlers, strict=True):
        signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _set_collecting(on: bool) -> None:
    (gc.enable if on else gc.disable)()


PARTS: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "the working folder": (_folder, _set_folder),
    "sys.path": (lambda: tuple(sys.path), _set_path),
    "stdin, stdout or stderr": (lambda: (sys.stdin, sys.stdout, sys.stderr), _set_streams),
    "what signals do": (
        lambda: tuple(signal.getsignal(each) for each in SIGNALS),
        _set_handlers,
    ),
    "the recursion limit": (sys.getrecursionlimit, sys.setrecursionlimit),
    "a trace function": (sys.gettrace, sys.settrace),
    "the collection of garbage": (gc.isenabled, _set_collecting),
    "the locale": (
        lambda: locale.setlocale(locale.LC_ALL),
        lambda name: locale.setlocale(locale.LC_ALL, name),
    ),
    "PyTorch's default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "PyTorch's gradients": (torch.is_grad_enabled, torch.set_grad_enabled),
    "PyTorch's threads": (torch.get_num_threads, torch.set_num_threads),
    "PyTorch's deterministic mode": (
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
}
"""By what a person calls it, how it is asked for and how it is set."""


class Surroundings:
    """The process as it was when this was made. Only for its main thread."""

    def __init__(self) -> None:
        self._known = {name: ask() for name, (ask, _) in PARTS.items()}

    def put_back(self) -> list[str]:
        """Undoes what was changed since; the names of that."""
        signal.alarm(0)
        changed = []
        for name, (ask, change) in PARTS.items():
            if ask() != self._known[name]:
                change(self._known[name])
                changed.append(name)
        return changed
