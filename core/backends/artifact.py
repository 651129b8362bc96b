"""Compiled graphs, kept: what one process has compiled, the next one only reads."""

import hashlib
import io
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec
from max.driver import Device
from max.engine import CompiledModel, InferenceSession, read
from max.graph import Graph

from core.machine import instruction_sets
from debug.measure.shelf import cache_folder
from debug.protocol.diagnostic import Problem, first_line
from debug.protocol.message import DAMAGED


@dataclass(frozen=True)
class Compiled:
    model: CompiledModel
    file: Path
    seconds: float
    """What compiling took, now or when the file was written."""
    now: bool


class Record(msgspec.Struct):
    """Written beside an artifact: MAX would crash on a damaged one."""

    sha256: str
    compile_seconds: float


def artifact_folder() -> Path:
    return cache_folder() / "encoders"


def artifact_file(graph: Graph, device: Device) -> Path:
    """Named after all that the compiled code depends on; the weights are no part of it.

    A graph prints in full, its constants included, and without the places it came from.
    """
    target = instruction_sets()
    if not device.is_host:
        target = f"{target} {device.api} {device.architecture_name}"
    contents = "\n".join([version("max"), target, str(graph)])
    digest = hashlib.sha256(contents.encode()).hexdigest()[:24]
    return artifact_folder() / f"{digest}.mef"


def compile_once(
    graph: Graph, session: InferenceSession, device: Device, announce: Callable[[], None]
) -> Compiled:
    """The compiled graph, read from its file or else compiled and written there.

    Args:
        graph: with its weights as external constants.
        session: of the device.
        device: what the graph runs on.
        announce: is called before compiling, which takes minutes.

    Raises:
        Problem: the graph does not compile, or its file can't be written.
    """
    file = artifact_file(graph, device)
    if kept := _read(file):
        return kept
    _make_folder(file.parent)
    announce()
    started = time.perf_counter()
    try:
        model = session.compile(graph)
    except Exception as error:
        message = f"MAX can't compile the encoder: {first_line(error)}"
        raise Problem("compile", message, detail=str(error)) from error
    seconds = time.perf_counter() - started
    _write(model, file, seconds)
    return Compiled(model, file, seconds, now=True)


def _read(file: Path) -> Compiled | None:
    """What is kept, if it is whole."""
    try:
        contents = file.read_bytes()
        record = msgspec.json.decode(_record(file).read_bytes(), type=Record)
    except (OSError, *DAMAGED):
        return None
    if hashlib.sha256(contents).hexdigest() != record.sha256:
        return None
    return Compiled(read(io.BytesIO(contents)), file, record.compile_seconds, now=False)


def _record(file: Path) -> Path:
    return file.with_suffix(".json")


def _make_folder(folder: Path) -> None:
    """Before the minutes of compiling, not after them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    if not os.access(folder, os.W_OK):
        raise _unwritable(folder, "it is read-only")


def _write(model: CompiledModel, file: Path, seconds: float) -> None:
    """Each file appears whole or not at all, and the one without the other is not used."""
    partial = file.with_suffix(f".{os.getpid()}")
    try:
        model.export_mef(partial)
        digest = hashlib.sha256(partial.read_bytes()).hexdigest()
        partial.replace(file)
        partial.write_bytes(msgspec.json.encode(Record(digest, seconds)))
        partial.replace(_record(file))
    except (OSError, RuntimeError) as error:
        raise _unwritable(file.parent, error) from error
    finally:
        partial.unlink(missing_ok=True)


def _unwritable(folder: Path, reason: object) -> Problem:
    message = f"can't keep the compiled encoder in {folder} ({reason})"
    return Problem("cache", f"{message}; set XDG_CACHE_HOME to a folder that you can write")
