"""Hostile saves: what a person, an editor or a bad line may do to a port's file.

Each `Save` is a version of the port or of the file that it imports, or something else in
their place. What the screen must say of it stands beside it. Most are one of some hundred
lines at one of the places of a port where a line may stand.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

NEIGHBOUR = """\
from max.graph import ops


def activation(x):
    # here in the neighbour
    return ops.gelu(x)
"""
PORT = """\
import torch
from max import nn
from max.dtype import DType
from max.graph import DeviceRef, TensorValue, Weight, ops

from examples.two_layers.reference import HIDDEN, WIDTH, seeded_network
from maxwhisper import Port
from neighbour import activation

# here in the module


class Linear(nn.Module):
    def __init__(self, n_in, n_out, device):
        super().__init__()
        # here in the constructor
        self.weight = Weight("weight", DType.float32, (n_out, n_in), device)
        self.bias = Weight("bias", DType.float32, (n_out,), device)

    def __call__(self, x: TensorValue) -> TensorValue:
        # here in the call
        return x @ self.weight.T + self.bias


class Network(nn.Module):
    def __init__(self, device):
        super().__init__()
        self.first = Linear(WIDTH, HIDDEN, device)
        self.second = Linear(HIDDEN, WIDTH, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        return self.second(activation(self.first(x)))


def weights(state):
    names = {"grow": "first", "shrink": "second"}
    parts = (name.split(".") for name in state)
    return {f"{names[a]}.{b}": state[f"{a}.{b}"] for a, b in parts}


def port() -> Port:
    torch.manual_seed(1)
    return Port(
        reference=seeded_network(),
        candidate=lambda device, dtype: Network(device),
        inputs={"x": torch.randn(1, 6, WIDTH)},
        weights=weights,
    )
"""
PLACES = ("module", "constructor", "call", "neighbour")
FILES = {"port.py": PORT, "neighbour.py": NEIGHBOUR}

RAISES = {
    "ValueError": ("raise ValueError('not yet')", "not yet"),
    "an error without words": ("raise ValueError", "ValueError"),
    "markup": ("raise ValueError('[/x] [b=2, k=3] [bold]')", "[/x]"),
    "escapes": (r"raise ValueError('\x1b[31mred\x1b]0;t\x07 \x9b2J end')", "red"),
    "a lone surrogate": (r"raise ValueError('odd \udc80 end')", "odd"),
    "many lines": (r"raise ValueError('first\n' * 5000)", "first"),
    "a long line": ("raise ValueError('word ' * 100000)", "word"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "SystemExit": ("raise SystemExit(3)", "SystemExit"),
    "sys.exit": ("import sys; sys.exit('bye')", "SystemExit"),
    "BaseException": ("raise BaseException('base')", "base"),
    "GeneratorExit": ("raise GeneratorExit('gen')", "gen"),
    "a group": ("raise ExceptionGroup('group', [ValueError('a')])", "group"),
    "an error that can't be shown": (
        "exec('class E(Exception):\\n def __str__(self): raise ValueError(1)'); raise E",
        "E",
    ),
    "recursion": ("f = lambda: f(); f()", "Recursion"),
    "no memory": ("raise MemoryError('none left')", "none left"),
    "too much memory": ("bytearray(10**14)", "MemoryError"),
    "assert": ("assert False, 'never'", "never"),
    "a missing module": ("import nowhere_at_all", "nowhere_at_all"),
    "a missing name": ("from max.graph import nothing_like_it", "nothing_like_it"),
    "an unknown name": ("undefined_name", "undefined_name"),
    "division": ("1 / 0", "ZeroDivision"),
    "a file that is not there": ("open('/nowhere/at/all')", "nowhere"),
}
SYNTAX = {
    "an open bracket": ("x = (", "syntax error"),
    "a closing bracket": ("x = )", "syntax error"),
    "an indent": ("  x = 1", "indent"),
    "a word": ("what is this", "syntax error"),
    "an open string": ("x = 'abc", "syntax error"),
    "return outside": ("return 1", "outside function"),
    "a tab": ("\tx = 1", "indent"),
}
ENDS = {
    "os._exit": ("import os; os._exit(3)", "the engine is gone"),
    "abort": ("import os; os.abort()", "the engine is gone"),
    "a segfault": ("import ctypes; ctypes.string_at(0)", "the engine is gone"),
    "SIGKILL": ("import os; os.kill(os.getpid(), 9)", "the engine is gone"),
    "SIGTERM": ("import os; os.kill(os.getpid(), 15)", "the engine is gone"),
}
CHANGES = {
    "chdir": "import os; os.chdir('/')",
    "the locale": "import locale; locale.setlocale(locale.LC_ALL, 'C')",
    "signal handlers": "import signal; signal.signal(15, signal.SIG_IGN)",
    "sys.path": "import sys; sys.path.clear()",
    "sys.stdout": "import sys; sys.stdout = sys.stderr = None",
    "sys.modules": "import sys; sys.modules.pop('json', None)",
    "builtins": "import builtins; builtins.len = None",
    "open": "import builtins; builtins.open = lambda *a, **k: 1 / 0",
    "ops": "from max.graph import ops as o; o.gelu = lambda x, *a, **k: x",
    "default dtype": "import torch; torch.set_default_dtype(torch.float64)",
    "seeds": "import torch, random; torch.manual_seed(9); random.seed(9)",
    "threads of torch": "import torch; torch.set_num_threads(1)",
    "gradients": "import torch; torch.set_grad_enabled(False)",
    "descriptor 0": "import os; os.close(0)",
    "descriptor 1": "import os; os.close(1)",
    "descriptor 2": "import os; os.close(2)",
    "all descriptors": "import os; os.closerange(3, 64)",
    "garbage on 1": "import os; os.write(1, b'\\xff{garbage}\\n' * 100)",
    "garbage everywhere": "import os; [os.write(_fd, b'{x}\\n') for _fd in (1, 2)]",
    "a flood": "[print('x' * 100) for _ in range(20000)]",
    "a thread": "import threading as t, time; t.Timer(9, time.time).start()",
    "atexit": "import atexit, time; atexit.register(time.sleep, 60)",
    "a fork": "import os, time; os.fork() or (time.sleep(30), os._exit(0))",
    "a child": "import subprocess; subprocess.Popen(['sleep', '30'])",
    "an alarm": "import signal; signal.alarm(1)",
    "limits": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
    "state": "import torch; torch.kept = getattr(torch, 'kept', 0) + 1",
    "a trace": "import sys; sys.settrace(lambda *a: None)",
    "recursion limit": "import sys; sys.setrecursionlimit(60)",
    "warnings": "import warnings; warnings.simplefilter('error')",
    "gc": "import gc; gc.disable()",
    "environment": "import os; os.environ.clear()",
}


@dataclass(frozen=True)
class Save:
    kind: str
    name: str
    do: Callable[[Path], None]
    """Puts it in place, in the folder of the port."""
    says: str | None
    """A part of what the screen must say; None: the run is ok, or anything is said."""
    file: str | None = None
    """The file that must be named, if a line is to blame."""


def put(file: str, text: str | bytes) -> Callable[[Path], None]:
    """A save as most editors do it: a new file takes the place of the old one."""

    def do(folder: Path) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        beside = folder / f".{file}.new"
        beside.write_bytes(data)
        beside.replace(folder / file)

    return do


def at(place: str, line: str) -> Callable[[Path], None]:
    """One more line, or several, at a place of the port."""
    file = "neighbour.py" if place == "neighbour" else "port.py"
    text = FILES[file]
    (mark,) = [each for each in text.splitlines() if each.endswith(f"here in the {place}")]
    indent = mark[: len(mark) - len(mark.lstrip())]
    lines = "\n".join(indent + each for each in line.splitlines())
    return put(file, text.replace(mark, lines))


def lines() -> Iterator[Save]:
    """Hostile lines at all places."""
    for place in PLACES:
        file = "neighbour.py" if place == "neighbour" else "port.py"
        for name, (line, says) in RAISES.items():
            yield Save("raises", f"{name} in the {place}", at(place, line), says, file)
        for name, (line, says) in ENDS.items():
            yield Save("ends", f"{name} in the {place}", at(place, line), says)
        for name, line in CHANGES.items():
            yield Save("changes", f"{name} in the {place}", at(place, line), None)
    for file, place in {"port.py": "module", "neighbour.py": "neighbour"}.items():
        for name, (line, says) in SYNTAX.items():
            if name == "return outside" and place == "neighbour":
                continue
            yield Save("syntax", f"{name} in {file}", at(place, line), says, file)


def whole() -> Iterator[Save]:
    """Something else in a file's place."""
    for file, text in FILES.items():
        missing = "port" if file == "port.py" else "activation"
        contents = {
            "empty": (b"", missing),
            "NUL": (text.replace("here", "\0").encode(), "NUL"),
            "UTF-16": (text.encode("utf-16"), "UTF-16"),
            "Latin-1": (text.replace("here", "h\xe9re").encode("latin-1"), "utf-8"),
            "half of it": (text[: len(text) // 2].encode(), None),
            "nested": (b"x = " + b"(" * 5000 + b")" * 5000, "nested"),
            "a line of 1 MB": (text.encode() + b"# " + b"x" * 1_000_000, None),
            "50,000 lines": (text.encode() + b"\n".join([b"y = 1"] * 50_000), None),
            "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "syntax"),
            "another encoding": (b"# coding: nonsense\n" + text.encode(), "encoding"),
        }
        for name, (data, says) in contents.items():
            yield Save("contents", f"{file}: {name}", put(file, data), says)
        for name, do in {
            "deleted": lambda folder, f=file: (folder / f).unlink(),
            "renamed": lambda folder, f=file: (folder / f).rename(folder / f"old-{f}"),
            "a folder": _folder_in_place_of(file),
            "a link to itself": _loop_in_place_of(file),
            "a pipe": _pipe_in_place_of(file),
        }.items():
            says = "port.py" if file == "port.py" else "neighbour"
            yield Save("places", f"{file}: {name}", do, says)


def _folder_in_place_of(file: str) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).mkdir()

    return do


def _loop_in_place_of(file: str) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).symlink_to(file)

    return do


def _pipe_in_place_of(file: str) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        (folder / file).unlink()
        os.mkfifo(folder / file)

    return do


def make_well(folder: Path) -> None:
    """Puts the good files back, whatever lies in their place."""
    for file, text in FILES.items():
        path = folder / file
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        elif path.is_symlink() or (path.exists() and not path.is_file()):
            path.unlink()
        put(file, text)(folder)


def saves() -> list[Save]:
    return [*lines(), *whole()]
