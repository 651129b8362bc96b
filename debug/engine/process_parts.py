"""What of the engine's process a source may change that can be asked for and set.

Each part has the name that a person reads ("the source has changed the locale"), a function
that says how it is now, and one that makes it so. Where nothing can make it so, as where a
mode of PyTorch's was entered and never left, the second one refuses: then only another
process helps.
"""

import gc
import locale
import os
import resource
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch.nn.modules import module as torch_module
from torch.overrides import _get_current_function_mode_stack
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

from debug.candidate import max_internals
from debug.candidate.source import is_of_a_source

Part: TypeAlias = tuple[Callable[[], Any], Callable[[Any], object]]
"""How it is asked for, and how it is set."""

SIGNALS = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM),
    *(signal.SIGVTALRM, signal.SIGPROF, signal.SIGCHLD, signal.SIGPIPE),
    *(signal.SIGUSR2, signal.SIGXCPU),
)
LIMITS = tuple(
    getattr(resource, name) for name in sorted(dir(resource)) if name.startswith("RLIMIT_")
)
HOOKS = tuple(
    value
    for name, value in sorted(vars(torch_module).items())
    if name.startswith("_global_") and isinstance(value, dict)
)
"""PyTorch's, by kind: what is called for every module that there is."""
IMPORTERS = tuple(sys.meta_path)
"""That were there before any source."""


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def _set_folder(path: str) -> None:
    if os.path.isdir(path):
        os.chdir(path)


def _set_streams(streams: tuple[Any, ...]) -> None:
    sys.stdin, sys.stdout, sys.stderr = streams


def _set_handlers(handlers: tuple[Any, ...]) -> None:
    for number, handler in zip(SIGNALS, handlers, strict=True):
        signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _limits() -> tuple[tuple[int, int], ...]:
    return tuple(resource.getrlimit(each) for each in LIMITS)


def _set_limits(limits: tuple[tuple[int, int], ...]) -> None:
    for each, limit in zip(LIMITS, limits, strict=True):
        if resource.getrlimit(each) != limit:
            resource.setrlimit(each, limit)


def _tracing() -> tuple[Any, ...]:
    own = sys.gettrace(), sys.getprofile()
    return *own, threading.gettrace(), threading.getprofile()


def _set_tracing(functions: tuple[Any, ...]) -> None:
    sys.settrace(functions[0])
    sys.setprofile(functions[1])
    threading.settrace(functions[2])
    threading.setprofile(functions[3])


def _error_hooks() -> tuple[Any, ...]:
    return sys.excepthook, sys.unraisablehook, sys.displayhook, threading.excepthook


def _set_error_hooks(hooks: tuple[Any, ...]) -> None:
    sys.excepthook, sys.unraisablehook, sys.displayhook, threading.excepthook = hooks


def _set_collecting(known: tuple[bool, tuple[int, int, int]]) -> None:
    (gc.enable if known[0] else gc.disable)()
    gc.set_threshold(*known[1])


def _strict_warnings() -> list[Any]:
    """Those that are raised. Others are a library's business, which sets them once."""
    return [each for each in warnings.filters if each[0] == "error"]


def _set_strict_warnings(known: list[Any]) -> None:
    kept = [each for each in warnings.filters if each[0] != "error"]
    warnings.resetwarnings()
    warnings.filters[:] = [*known, *kept]  # type: ignore[index]


def _is_usual(importer: object) -> bool:
    return any(importer is each for each in IMPORTERS)


def _importers() -> list[Any]:
    """But for those that a library has added, which needs them."""
    return [each for each in sys.meta_path if _is_usual(each) or is_of_a_source(each)]


def _set_importers(known: list[Any]) -> None:
    of_libraries = [
        each for each in sys.meta_path if not (_is_usual(each) or is_of_a_source(each))
    ]
    sys.meta_path[:] = [*known, *of_libraries]


def _drops_denormals() -> bool:
    return sys.float_info.min / 2 == 0.0


def _modes() -> int:
    """How many of PyTorch's modes somebody is within."""
    modes = (*_get_current_function_mode_stack(), *_get_current_dispatch_mode_stack())
    return len(modes) + torch.is_inference_mode_enabled()


def _priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)


def _set_priority(known: int) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, known)


def _leave_modes(_: int) -> None:
    """The one that a default device is; nothing leaves another."""
    torch.set_default_device(None)


def _set_torch_hooks(known: list[dict[int, Any]]) -> None:
    for hooks, before in zip(HOOKS, known, strict=True):
        hooks.clear()
        hooks.update(before)


def _set_layer_hooks(known: list[Any]) -> None:
    max_internals.layer_hooks()[:] = known


PROCESS: dict[str, Part] = {
    "the working folder": (_folder, _set_folder),
    "stdin, stdout or stderr": (lambda: (sys.stdin, sys.stdout, sys.stderr), _set_streams),
    "what signals do": (lambda: tuple(map(signal.getsignal, SIGNALS)), _set_handlers),
    "which signals are blocked": (
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        lambda blocked: signal.pthread_sigmask(signal.SIG_SETMASK, blocked),
    ),
    "the mask of new files": (_umask, os.umask),
    "the limits of the process": (_limits, _set_limits),
    "its priority": (_priority, _set_priority),
    "the locale": (
        lambda: locale.setlocale(locale.LC_ALL),
        lambda name: locale.setlocale(locale.LC_ALL, name),
    ),
}
PYTHON: dict[str, Part] = {
    "the recursion limit": (sys.getrecursionlimit, sys.setrecursionlimit),
    "how long a thread runs": (sys.getswitchinterval, sys.setswitchinterval),
    "a trace function": (_tracing, _set_tracing),
    "how errors are shown": (_error_hooks, _set_error_hooks),
    "which warnings are errors": (_strict_warnings, _set_strict_warnings),
    "how modules are imported": (_importers, _set_importers),
    "the collection of garbage": (
        lambda: (gc.isenabled(), gc.get_threshold()),
        _set_collecting,
    ),
}
LIBRARIES: dict[str, Part] = {
    "PyTorch's default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "PyTorch's default device": (
        lambda: torch.get_default_device().type,
        lambda _: torch.set_default_device(None),
    ),
    "PyTorch's gradients": (torch.is_grad_enabled, torch.set_grad_enabled),
    "PyTorch's modes": (_modes, _leave_modes),
    "PyTorch's search for anomalies": (
        torch.is_anomaly_enabled,
        torch.set_anomaly_enabled,
    ),
    "PyTorch's threads": (torch.get_num_threads, torch.set_num_threads),
    "PyTorch's deterministic mode": (
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
    "the precision of PyTorch's products": (
        torch.get_float32_matmul_precision,
        torch.set_float32_matmul_precision,
    ),
    "what becomes of denormal numbers": (_drops_denormals, torch.set_flush_denormal),
    "PyTorch's hooks of all modules": (lambda: list(map(dict, HOOKS)), _set_torch_hooks),
    "MAX's hooks of all layers": (
        lambda: list(max_internals.layer_hooks()),
        _set_layer_hooks,
    ),
}
PARTS = PROCESS | PYTHON | LIBRARIES
"""All, by what a person calls them."""
