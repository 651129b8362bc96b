"""A subject that has nothing to do with Whisper: two linear layers with a GELU between.

The debugger meets models only through `debug.subject`; these tests hold it to that.
"""

from pathlib import Path
from types import ModuleType

import torch
from max.driver import CPU, Buffer
from max.dtype import DType
from max.graph import DeviceRef

from debug.subject import Candidate, Input, LayerName, Options

FRAMES, WIDTH, HIDDEN = 6, 8, 16


class Network(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.grow = torch.nn.Linear(WIDTH, HIDDEN)
        self.shrink = torch.nn.Linear(HIDDEN, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.grow(x)
        active = torch.nn.functional.gelu(hidden)
        return self.shrink(active)


class ToySubject:
    title = "toy"
    audio = "noise"
    device = CPU()
    dtype = DType.float32
    layers = (
        LayerName("grow", None, "network"),
        LayerName("shrink", None, "network"),
        LayerName("network"),
    )

    def __init__(self, graph: Path) -> None:
        self.graph = graph
        torch.manual_seed(0)
        self._network = Network().eval()
        noise = torch.randn(1, FRAMES, WIDTH)
        self.inputs = [Input("noise", noise.double(), noise, is_argument=True)]
        state = self._network.state_dict()
        self._weights = {name: Buffer.from_dlpack(value) for name, value in state.items()}

    def reference(self) -> torch.nn.Module:
        return self._network

    def run_reference(self, module: torch.nn.Module, x: torch.Tensor) -> None:
        module(x)

    def candidate(self, source: ModuleType) -> Candidate:
        module = source.Network(WIDTH, HIDDEN, DeviceRef.CPU())
        module.load_state_dict(self._weights)
        return Candidate(module, self._weights, {"noise": self.inputs[0].reference})


def open_subject(options: Options) -> ToySubject:
    return ToySubject(
        Path(options.text("graph", str(Path(__file__).with_name("graph.py"))))
    )
