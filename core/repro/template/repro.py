"""One layer of a port to MAX beside PyTorch's own, on the same input.

Needs numpy, torch and max, and the files beside it. Exit status 1 if the port's layer is
wrong, 0 if it is right, 2 if either side can't be run.
"""

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import torch
from judging import StayInFloat64, judge
from max.driver import CPU, Accelerator, Buffer
from max.dtype import DType
from max.engine import InferenceSession
from max.graph import DeviceRef, Graph, TensorType
from torch import Tensor

import reference

HERE = Path(__file__).parent
METRICS: dict[str, Any] = json.loads((HERE / "metrics.json").read_text())
BUILD, DTYPE = METRICS["build"], METRICS["dtype"]


def run_pytorch(weights: dict[str, Tensor], argument: Tensor) -> Tensor:
    """openai's layer. Only its own weights are there; all others stay without memory."""
    with torch.device("meta"):
        encoder = reference.AudioEncoder(*BUILD["sizes"])
    encoder.load_state_dict(weights, strict=False, assign=True)
    with torch.inference_mode(), StayInFloat64():
        output = encoder.get_submodule(BUILD["path"])(argument)
    return output[0] if isinstance(output, tuple) else output


def run_max(weights: dict[str, Tensor], argument: Tensor) -> Tensor:
    """The port's layer, compiled."""
    import candidate  # only here, so that one that can't be imported is no wrong layer

    kind, _, number = METRICS["device"].partition(" ")
    device = CPU() if kind == "cpu" else Accelerator(int(number))
    dtype, place = DType[DTYPE], DeviceRef.from_device(device)

    def to_buffer(value: Tensor, dtype: DType) -> Buffer:
        return Buffer.from_dlpack(value.to(getattr(torch, dtype.name)).contiguous())

    arguments: Any = (*BUILD["sizes"], dtype, place)
    encoder = candidate.AudioEncoder(*arguments)
    declared = encoder.raw_state_dict()
    buffers = {
        # A convolution's (n_out, n_in, kernel) is (kernel, n_in, n_out) in the port.
        name: to_buffer(w.permute(2, 1, 0) if w.ndim == 3 else w, declared[name].dtype)
        for name, w in weights.items()
    }
    encoder.load_state_dict(buffers, strict=False)
    modules = {prefix.rstrip("."): m for prefix, m in encoder.named_modules()}
    layer: Any = modules[BUILD["path"]]
    x = to_buffer(in_layout(argument, BUILD["argument_shape"]), dtype).to(device)
    device.synchronize()
    types = [TensorType(dtype, x.shape, place)]
    graph = Graph("layer", lambda x: layer(x.tensor), input_types=types)
    model = InferenceSession(devices=[device]).load(graph, weights_registry=buffers)
    output = model.execute(x)[0].to(CPU())
    device.synchronize()
    return torch.from_dlpack(output)


def in_layout(value: Tensor, shape: Any) -> Tensor:
    """A port may keep the channels of its convolutions last."""
    axes = BUILD["axes"]
    return value.permute(axes) if axes and list(value.shape) != list(shape) else value


def main() -> int:
    inputs = np.load(HERE / "inputs.npz")
    weights = {name: torch.from_numpy(value) for name, value in inputs.items()}
    argument = weights.pop("argument")  # in float64
    # PyTorch in the port's precision gives the floor; for float64, in float32.
    narrow = torch.float32 if DTYPE == "float64" else getattr(torch, DTYPE)
    exact = run_pytorch({name: w.double() for name, w in weights.items()}, argument)
    rounded = run_pytorch(weights, argument.to(narrow))
    value = in_layout(run_max(weights, argument), exact.shape)
    said, wrong = judge(value, exact, [rounded], DTYPE, METRICS["limits"])
    print(f"{METRICS['layer']}: {said}")
    return int(wrong)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception as error:
        traceback.print_exc()
        reason = traceback.format_exception_only(error)[0].splitlines()[0]
        print(f"{METRICS['layer']}: can't be run, {reason}")
        sys.exit(2)
