"""A network that pools its tokens: what is before the mean, after it, or not in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from ports import Debugger

pytestmark = pytest.mark.max

MODEL = """
from max.graph import ops
from max.nn import LayerNorm, Linear, Module


class Pooled(Module):
    def __init__(self, dtype, device):
        super().__init__()
        self.embed = Linear(8, 16, dtype, device, has_bias=True)
        self.norm = LayerNorm(16, [device], dtype, eps=1e-5)
        self.head = Linear(16, 5, dtype, device, has_bias=True)

    def __call__(self, x):
        return {result}
"""
PORT = """
import torch
from model import Pooled
from torch import nn

from maxwhisper import Port


class Reference(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.norm = nn.Linear(8, 16), nn.LayerNorm(16)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        return self.head(self.norm(self.embed(x)).mean(1))


def port():
    torch.manual_seed(0)
    reference = Reference().eval()
    for weight in reference.parameters():
        weight.data += 0.2 * torch.randn_like(weight)
    candidate = lambda device, dtype: Pooled(dtype, device)
    return Port(reference, candidate, {"x": torch.randn(2, 9, 8)})
"""
RIGHT = "self.head(ops.squeeze(ops.mean(self.norm(self.embed(x)), axis=1), 1))"
PLACE = "place of axis 1 of norm's result is taken instead of the mean"

Named = Callable[[str], str]


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Named:
    """The first cause of a network whose result is made by another line."""
    folder = tmp_path_factory.mktemp("pooled")
    (folder / "port.py").write_text(PORT)
    (folder / "model.py").write_text(MODEL.replace("{result}", RIGHT))
    debugger = Debugger(folder / "port.py")

    def of(result: str) -> str:
        (folder / "model.py").write_text(MODEL.replace("{result}", result))
        run = debugger.loaded().run
        culprit = run.culprit()
        finding = None if culprit is None else run.finding(culprit)
        if finding is None:
            return ""
        assert finding.place is not None
        assert result in Path(finding.place.path).read_text().splitlines()[-1]
        assert finding.causes[0].complete
        return finding.causes[0].hypothesis

    return of


@pytest.mark.parametrize(
    ("result", "cause"),
    [
        (RIGHT, ""),
        (
            "self.head(self.norm(ops.squeeze(ops.mean(self.embed(x), axis=1), 1)))",
            "norm comes after mean instead of before",
        ),
        ("self.head(self.norm(self.embed(x))[:, 0])", f"the first {PLACE}"),
        ("self.head(self.norm(self.embed(x))[:, 4])", f"the 5th {PLACE}"),
        (
            "self.head(ops.squeeze(ops.mean(self.norm(self.embed(x))[:, 1:], axis=1), 1))",
            "the mean leaves out the first of axis 1 of norm's result",
        ),
    ],
)
def test_what_is_pooled_otherwise_is_named(result: str, cause: str, named: Named):
    assert named(result) == cause
