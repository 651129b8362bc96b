"""Layers that are called, and whose results do not go where PyTorch's go."""

from pathlib import Path

import pytest
from port_files import write_edited
from ports import Debugger

from debug.results.root_causes import RootCause, root_causes
from debug.results.run import Run

pytestmark = pytest.mark.max

TEXT = """\
import torch
from max.graph import ops
from max.nn import Linear, Module
from max.nn.layer import LayerList
from torch import nn

from maxwhisper import Port


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)

    def forward(self, x):
        return x + self.down(torch.tanh(self.up(x)))


class Reference(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(3))
        self.last = nn.Linear(8, 8)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.last(x) + x.mean()


class BlockOfMax(Module):
    def __init__(self, dtype, device):
        super().__init__()
        self.up = Linear(8, 16, dtype, device, has_bias=True)
        self.down = Linear(16, 8, dtype, device, has_bias=True)

    def __call__(self, x):
        hidden = self.down(ops.tanh(self.up(x)))
        return x + hidden


class Network(Module):
    def __init__(self, dtype, device):
        super().__init__()
        self.blocks = LayerList([BlockOfMax(dtype, device) for _ in range(3)])
        self.last = Linear(8, 8, dtype, device, has_bias=True)

    def __call__(self, x):
        for block in self.blocks:
            x = block(x)
        mean = ops.mean(ops.mean(ops.mean(x, 0), 1), 2)
        return self.last(x) + mean


def port():
    torch.manual_seed(0)
    network = lambda device, dtype: Network(dtype, device)
    return Port(Reference(), network, {"x": torch.randn(2, 5, 8)})
"""
LOOP = "        for block in self.blocks:\n            x = block(x)\n        mean"


class Saved:
    """One session on a file that is written over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._debugger = Debugger(write_edited(folder, TEXT))

    def with_edit(self, *edits: tuple[str, str]) -> Run:
        write_edited(self._folder, TEXT, *edits)
        return self._debugger.loaded().run


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    return Saved(tmp_path_factory.mktemp("port"))


def only(run: Run) -> RootCause:
    found = root_causes(run)
    assert len(found) == 1
    return found[0]


def line_of(root: RootCause) -> str:
    assert root.place is not None
    return Path(root.place.path).read_text().splitlines()[root.place.line - 1].strip()


def test_a_right_port_has_no_root_cause(port: Saved):
    run = port.with_edit()
    assert (run.culprit(), root_causes(run)) == (None, [])


def test_results_that_are_dropped_are_one_mistake_in_the_line_of_the_call(port: Saved):
    run = port.with_edit((LOOP, LOOP.replace("x = block(x)", "block(x)")))
    root = only(run)
    assert root.why.startswith("the results of blocks.0, blocks.1, blocks.2 are not used")
    assert line_of(root) == "block(x)"
    assert run.culprit() == run.last


def test_blocks_in_another_order_are_one_mistake(port: Saved):
    turned = LOOP.replace("self.blocks", "reversed(list(self.blocks))")
    run = port.with_edit((LOOP, turned))
    root = only(run)
    assert root.why.startswith("the order is blocks.2, blocks.1, blocks.0, PyTorch's is")
    assert line_of(root) == "x = block(x)"
    assert run.culprit() == run.last


def test_one_block_in_the_place_of_all_is_one_mistake(port: Saved):
    made = "LayerList([BlockOfMax(dtype, device) for _ in range(3)])"
    root = only(port.with_edit((made, "LayerList([BlockOfMax(dtype, device)] * 3)")))
    assert root.why.startswith("blocks.0 is called in place of blocks.1 and blocks.2")
