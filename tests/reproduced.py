"""Folders of ``maxwhisper repro``, run in the test's own process, and interpreted.

A process that loads torch and MAX takes seconds, and MAX's compiler half a minute or more
for a layer that it has not seen. Everything else of the script runs as it is.
"""

import importlib
import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from in_process import maxwhisper
from max.driver import CPU, Buffer
from max.dtype import DType
from max.graph import Graph

import tui.commands.repro
from debug.candidate import kernels, max_internals
from debug.candidate.interpreter import Interpreter
from debug.candidate.taps import Result
from debug.candidate.trace import Traced


def reproduce(
    port: Path, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Writes a folder as the command does."""
    with patch.object(tui.commands.repro, "run_script", run_script):
        return maxwhisper("repro", str(port), "--output", str(folder), *arguments)


def run_script(folder: Path) -> subprocess.CompletedProcess[str]:
    """The folder's script, where the maxwhisper that is found is the folder's."""
    out, err = StringIO(), StringIO()
    with _imports_from(folder), redirect_stdout(out), redirect_stderr(err):
        max_side: Any = importlib.import_module("maxwhisper.max_side")
        max_side.InferenceSession = Interpreted
        try:
            runpy.run_path(str(folder / "repro.py"), run_name="__main__")
        except SystemExit as end:
            status = int(end.code or 0)
        else:
            raise AssertionError("the script did not end with a status")
    return subprocess.CompletedProcess([], status, out.getvalue(), err.getvalue())


@contextmanager
def _imports_from(folder: Path) -> Iterator[None]:
    names = {"maxwhisper", *(each.stem for each in folder.glob("*.py"))}

    def forget() -> dict[str, Any]:
        found = [each for each in sys.modules if each.partition(".")[0] in names]
        return {name: sys.modules.pop(name) for name in found}

    before = forget()
    importlib.invalidate_caches()
    try:
        with (
            patch.object(sys, "path", [str(folder), *sys.path]),
            patch.object(sys, "dont_write_bytecode", True),
        ):
            yield
    finally:
        forget()
        sys.modules.update(before)


class Interpreted:
    """What the script asks of MAX's `InferenceSession`, without its compiler."""

    def __init__(self, devices: Any) -> None:
        self._loaded: tuple[Graph, dict[str, Buffer]] | None = None

    def load(self, graph: Graph, weights_registry: dict[str, Buffer]) -> "Interpreted":
        self._loaded = graph, weights_registry
        return self

    def execute(self, *given: Buffer) -> list[Buffer]:
        assert self._loaded is not None
        kernels.warm(DType.float32, CPU(), lambda _: None)
        graph, weights = self._loaded
        _, returned = max_internals.split_output(graph)
        outputs: Any = {Result(str(number)): None for number in range(len(returned))}
        digests = [f"input {number}" for number in range(len(given))]
        traced = Traced(graph, outputs, [], {}, given, digests, weights, {})
        values = Interpreter(lambda _: None).load(traced, {}).values()
        return [Buffer.from_dlpack(each.value()) for each in values]
