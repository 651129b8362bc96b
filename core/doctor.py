"""Examines this machine and prints what it found as JSON, for ``maxwhisper doctor``.

A finding that is not ok stops the debugger from working. A remedy beside one that is ok
says what could be better.
"""

import json
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version


@dataclass(frozen=True)
class Finding:
    name: str
    ok: bool
    detail: str
    remedy: str = ""


def python() -> Iterator[Finding]:
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    remedy = "" if good else "use Python 3.11, 3.12 or 3.13"
    yield Finding("python", good, platform.python_version(), remedy)


def torch() -> Iterator[Finding]:
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no CUDA device"
    yield Finding("torch", True, f"{torch.__version__}, {gpu}")


def whisper() -> Iterator[Finding]:
    from core.checkpoint import cache_folder, load_checkpoint

    yield Finding("openai-whisper", True, version("openai-whisper"))
    yield Finding("model", True, f"{load_checkpoint('micro').title} is bundled")
    folder = cache_folder()
    names = sorted(file.stem for file in folder.glob("*.pt")) if folder.is_dir() else []
    have = ", ".join(names) or "none"
    remedy = (
        "" if names else f"put official checkpoints into {folder}, or have them downloaded"
    )
    yield Finding("checkpoints", True, f"{have} in {folder}", remedy)


def audio() -> Iterator[Finding]:
    from core.audio import load_audio
    from core.whisper import DEFAULT_AUDIO

    seconds = len(load_audio(DEFAULT_AUDIO)) / 16_000
    yield Finding(
        "audio",
        True,
        f"av {version('av')} decodes {DEFAULT_AUDIO.name}, {seconds:.1f} s",
    )


def max_engine() -> Iterator[Finding]:
    from max.driver import CPU, Accelerator, accelerator_count

    from debug import internals

    problem = internals.check()
    yield Finding("max", problem is None, version("max"), problem or "")
    count = accelerator_count()
    device = Accelerator() if count else CPU()
    gpus = f"{count} GPU: {device.architecture_name}" if count else "no GPU, so the CPU"
    yield Finding("devices", True, gpus)
    yield from kernels(device)


def kernels(device) -> Iterator[Finding]:
    from max.dtype import DType

    from debug.kernels import are_compiled, missing_kernels

    names = [kernel.key for kernel in missing_kernels(DType.float32, device)]
    warm = are_compiled(names, DType.float32, device)
    detail = f"{len(names)} kernels for {device.label} in float32"
    remedy = "" if warm else "the first run compiles them, 1 to 3 minutes: maxwhisper warm"
    state = "compiled" if warm else "not compiled yet"
    yield Finding("interpreter", True, f"{detail}, {state}", remedy)


REMEDY = "install the project again: make install"


def examine() -> list[Finding]:
    """Every finding; an examination that fails is one itself."""
    findings: list[Finding] = []
    examinations: list[Callable[[], Iterator[Finding]]] = [
        python,
        torch,
        whisper,
        audio,
        max_engine,
    ]
    for examination in examinations:
        name = examination.__name__.replace("_engine", "")
        try:
            findings += examination()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            findings.append(Finding(name, False, reason, REMEDY))
    return findings


if __name__ == "__main__":
    print(json.dumps([asdict(finding) for finding in examine()]))
