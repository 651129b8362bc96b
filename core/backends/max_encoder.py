"""The MAX encoder in the place of PyTorch's: a module that runs a compiled graph."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from max.driver import Buffer, Device
from max.dtype import DType
from max.engine import InferenceSession, Model
from max.graph import DeviceRef, Graph, TensorType, TensorValue
from torch import Tensor
from whisper.audio import N_FRAMES
from whisper.model import ModelDimensions

from core.backends.artifact import Compiled, compile_once
from core.model.port import build_port, state_for
from core.model.weights import to_buffer
from debug.candidate.compiler import in_place
from debug.candidate.source import load_source
from debug.candidate.taps import first_value
from debug.candidate.trace import no_tensor
from debug.protocol.diagnostic import Problem, first_line


class MaxEncoder(torch.nn.Module):
    """Takes and gives what openai's ``AudioEncoder`` does."""

    def __init__(self, model: Model, dtype: DType, device: Device, compiled: Compiled):
        super().__init__()
        self._model = model
        self._dtype = getattr(torch, dtype.name)
        self._device = device
        self.compiled = compiled

    def forward(self, mel: Tensor) -> Tensor:
        """(batch, n_mels, 3000) to (batch, 1500, n_state), of the same dtype and device.

        The graph is built for a batch of one, which is all that ``transcribe`` asks for.
        """
        rows = [self._encode(row) for row in mel.split(1)]
        return rows[0] if len(rows) == 1 else torch.cat(rows)

    def run(self, x: Buffer) -> Buffer:
        """One window, in the encoder's precision and on its device, to its features. A GPU
        may still be at work when this returns."""
        return self._model.execute(x)[0]

    def _encode(self, mel: Tensor) -> Tensor:
        """Memory is shared, not copied, where both sides are on one device."""
        x = mel.detach().to(self._dtype).contiguous()
        if x.is_cuda:  # the two have streams of their own
            torch.cuda.synchronize(x.device)
        try:
            features = self.run(Buffer.from_dlpack(x).to(self._device))
        except Exception as error:
            message = f"MAX can't run the encoder: {first_line(error)}"
            raise Problem("run", message, detail=str(error)) from error
        self._device.synchronize()
        return torch.from_dlpack(features).to(mel.device, mel.dtype)


def load_max_encoder(
    graph_file: Path,
    dims: ModelDimensions,
    state: dict[str, Tensor],
    dtype: DType,
    device: Device,
    announce: Callable[[], None],
) -> MaxEncoder:
    """The port in a source file as a module of PyTorch.

    Args:
        graph_file: the source.
        dims: openai's sizes.
        state: the encoder's tensors with openai's names and layouts.
        dtype: what it computes in.
        device: where it runs.
        announce: is called before compiling, which takes minutes.

    Raises:
        Problem: the source has no such encoder, does not fit the weights, or MAX can't
            compile it.
    """
    source = load_source(graph_file)
    port_of = source.module, graph_file, dims
    try:
        state = state_for(*port_of, state, dtype, device)
        port = build_port(
            *port_of,
            state,
            dtype,
            device,
            lambda n, kind, shape: to_buffer(n, state[n], kind, shape, device),
        )
        shape = (1, dims.n_mels, N_FRAMES)
        input_type = TensorType(dtype, shape, DeviceRef.from_device(device))

        def encode(x: Any) -> TensorValue:
            features = first_value(port.module(x.tensor))
            if features is None:
                raise Problem("graph", no_tensor(port.module), graph_file)
            return features

        graph = Graph("encoder", encode, input_types=[input_type])
    except Problem:
        raise
    except Exception as error:
        raise Problem.of("graph", error, source.names, path=graph_file) from error
    session = InferenceSession(devices=[device])
    compiled = compile_once(graph, session, device, announce)
    weights = in_place(graph, port.weights)
    model = session.init(compiled.model, weights_registry=weights)
    return MaxEncoder(model, dtype, device, compiled)
