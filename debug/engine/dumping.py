"""A layer's values as files, to be looked at with NumPy.

Both sides are in one layout, so that they can be subtracted, and each is in the type that
it was computed in: the reference in float64, the candidate in its own. NumPy has neither
bfloat16 nor float8, so those are written as float32, which holds each of their numbers;
the metadata says so.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor

from debug.candidate.interpreter import LazyValue
from debug.engine.at_hand import LayerAtHand
from debug.experiments.isolation import Isolation
from debug.measure.divergence import compare
from debug.measure.truth import Truth, in_layout
from debug.protocol.diagnostic import DUMP, Problem, first_line
from debug.protocol.values import Divergence
from debug.subject import Subject

METADATA = "metadata.json"
NUMBERS = "rel_l2", "ratio", "max_abs", "max_abs_at", "verdict", "reason"
IN_NUMPY = {
    *(torch.float64, torch.float32, torch.float16, torch.bool, torch.uint8),
    *(torch.int64, torch.int32, torch.int16, torch.int8),
}


@dataclass(frozen=True)
class Sides:
    """What there is of a layer, by the name of its file."""

    values: Mapping[str, Tensor]
    numbers: Mapping[str, Any]
    """The divergences, and why something is not there."""


def sides_of(layer: LayerAtHand) -> Sides:
    """Both sides of a layer, in the run and in isolation.

    Raises:
        Problem: an operation of the layer failed on the device.
    """
    truth, value, ours = layer.truth, layer.value, layer.given
    dtype = layer.dtype if ours is None else truth.stats.dtype
    values = {"reference": truth.exact}
    found: dict[str, Any] = {"floor": truth.floor, "chained": None, "isolated": None}
    if ours is None and value is not None:
        try:
            ours = value.value()
        except Exception as error:
            raise Problem.of(DUMP, error, prefix="it can't run") from error
    if ours is None:
        found["missing"] = "the candidate has no value of this layer"
        return Sides(values, found)
    values["candidate"] = in_layout(ours, truth)
    found["chained"] = _numbers(compare(ours, truth, dtype)[1])
    alone = _alone(truth, value, layer.isolation, found)
    if alone is not None and truth.isolated is not None:
        values["isolated-input"] = truth.isolated.argument
        values["isolated-reference"] = truth.exact
        values["isolated-candidate"] = in_layout(alone, truth)
        divergence = compare(alone, truth.when_isolated, dtype)[1]
        found["isolated"] = _numbers(divergence)
    return Sides(values, found)


def _alone(
    truth: Truth, value: LazyValue | None, isolation: Isolation, found: dict[str, Any]
) -> Tensor | None:
    try:
        return None if value is None else isolation.alone(truth, value)
    except Exception as error:  # a layer may take no such input: no fault of the run
        found["not_isolated"] = first_line(error)
        return None


def facts_of(
    subject: Subject, generation: int, layer: str, replaced: Collection[str]
) -> dict[str, Any]:
    """What the values are of, without a path of this machine."""
    return {
        "schema": 1,
        "layer": layer,
        "model": subject.title,
        "input": subject.audio,
        "graph": subject.graph.name,
        "device": "cpu" if subject.device.is_host else f"gpu {subject.device.id}",
        "dtype": subject.dtype.name,
        "generation": generation,
        "replaced_by_reference": sorted(replaced),
        "versions": {name: version(name) for name in ("max", "torch", "numpy")},
    }


def write(folder: Path, sides: Sides, facts: Mapping[str, Any]) -> list[str]:
    """Fills an empty folder; the names of its files.

    Raises:
        Problem: a file can't be written.
    """
    files: dict[str, Any] = {}
    try:
        for name, value in sides.values.items():
            np.save(folder / f"{name}.npy", stored := _stored(value), allow_pickle=False)
            files[f"{name}.npy"] = {
                "shape": list(value.shape),
                "dtype": _name(value.dtype),
                "stored_as": str(stored.dtype),
            }
        known = msgspec.json.encode({**facts, **sides.numbers, "files": files})
        (folder / METADATA).write_bytes(msgspec.json.format(known) + b"\n")
    except OSError as error:
        reason = error.strerror or "there was no room for all of it"  # which NumPy counts
        message = f"can't write {facts.get('layer', 'the layer')} ({reason})"
        raise Problem(DUMP, f"{message}; make room, or write elsewhere") from error
    return [*files, METADATA]


def _stored(value: Tensor) -> np.ndarray:
    plain = value if value.dtype in IN_NUMPY else value.float()
    return plain.detach().cpu().contiguous().numpy()


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _numbers(divergence: Divergence) -> dict[str, Any]:
    return {name: getattr(divergence, name) for name in NUMBERS}
