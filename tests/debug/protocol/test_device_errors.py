"""A driver's words end as one line that says what to do."""

import pytest

from debug.protocol.device_errors import remedy_for
from debug.protocol.diagnostic import first_line, from_exception


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ...",
            "its memory is full",
        ),
        ("device driver memAlloc failed: CUDA_ERROR_OUT_OF_MEMORY", "its memory is full"),
        (
            "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to "
            "allocate 34359738368 bytes.",
            "its memory is full",
        ),
        (
            "CUDA error: no kernel image is available for execution on the device\n"
            "CUDA kernel errors might be asynchronously reported",
            "no code for this GPU",
        ),
        ("cuModuleLoadData: CUDA_ERROR_NO_BINARY_FOR_GPU", "no code for this GPU"),
        (
            "CUDA error: all CUDA-capable devices are busy or unavailable",
            "for itself",
        ),
        ("CUDA error: an illegal memory access was encountered", "start again"),
        ("Unable to determine the device handle: GPU is lost.", "start again"),
        ("CUDA driver version is insufficient for CUDA runtime version", "newer one"),
    ],
)
def test_what_a_driver_says_is_told_with_what_it_means(said: str, meant: str):
    line = first_line(RuntimeError(said))
    assert meant in line
    assert said.splitlines()[0] in line
    assert "\n" not in line


def test_the_reason_is_found_below_the_first_line():
    error = ValueError("execution failed\ncall failed: CUDA_ERROR_OUT_OF_MEMORY")
    assert "its memory is full" in from_exception("run", error).message


def test_other_errors_are_left_as_they_are():
    assert remedy_for(ValueError("shapes (3, 4) and (5,) differ")) is None
    assert first_line(ValueError("shapes differ")) == "ValueError: shapes differ"
