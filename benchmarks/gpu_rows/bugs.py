"""Bugs that were planted in a copy of the port: are they named, and their lines?"""

import tempfile
from pathlib import Path

from benchmarks.gpu_rows.found import Found, Say
from core.practice.bugs import find_bug
from scripts.found_bugs import Pack

PLANTED = ("gelu-tanh-mlp", "one-head-silent")


def bugs(say: Say, device: str, dtype: str) -> Found:
    """GELU by tanh, and a head of zeros."""
    figures, said, right = {}, [], True
    with tempfile.TemporaryDirectory() as folder:
        options = {"device": device, "model": "micro", "dtype": dtype}
        pack = Pack("encoder", Path(folder), options)
        for name in PLANTED:
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
