"""The machine that a figure was measured on, and how much of its memory was used."""

import os
import platform
import re
import resource
import sys
from importlib.metadata import version
from pathlib import Path

import psutil
import torch

from core.messages import Machine, Memory

PACKAGES = ("max", "torch", "openai-whisper", "numpy")


def describe_machine(gpu_number: int = 0) -> Machine:
    """``gpu_number`` is the GPU in use, where there are several."""
    there = torch.cuda.is_available() and gpu_number < torch.cuda.device_count()
    gpu = torch.cuda.get_device_name(gpu_number) if there else None
    return Machine(
        processor=processor(),
        cores=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        memory=psutil.virtual_memory().total,
        gpu=gpu,
        system=f"{platform.system()} {platform.machine()}",
        versions=versions(),
    )


def versions() -> dict[str, str]:
    """Of Python and of what computes."""
    packages = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **packages}


def processor() -> str:
    """The processor's name, as its maker gives it where the system tells."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def instruction_sets() -> str:
    """What code compiled here may use: code for one processor can crash on another."""
    return f"{platform.machine()} {_cpuinfo('flags') or processor()}"


def _cpuinfo(field: str) -> str | None:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:  # not Linux
        return None
    found = re.search(rf"^{field}\s*: (.*)$", text, re.MULTILINE)
    return found[1].strip() if found else None


def peak_memory() -> int:
    """The most memory that this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class DeviceMemory:
    """A GPU's memory in use, above what it was before the backend was opened.

    PyTorch and MAX allocate apart from each other, so it is the device that is asked.
    Both keep what they have once held: what is in use after a run is the peak.
    """

    def __init__(self, gpu_number: int = 0) -> None:
        """``gpu_number`` is the one in use, where there are several."""
        self._number = gpu_number
        self._before = _device_bytes(gpu_number)

    def measure(self) -> Memory:
        now = _device_bytes(self._number)
        if now is None or self._before is None:
            return Memory(peak_memory(), None)
        return Memory(peak_memory(), now - self._before)


def _device_bytes(number: int) -> int | None:
    if not torch.cuda.is_available() or number >= torch.cuda.device_count():
        return None
    free, total = torch.cuda.mem_get_info(number)
    return total - free
