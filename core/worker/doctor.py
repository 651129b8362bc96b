"""Examines this machine, for ``maxwhisper doctor``."""

import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from core.messages import Examination
from debug.protocol.device_errors import remedy_for
from debug.protocol.diagnostic import Problem

if TYPE_CHECKING:
    from max.driver import Device


def python() -> Iterator[Examination]:
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    remedy = "" if good else "use Python 3.11, 3.12 or 3.13"
    yield Examination("python", good, platform.python_version(), remedy)


def torch() -> Iterator[Examination]:
    import torch

    yield Examination("torch", True, str(torch.__version__))
    from debug.candidate.devices import hidden_gpus

    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            yield torch_gpu(number)
    elif torch.version.cuda:
        remedy = "for --backend gpu: an NVIDIA GPU with its driver (nvidia-smi shows it)"
        detail = f"{torch.version.cuda}, but no GPU{hidden_gpus()}"
        yield Examination("cuda", True, detail, remedy)
    else:
        remedy = "for --backend gpu: a PyTorch that is built with CUDA"
        yield Examination("cuda", True, "this PyTorch is built for the CPU alone", remedy)


def torch_gpu(number: int) -> Examination:
    """One GPU, and whether this PyTorch has code for it."""
    import torch

    major, minor = torch.cuda.get_device_capability(number)
    free, total = (size / 2**30 for size in torch.cuda.mem_get_info(number))
    name = torch.cuda.get_device_name(number)
    detail = f"{torch.version.cuda}, gpu:{number} is {name}, sm_{major}{minor}, "
    detail += f"{free:.0f} of {total:.0f} GiB free"
    known = torch.cuda.get_arch_list()  # code for one of the same generation runs, too
    good = not known or any(each.startswith(f"sm_{major}") for each in known)
    remedy = "" if good else f"a PyTorch with code for it; this one has {' '.join(known)}"
    return Examination("cuda", True, detail, remedy)


def whisper() -> Iterator[Examination]:
    from core.model.checkpoint import cache_folder, load_checkpoint

    yield Examination("openai-whisper", True, version("openai-whisper"))
    yield Examination("model", True, f"{load_checkpoint('micro').title} is bundled")
    folder = cache_folder()
    names = sorted(file.stem for file in folder.glob("*.pt")) if folder.is_dir() else []
    have = ", ".join(names) or "none"
    remedy = (
        "" if names else f"put official checkpoints into {folder}, or have them downloaded"
    )
    yield Examination("checkpoints", True, f"{have} in {folder}", remedy)


def audio() -> Iterator[Examination]:
    from core.model.audio import BUNDLED_CLIP, load_audio

    seconds = len(load_audio(BUNDLED_CLIP).samples) / 16_000
    yield Examination(
        "audio",
        True,
        f"av {version('av')} decodes {BUNDLED_CLIP.name}, {seconds:.1f} s",
    )


def max_engine() -> Iterator[Examination]:
    from max.driver import CPU, Accelerator, accelerator_count

    from debug.candidate import max_internals
    from debug.candidate.devices import hidden_gpus

    problem = max_internals.check()
    yield Examination("max", problem is None, version("max"), problem or "")
    count = accelerator_count()
    if not count:
        yield Examination("devices", True, f"no GPU, so the CPU{hidden_gpus()}")
        yield kernels(CPU(), "float32")
    for number in range(count):
        device = Accelerator(number)
        yield Examination("devices", True, f"gpu:{number} is {device.architecture_name}")
        for dtype in ("float32", "float16", "bfloat16"):
            yield kernels(device, dtype)


