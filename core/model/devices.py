"""Where MAX runs, and in which precision."""

from max.driver import CPU, Accelerator, Device, accelerator_count
from max.dtype import DType

from debug.protocol.diagnostic import Problem

DTYPES = {
    "cpu": ("float32", "float64"),
    "gpu": ("float32", "float16", "bfloat16"),
}


def choose_device(name: str) -> Device:
    """``auto`` is the GPU where MAX finds one."""
    if name not in ("auto", "cpu", "gpu"):
        raise Problem("device", f"unknown device {name!r}; choose auto, cpu or gpu")
    if name == "cpu" or (name == "auto" and accelerator_count() == 0):
        return CPU()
    if accelerator_count() == 0:
        raise Problem("device", "MAX finds no GPU on this machine; use --device cpu")
    return Accelerator()


def choose_dtype(name: str, device: Device) -> DType:
    """One that MAX has kernels for on that device."""
    kind = "cpu" if device.is_host else "gpu"
    known = sorted({dtype for dtypes in DTYPES.values() for dtype in dtypes})
    if name not in known:
        raise Problem("dtype", f"unknown dtype {name!r}; choose {', '.join(DTYPES[kind])}")
    if name not in DTYPES[kind]:
        choices = " or ".join(DTYPES[kind])
        where = "the CPU" if kind == "cpu" else "the GPU"
        raise Problem(
            "dtype", f"MAX has no {name} kernels for {where}; use --dtype {choices}"
        )
    return DType[name]
