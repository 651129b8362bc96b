"""PyTorch's GPU beside MAX's."""

import torch
from max.driver import Device

from debug.candidate.devices import hidden_gpus
from debug.protocol.diagnostic import Problem


def torch_device(device: Device) -> torch.device:
    """PyTorch's name for a device of MAX. Both count what the driver shows them.

    Raises:
        Problem: PyTorch does not find that GPU.
    """
    return torch.device("cpu") if device.is_host else torch_gpu(device.id)


def torch_gpu(number: int) -> torch.device:
    """
    Raises:
        Problem: PyTorch does not find that GPU.
    """
    if not torch.cuda.is_available():
        build = "" if torch.version.cuda else "; this PyTorch is built for the CPU alone"
        message = f"PyTorch finds no CUDA GPU on this machine{hidden_gpus()}{build}"
        raise Problem("device", f"{message}; use --backend cpu or max")
    if number >= (count := torch.cuda.device_count()):
        message = f"PyTorch finds {count} GPU, and there is no gpu:{number}{hidden_gpus()}"
        raise Problem("device", f"{message}; use --device gpu:{count - 1}")
    return torch.device("cuda", number)
