"""Bugs that are planted in copies of the example ports, and what is to be said of each.

The table is ``data/port_bugs.toml``: which text is replaced, then the layer whose code is
wrong, a part of the line that is to be named, and a part of the true cause, which must be
among the first three. A bug in a class that many layers share is told by the first of
them. Bugs in weights are doubts of the alignment as well.
"""

import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ports import copied, edited

MODULAR = "max.pipelines.architectures"
TABLE = Path(__file__).parent / "data" / "port_bugs.toml"


@dataclass(frozen=True)
class Bug:
    example: str
    title: str
    edits: Sequence[tuple[str, str]]
    layer: str
    line: str
    """A part of the line that is named."""
    cause: str = ""
    """A part of one of the first three causes; empty where no hypothesis is about it."""
    doubt: str = ""
    """A part of what the alignment says."""
    in_port: bool = False
    """Whether it is in the port's file, and not in the module's."""

    @property
    def name(self) -> str:
        return f"{self.example.split('/')[0].removesuffix('.py')}: {self.title}"


BUGS = [Bug(**each) for each in tomllib.loads(TABLE.read_text())["bug"]]


def prepared(bug: Bug, folder: Path) -> Path:
    """The broken copy's port file."""
    port = copied(bug.example, folder)
    module = "model.py"
    if bug.example == "whisper_modular.py":
        module = _modulars(port, "whisper.encoder", "encoder.py")
    elif bug.example == "bert.py":
        module = _modulars(port, "bert.graph", "graph.py")
        absolute = f"from {MODULAR}.bert.model_config"
        edited(folder, module, [("from .model_config", absolute)])
    edited(folder, port.name if bug.in_port else module, bug.edits)
    return port


def _modulars(port: Path, name: str, file: str) -> str:
    """Copies a file of Modular's beside the port, which imports it from there."""
    spec = find_spec(f"{MODULAR}.{name}")
    assert spec is not None
    assert spec.origin is not None
    shutil.copy(spec.origin, port.parent / file)
    imported = f"from {MODULAR}.{name} ", f"from {Path(file).stem} "
    edited(port.parent, port.name, [imported])
    return file
