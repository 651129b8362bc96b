"""One layer of a port as a folder of files that show its mistake without maxwhisper."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.machine import versions
from core.messages import Build, Reproduced
from core.model.openai_source import encoder_source
from core.whisper import WhisperSubject, open_subject
from debug.candidate.source import load_source, local_files
from debug.candidate.trace import build
from debug.protocol.diagnostic import Problem
from debug.reference.hooks import LayerCall, StayInFloat64, hooked
from debug.subject import LayerName, Options, arguments_in, model_of

TEMPLATE = Path(__file__).parent / "template" / "repro.py"
CANDIDATE = "candidate.py"
OWN = frozenset({"repro.py", CANDIDATE, "reference.py"})


def write_reproduction(options: Mapping[str, Any], layer: str, folder: Path) -> Reproduced:
    """Writes everything but what was said of the layer.

    ``inputs.npz`` holds the layer's weights in float32 with openai's names and layouts,
    and ``argument``, the layer's input in PyTorch, in float64.

    Args:
        options: what a person asked for, as the subject takes it.
        layer: one that the candidate calls, or ``encoder``.
        folder: is there, and empty.

    Raises:
        Problem: the subject can't be opened or built, the candidate never calls the
            layer, or a file can't be written.
    """
    subject = open_subject(Options(options))
    name = next(each for each in subject.layers if each.name == layer)
    build = Build(
        subject.sizes,
        "" if name.is_model else layer,
        None if name.axes is None else list(name.axes),
        _argument_shape(subject, layer),
    )
    arrays = {"argument": reference_argument(subject, name), **subject.weights(layer)}
    arrays = {each: tensor.numpy() for each, tensor in arrays.items()}
    try:
        np.savez(folder / "inputs.npz", allow_pickle=False, **arrays)
        (folder / "reference.py").write_text(encoder_source())
        shutil.copyfile(TEMPLATE, folder / TEMPLATE.name)
        copies = copy_candidate(subject.graph, folder)
    except OSError as error:
        message = f"can't write the layer's files ({error.strerror})"
        raise Problem("save", f"{message}; give another --output") from error
    return Reproduced(build, copies, versions())


def reference_argument(subject: WhisperSubject, layer: LayerName) -> Tensor:
    """A layer's input in PyTorch's run of the whole model: float64, its own layout."""
    found: list[Tensor] = []

    def keep(name: LayerName, call: LayerCall) -> None:
        if name is layer and call.argument is not None:
            found.append(call.argument.clone())

    module = subject.reference().double()
    layers = [layer, model_of(subject.layers)]
    with torch.inference_mode(), hooked(module, layers, keep), StayInFloat64():
        subject.run_reference(module, *arguments_in(subject, torch.float64))
    return found[0]


def _argument_shape(subject: WhisperSubject, layer: str) -> list[int]:
    """
    Raises:
        Problem: the source is bad, has other names than openai's, or never calls the layer.
    """
    source = load_source(subject.graph)
    candidate, traced = build(subject, source, subject.layers, with_inputs=True)
    if candidate.names:
        message = "repro writes ports with openai's names only, and this has others"
        raise Problem(
            "repro",
            f"{message}; send the port itself and what maxwhisper check says",
            subject.graph,
        )
    if layer not in traced.inputs:
        message = f"the candidate never calls {layer}; choose the layer that should"
        raise Problem("repro", message, subject.graph)
    return [int(size) for size in traced.inputs[layer].shape]


def copy_candidate(graph: Path, folder: Path) -> dict[str, str]:
    """Copies a source file to ``candidate.py``, and beside it what it imports.

    Returns:
        Where the copies lie within the folder, by where the files were.

    Raises:
        Problem: two files would have one name.
    """
    graph = graph.resolve()
    # A package's modules are named by it.
    package = (graph.parent / "__init__.py").is_file()
    root = graph.parent.parent if package else graph.parent
    copies = {}
    for file in local_files(graph):
        name = CANDIDATE if file == graph else str(file.relative_to(root))
        if name in OWN and file != graph:
            message = f"a repro has a {name} of its own; give this one another name"
            raise Problem("repro", message, file)
        copies[str(file)] = name
        _copy(file, folder / name)
        for source in [] if file == graph else _initialisers(file, root):
            _copy(source, folder / source.relative_to(root))
    return copies


def _copy(file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, to)


def _initialisers(file: Path, root: Path) -> list[Path]:
    """The ``__init__.py`` of each package that a file lies in, below a folder."""
    parents = [parent for parent in file.parents if parent.is_relative_to(root)]
    beside = (parent / "__init__.py" for parent in parents if parent != root)
    return [each for each in beside if each.is_file()]