def tiny_graph() -> Iterator[Examination]:
    """Compiles and runs two operations, as proof that MAX works here."""
    import numpy as np
    from max.driver import CPU, Accelerator, Buffer, accelerator_count
    from max.dtype import DType
    from max.engine import InferenceSession
    from max.graph import DeviceRef, Graph, TensorType

    device = Accelerator() if accelerator_count() else CPU()
    kind = TensorType(DType.float32, (4,), DeviceRef.from_device(device))
    started = time.perf_counter()
    graph = Graph("tiny", lambda x: x.tensor * 2 + 1, input_types=[kind])
    model = InferenceSession(devices=[device]).load(graph)
    x = np.arange(4, dtype=np.float32)
    y = model.execute(Buffer.from_numpy(x).to(device))[0].to(CPU()).to_numpy()
    right = bool((y == x * 2 + 1).all())
    took = f"{time.perf_counter() - started:.1f} s with compiling"
    detail = f"runs on the {device.label} ({took})" if right else f"gives {y.tolist()}"
    yield Examination("tiny graph", right, detail, "" if right else REMEDY)


def caches() -> Iterator[Examination]:
    from core.backends.artifact import artifact_folder
    from debug.candidate import max_internals
    from debug.candidate.kernel_cache import why_not_kept
    from debug.measure.archive import BOUND, archive_folder

    kernels, reason = max_internals.cache_folder(), why_not_kept()
    remedy = f"every start compiles, for {reason}" if reason else ""
    detail = f"{size_of(kernels)} in {kernels}" if kernels else "off"
    yield Examination("MAX's cache", True, detail, remedy)
    folder = artifact_folder()
    yield Examination("encoders", True, f"{size_of(folder)} in {folder}", unkept(folder))
    folder = archive_folder()
    detail = f"{size_of(folder)} of at most {BOUND >> 30} GB in {folder}"
    yield Examination("references", True, detail, unkept(folder))


def unkept(folder: Path) -> str:
    """What to do about a folder of ours that nothing can be kept in."""
    from debug.candidate.kernel_cache import is_writable

    advice = "nothing can be kept there: set XDG_CACHE_HOME to where you can write"
    return "" if is_writable(folder) else advice


def size_of(folder: Path) -> str:
    """How many files a folder holds and how large they are."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    megabytes = sum(file.stat().st_size for file in files) / 2**20
    count = f"{len(files)} file{'s' if len(files) > 1 else ''}"
    return f"{count}, {megabytes:.0f} MB" if files else "empty"


def kernels(device: "Device", dtype: str) -> Examination:
    """Whether what the interpreter needs there was compiled before."""
    from max.dtype import DType

    from debug.candidate.kernel_cache import are_compiled
    from debug.candidate.kernels import missing_kernels

    names = [kernel.key for kernel in missing_kernels(DType[dtype], device)]
    warm = are_compiled(names, DType[dtype], device)
    place = device.label if device.is_host else f"gpu:{device.id}"
    detail = f"{len(names)} kernels for {place} in {dtype}"
    options = "" if device.is_host else f" --device {place} --dtype {dtype}"
    remedy = f"the first run compiles them, 1 to 3 minutes: maxwhisper warm{options}"
    state = "compiled" if warm else "not compiled yet"
    return Examination("interpreter", True, f"{detail}, {state}", "" if warm else remedy)


REMEDY = "install the project again: make install"


def examine(say: Callable[[str], None]) -> Iterator[Examination]:
    """Every finding; an examination that fails is one itself.

    Args:
        say: is told what is examined, before it is.
    """
    examinations: dict[str, Callable[[], Iterator[Examination]]] = {
        "python": python,
        "torch": torch,
        "openai-whisper": whisper,
        "audio": audio,
        "max": max_engine,
        "tiny graph": tiny_graph,
        "caches": caches,
    }
    for name, examination in examinations.items():
        slow = ", which MAX compiles once" if examination is tiny_graph else ""
        say(f"examining {name}{slow}")
        try:
            yield from examination()
        except Problem as problem:
            yield Examination(name, False, str(problem))
        except Exception as error:
            remedy = remedy_for(error) or REMEDY
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            yield Examination(name, False, reason, remedy)
