"""Introduces the two networks to the debugger, as `debug.subject.Subject` describes it."""

from pathlib import Path
from types import ModuleType

import torch
from max.driver import CPU, Buffer
from max.dtype import DType
from max.graph import DeviceRef

from debug.subject import Candidate, Input, LayerName, Options
from examples.two_layers.reference import HIDDEN, WIDTH, seeded_network

GRAPH = Path(__file__).with_name("graph.py")
FRAMES = 6


class TwoLayers:
    title = "two layers"
    audio = "noise"
    device = CPU()
    dtype = DType.float32
    layers = (
        LayerName("grow", None, "network"),
        LayerName("shrink", None, "network"),
        LayerName("network"),  # part of nothing: the model itself
    )

    def __init__(self, graph: Path) -> None:
        self.graph = graph
        self._network = seeded_network()
        noise = torch.randn(1, FRAMES, WIDTH)
        self.inputs = [Input("noise", noise.double(), noise, is_argument=True)]
        state = self._network.state_dict()
        # One buffer a weight for all generations: the same object tells the engine that
        # the value is the same, so that a save computes again only what it changed.
        self._weights = {name: Buffer.from_dlpack(value) for name, value in state.items()}

    def reference(self) -> torch.nn.Module:
        return self._network

    def run_reference(self, module: torch.nn.Module, *arguments: torch.Tensor) -> None:
        module(*arguments)

    def candidate(self, source: ModuleType) -> Candidate:
        module = source.Network(WIDTH, HIDDEN, DeviceRef.CPU())
        module.load_state_dict(self._weights)
        return Candidate(module, self._weights, {"noise": self.inputs[0].reference})


def open_subject(options: Options) -> TwoLayers:
    """The factory: ``graph`` is another source file of the port."""
    return TwoLayers(Path(options.text("graph", str(GRAPH))))
