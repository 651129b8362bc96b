"""Layers whose value is another one only because the port computes them elsewhere."""

from pathlib import Path

import pytest
from port_files import write_edited
from ports import debugged

from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui.commands.check import exit_status

pytestmark = pytest.mark.max

TEXT = """\
import torch
from max.graph import ops
from max.nn import Linear, Module
from torch import nn

from maxwhisper import Port


class Reference(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key = nn.Linear(8, 8, bias=False), nn.Linear(8, 8)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        scores = self.query(x) @ self.key(x).transpose(1, 2) * 0.5
        return self.head((torch.softmax(scores, -1) @ x).mean(1))


class Network(Module):
    def __init__(self, dtype, device):
        super().__init__()
        self.query = Linear(8, 8, dtype, device)
        self.key = Linear(8, 8, dtype, device, has_bias=True)
        self.head = Linear(8, 5, dtype, device, has_bias=True)

    def __call__(self, x):
        scores = self.query(x) @ self.key(x).transpose(1, 2) * 0.5
        mixed = ops.softmax(scores) @ x
        return self.head(ops.mean(mixed, axis=1).reshape((2, 8)))


def port():
    torch.manual_seed(0)
    network = lambda device, dtype: Network(dtype, device)
    return Port(Reference(), network, {"x": torch.randn(2, 6, 8)})
"""
BEFORE_THE_MEAN = (
    "self.head(ops.mean(mixed, axis=1).reshape((2, 8)))",
    "ops.mean(self.head(mixed), axis=1).reshape((2, 5))",
)


def compared(folder: Path, *edits: tuple[str, str]) -> Run:
    text = TEXT
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (folder / "my_port.py").write_text(text)
    return debugged(folder / "my_port.py").run


def row(run: Run, name: str) -> int:
    return [layer.name for layer in run.layers].index(name)


def test_a_head_before_the_mean_is_compared_after_it(tmp_path: Path):
    run = compared(tmp_path, BEFORE_THE_MEAN)
    assert set(run.verdicts()) == {Verdict.OK}
    assert "found by its numbers" in run.results[row(run, "head")].chained.reason
    assert (run.culprit(), exit_status(run)) == (None, 0)


def test_a_mistake_after_such_a_head_is_the_model_s(tmp_path: Path):
    run = compared(tmp_path, BEFORE_THE_MEAN, ("self.head(mixed)", "self.head(mixed) + 1"))
    assert run.culprit() == row(run, "model")
    assert exit_status(run) == 1


def test_a_query_that_is_made_smaller_before_it_is_projected_is_unseen(tmp_path: Path):
    network = TEXT.index("class Network")
    both = "self.query(x) @ self.key(x).transpose(1, 2) * 0.5\n        mixed"
    assert network < TEXT.index(both)
    run = compared(
        tmp_path,
        (both, "self.query(x * 0.5) @ self.key(x).transpose(1, 2)\n        mixed"),
    )
    query = run.results[row(run, "query")].chained
    assert query.verdict is Verdict.UNSEEN
    assert "another place" in query.reason
    assert (run.culprit(), exit_status(run)) == (None, 0)


def test_what_softmax_cancels_is_still_wrong(tmp_path: Path):
    both = "self.key(x).transpose(1, 2) * 0.5\n        mixed"
    run = compared(tmp_path, (both, both.replace("key(x)", "key(x + 0.3)")))
    assert run.culprit() == row(run, "key")


WINDOWS = """\
import torch
from max.graph import ops
from max.nn import Linear, Module
from torch import nn

from maxwhisper import Port


class Reference(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(4, 8), nn.Linear(8, 4)

    def forward(self, x):
        windows = x.reshape(2 * 3, 5, 4)
        windows = self.down(torch.tanh(self.up(windows)))
        return x + windows.reshape(2, 15, 4)


class Network(Module):
    def __init__(self, dtype, device):
        super().__init__()
        self.up = Linear(4, 8, dtype, device, has_bias=True)
        self.down = Linear(8, 4, dtype, device, has_bias=True)

    def __call__(self, x):
        windows = x.reshape((2, 3, 5, 4)).transpose(0, 1).reshape((6, 5, 4))
        windows = self.down(ops.tanh(self.up(windows)))
        windows = windows.reshape((3, 2, 5, 4)).transpose(0, 1)
        return x + windows.reshape((2, 15, 4))


def port():
    torch.manual_seed(0)
    network = lambda device, dtype: Network(dtype, device)
    return Port(Reference(), network, {"x": torch.randn(2, 15, 4)})
"""


def test_windows_in_another_order_are_right_where_they_are_put_back(tmp_path: Path):
    run = debugged(write_edited(tmp_path, WINDOWS)).run
    assert set(run.verdicts()) == {Verdict.OK}
    assert "in another order" in run.results[row(run, "up")].chained.reason
    assert exit_status(run) == 0


def test_windows_that_are_not_put_back_are_wrong(tmp_path: Path):
    back = ".reshape((3, 2, 5, 4)).transpose(0, 1)"
    run = debugged(write_edited(tmp_path, WINDOWS, (back, ""))).run
    assert exit_status(run) == 1
    assert run.culprit() == row(run, "model")
