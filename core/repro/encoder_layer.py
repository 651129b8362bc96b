"""One layer of Whisper's encoder as a folder that shows its mistake without maxwhisper."""

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
from core.repro.sources import copy_sources, unwritten
from core.whisper import WhisperSubject, open_subject
from debug.candidate.source import load_source
from debug.candidate.trace import build
from debug.protocol.diagnostic import Problem
from debug.reference.hooks import LayerCall, StayInFloat64, hooked
from debug.subject import LayerName, Options, arguments_in, model_of

TEMPLATE = Path(__file__).parent / "template"
CANDIDATE = "candidate.py"
OWN = ("repro.py", "reference.py", "judging.py")


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
        for name in ("repro.py", "judging.py"):
            shutil.copyfile(TEMPLATE / name, folder / name)
        copies = copy_sources(subject.graph, folder, OWN, CANDIDATE)
    except OSError as error:
        raise unwritten(error) from error
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
