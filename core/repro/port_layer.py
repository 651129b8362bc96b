"""One layer of a port's file as a folder that shows its mistake without maxwhisper.

The folder holds the port's file and what it imports, unaltered. A small package
``maxwhisper`` beside them takes the place of the real one: it runs the reference for the
layer's input and result, traces the whole port with the reference's values in place of
what enters the layer, and compares. What the alignment has found is written down as data.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.machine import versions
from core.messages import PortBuild, Reproduced
from core.repro.port_build import build_of
from core.repro.sources import copy_sources, needed_packages, unwritten
from debug.candidate.source import load_source
from debug.candidate.trace import build
from debug.port.subject import open_port
from debug.subject import Options, arguments_of

ROOT = Path(__file__).parents[2]
TEMPLATE = Path(__file__).parent / "template"
SHARED = (
    TEMPLATE / "judging.py",
    ROOT / "debug" / "measure" / "layout.py",
    ROOT / "debug" / "candidate" / "buffers.py",
    ROOT / "debug" / "port" / "port.py",
)
"""Files of this project that need nothing else of it."""
SCRIPT, PACKAGE = "repro.py", "maxwhisper"


def write_reproduction(options: Mapping[str, Any], layer: str, folder: Path) -> Reproduced:
    """Writes everything but what was said of the layer.

    ``inputs.npz`` holds what both sides are called with, so that a file that draws its
    inputs anew gives the same ones every time.

    Args:
        options: what a person asked for, as the subject takes it.
        layer: a row of the comparison.
        folder: is there, and empty.

    Raises:
        Problem: the port can't be opened or traced, its layer can't be run alone, or a
            file can't be written.
    """
    subject = open_port(Options(options))
    source = load_source(subject.graph)
    candidate, traced = build(subject, source, subject.layers, with_inputs=True)
    made = build_of(subject, candidate, traced, layer)
    assert candidate.arguments is not None
    given = {
        "reference": [each.exact for each in arguments_of(subject)],
        "candidate": candidate.arguments,
    }
    arrays = {
        f"{side}.{number}": _as_array(value)
        for side, values in given.items()
        for number, value in enumerate(values)
    }
    try:
        np.savez(folder / "inputs.npz", allow_pickle=False, **arrays)
        _copy_template(folder, made)
        copies = copy_sources(subject.graph, folder, (SCRIPT, PACKAGE))
    except OSError as error:
        raise unwritten(error) from error
    needed = {**versions(), **needed_packages(map(Path, copies))}
    del needed["openai-whisper"]
    libraries = {str(file): _within_packages(Path(file)) for file in candidate.files}
    return Reproduced(made, copies, needed, libraries)


def _as_array(value: Tensor) -> np.ndarray:
    """numpy has no bfloat16."""
    narrow = value.dtype in (torch.bfloat16, torch.float16)
    return (value.float() if narrow else value).contiguous().numpy()


def _copy_template(folder: Path, made: PortBuild) -> None:
    ours, package = TEMPLATE / "port", folder / PACKAGE
    package.mkdir()
    shutil.copyfile(ours / SCRIPT, folder / SCRIPT)
    for file in [*sorted((ours / PACKAGE).glob("*.py")), *SHARED]:
        if file.name != "max_v3.py" or made.is_v3:
            shutil.copyfile(file, package / file.name)


def _within_packages(file: Path) -> str:
    """Where an installed file is, without the folders of this machine."""
    parts = file.parts
    if "site-packages" not in parts:
        return file.name
    return "/".join(parts[parts.index("site-packages") + 1 :])
