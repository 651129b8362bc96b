"""Bugs that were planted in a copy of the port: are they named, and their lines?"""

import tempfile
from pathlib import Path

from benchmarks.gpu_rows.found import Found, Say
from core.practice.bugs import find_bug
from scripts.found_bugs import Pack

PLANTED = ("gelu-quick-mlp", "one-head-silent")
"""Of an error that no precision hides: GELU by tanh is off by less than TF32 rounds."""
IN_FLOAT32 = ("epsilon-1e-6",)
"""Hidden by TF32 in the run, and by half precision altogether."""


def bugs(say: Say, device: str, dtype: str) -> Found:
    """GELU by sigmoid, a head of zeros and, in float32, a wrong epsilon."""
    figures, said, right = {}, [], True
    with tempfile.TemporaryDirectory() as folder:
        options = {"device": device, "model": "micro", "dtype": dtype}
        pack = Pack("encoder", Path(folder), options)
        for name in PLANTED + (IN_FLOAT32 if dtype == "float32" else ()):
            found = pack.outcome(find_bug(name))
            good = found.layer_right and found.line_right is not False
            right = right and good
            figures[name] = {
                "layer": found.layer,
                "line": found.line,
                "cause": found.cause,
                "place_of_true_cause": found.place,
                "seconds": found.seconds,
                "right": good,
            }
            say(figures)
            said.append(f"{name}: {found.layer}, {found.line or 'no line'}, {found.cause}")
    return Found("; ".join(said), right, figures)
