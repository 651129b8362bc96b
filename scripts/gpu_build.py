"""Compiles for a GPU that is not there, so that what does not build is known before one is.

The encoder's graph at the size of tiny in the three precisions of a GPU, and with
``--kernels`` what the interpreter needs there, too. It shows that they compile for that
architecture, and nothing of their results.

Usage: make gpu-build ARGS="[float16 ...] [--arch sm_90a] [--size tiny] [--kernels]"
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from debug.protocol.diagnostic import first_line

DTYPES = ("float32", "float16", "bfloat16")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dtypes", nargs="*", default=DTYPES, help=", ".join(DTYPES))
    parser.add_argument("--arch", default="sm_90a", help="of the GPU (default: sm_90a)")
    parser.add_argument("--size", default="tiny", help="of the encoder (default: tiny)")
    parser.add_argument("--kernels", action="store_true", help="the interpreter's, too")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        return build_here(arguments.dtypes[0], arguments)
    given = [word for word in sys.argv[1:] if word not in arguments.dtypes]
    return max(build_apart(dtype, given) for dtype in arguments.dtypes)


def build_apart(dtype: str, given: list[str]) -> int:
    """One precision in a process of its own: a compiler that crashes ends only that."""
    command = [sys.executable, "-m", "scripts.gpu_build", dtype, *given, "--here"]
    code = subprocess.run(command, env=dict(os.environ)).returncode
    if code not in (0, 1):
        print(f"{dtype}: the compiler's process ended with {code}", flush=True)
    return int(code != 0)


def build_here(dtype: str, arguments: argparse.Namespace) -> int:
    """Pretends that there is such a GPU; that must come before anything else of MAX."""
    from max import driver

    driver.set_virtual_device_api("cuda")
    driver.set_virtual_device_count(1)
    driver.set_virtual_device_target_arch(arguments.arch)
    where = f"{dtype} for {arguments.arch}"
    compiled = [timed(f"encoder {arguments.size}, {where}", encoder, arguments.size, dtype)]
    if arguments.kernels:
        compiled.append(timed(f"interpreter's kernels, {where}", kernels, dtype))
    return 0 if all(compiled) else 1


def timed(what: str, build: Callable[..., str], *arguments: str) -> bool:
    """Prints how long something took to compile, or the line that says why it does not."""
    started = time.perf_counter()
    try:
        found = build(*arguments)
    except Exception as error:
        print(f"{what}: does not compile: {first_line(error)}", flush=True)
        return False
    print(f"{what}: {time.perf_counter() - started:.0f} s, {found}", flush=True)
    return True


def encoder(size: str, dtype: str) -> str:
    """The port as one graph. Its weights stay on the CPU: no memory can be had."""
    from max.driver import CPU, Accelerator
    from max.dtype import DType
    from max.engine import InferenceSession
    from max.graph import DeviceRef, Graph, TensorType
    from whisper.audio import N_FRAMES

    from core import encoder as port
    from core.model.checkpoint import load_checkpoint
    from core.model.port import GRAPH, build_port
    from core.model.weights import to_buffer

    checkpoint, device = load_checkpoint(f"random:{size}"), Accelerator()
    state, kind = checkpoint.encoder_state(), DType[dtype]
    module = build_port(
        port,
        GRAPH,
        checkpoint.dims,
        state,
        kind,
        device,
        lambda name, precision, shape: to_buffer(
            name, state[name], precision, shape, CPU()
        ),
    ).module
    shape = (1, checkpoint.dims.n_mels, N_FRAMES)
    given = TensorType(kind, shape, DeviceRef.from_device(device))
    graph = Graph("encoder", lambda x: module(x.tensor), input_types=[given])
    model = InferenceSession(devices=[device]).compile(graph)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "encoder.mef"
        model.export_mef(file)
        return f"{file.stat().st_size / 1e6:.1f} MB"


def kernels(dtype: str) -> str:
    from max.driver import Accelerator
    from max.dtype import DType

    from debug.candidate import max_kernels
    from debug.candidate.kernels import missing_kernels

    device = Accelerator()
    found = missing_kernels(DType[dtype], device)
    max_kernels.compile_together(found, [], device)
    return f"{len(found)} kernels"


if __name__ == "__main__":
    sys.exit(main())
