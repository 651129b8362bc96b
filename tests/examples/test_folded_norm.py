"""The convolutional example with its first norm folded into the convolution before it."""

from pathlib import Path

import pytest
from ports import Debugged, copied, debugged, edited

pytestmark = pytest.mark.max

MODEL = [
    ("        self.first_norm = BatchNorm(channels, dtype, device)\n", ""),
    ("self.first_norm(self.first(images))", "self.first(images)"),
]
MEAN = ' - state["1.running_mean"]'
FOLDING = f"""\
    factor = state["1.weight"] / (state["1.running_var"] + 1e-5).sqrt()
    weights["first.weight"] = weights["first.weight"] * factor
    weights["first.bias"] = (state["0.bias"]{MEAN}) * factor + state["1.bias"]
    return weights
"""


def folded(folder: Path, folding: str) -> Debugged:
    port = copied("conv/port.py", folder)
    edited(folder, "model.py", MODEL)
    edited(folder, "port.py", [("    return weights\n", folding)])
    return debugged(port)


def test_it_is_right_and_not_in_doubt(tmp_path: Path):
    found = folded(tmp_path, FOLDING)
    assert not found.run.doubts
    assert not found.wrong
    assert found.module_of("1") == "first"
    index = [layer.name for layer in found.run.layers].index("1")
    assert found.run.isolated(index) is not None


def test_a_mean_that_was_forgotten_is_wrong_there(tmp_path: Path):
    found = folded(tmp_path, FOLDING.replace(MEAN, ""))
    assert not found.run.doubts
    assert found.wrong[0] == "1"
    culprit = found.run.culprit()
    assert culprit is not None
    assert found.run.layers[culprit].name == "1"
