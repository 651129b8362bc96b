"""Where MAX runs, and in which precision."""

import os

from max.driver import CPU, Accelerator, Device, accelerator_count
from max.dtype import DType

from debug.protocol.diagnostic import Problem, first_line

DTYPES = {
    "cpu": ("float32", "float64"),
    "gpu": ("float32", "float16", "bfloat16"),
}
EMULATED = ("float16", "bfloat16")
"""What the interpreter can be asked for on the CPU, too: `debug.candidate.emulation`."""


def choose_device(name: str) -> Device:
    """``auto`` is the first GPU where MAX finds one; ``gpu:1`` is the second.

    Raises:
        Problem: there is no such device, or MAX can't open it.
    """
    kind, _, number = name.partition(":")
    good = kind == "gpu" and number.isdecimal() if ":" in name else True
    if kind not in ("auto", "cpu", "gpu") or not good:
        message = f"unknown device {name!r}; choose auto, cpu or gpu"
        raise Problem("device", f"{message} (gpu:1 is the second)")
    count = 0 if kind == "cpu" else accelerator_count()
    if kind == "cpu" or (kind == "auto" and count == 0):
        return CPU()
    if count == 0:
        message = f"MAX finds no GPU on this machine{hidden_gpus()}"
        raise Problem("device", f"{message}; use --device cpu")
    if gpu_number(name) >= count:
        message = f"there is no {name}: MAX finds {count}, counted from gpu:0"
        raise Problem("device", f"{message}{hidden_gpus()}; use --device gpu:{count - 1}")
    try:
        return Accelerator(gpu_number(name))
    except (ValueError, RuntimeError) as error:  # busy, or without kernels of MAX
        message = f"MAX can't open {name}: {first_line(error)}"
        raise Problem("device", message, detail=str(error)) from error


def gpu_number(name: str) -> int:
    """Which GPU a device's name means: 1 for ``gpu:1``, and 0 where none is said."""
    number = name.partition(":")[2]
    return int(number) if number.isdecimal() else 0


def hidden_gpus() -> str:
    """What to say beside a GPU that is not found: it may only be hidden."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "" if visible is None else f" (CUDA_VISIBLE_DEVICES shows {visible or 'none'!r})"


def choose_dtype(name: str, device: Device, emulated: bool = False) -> DType:
    """One that MAX has kernels for on that device, or one that is emulated there.

    Args:
        name: what a person asked for.
        device: where MAX runs.
        emulated: whether what is emulated will do.

    Raises:
        Problem: there is no such precision, or not there.
    """
    kind = "cpu" if device.is_host else "gpu"
    here = (*DTYPES[kind], *(EMULATED if emulated and device.is_host else ()))
    known = {dtype for dtypes in DTYPES.values() for dtype in dtypes}
    if name not in known:
        raise Problem("dtype", f"unknown dtype {name!r}; choose {', '.join(here)}")
    if name not in here:
        choices = " or ".join(here)
        where = "the CPU" if kind == "cpu" else "the GPU"
        raise Problem(
            "dtype", f"MAX has no {name} kernels for {where}; use --dtype {choices}"
        )
    return DType[name]
