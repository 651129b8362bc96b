"""The device that a row is about, on PyTorch's side, and clocks for it.

A GPU works behind the program's back, so it is timed by events on its own queue: PyTorch's
by PyTorch, MAX's by MAX, for the two have queues of their own. The time on the wall, with
all work waited for, is taken beside it: a median of events far below it would say that the
events are not on the queue that works.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from max.driver import Device, DeviceEvent

from core.model.devices import torch_device
from debug.candidate.devices import choose_device


def torch_side(device: str) -> torch.device:
    """PyTorch's name for it, without the shortcuts that round more than float32 does.

    Raises:
        Problem: PyTorch finds no such device.
    """
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    chosen = torch_device(choose_device(device))
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    return chosen


Clock = Callable[[Callable[[], Any], int], list[float]]
"""The milliseconds of each of several calls."""


def torch_clock(device: torch.device) -> Clock:
    if device.type != "cuda":
        return wall_clock

    def measure(call: Callable[[], Any], runs: int) -> list[float]:
        pairs = []
        for _ in range(runs):
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            call()
            end.record()
            pairs.append((start, end))
        torch.cuda.synchronize(device)
        return [start.elapsed_time(end) for start, end in pairs]

    return measure


def max_clock(device: Device) -> Clock:
    if device.is_host:
        return wall_clock

    def measure(call: Callable[[], Any], runs: int) -> list[float]:
        queue, pairs = device.default_queue, []
        for _ in range(runs):
            start, end = (DeviceEvent(device, enable_timing=True) for _ in range(2))
            queue.record_event(start)
            call()
            queue.record_event(end)
            pairs.append((start, end))
        device.synchronize()
        return [start.elapsed_time(end) for start, end in pairs]

    return measure


def wall_clock(call: Callable[[], Any], runs: int) -> list[float]:
    """For the CPU, where a call is over when it returns."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1e3)
    return times


def measured(
    call: Callable[[], Any], clock: Clock, wait: Callable[[], Any], runs: int, warm: int = 5
) -> dict[str, float]:
    """Milliseconds of a call that is warm.

    Args:
        call: what is timed.
        clock: of the side that computes.
        wait: returns once the device has nothing left to do.
        runs: how often.
        warm: calls before, which are not timed.
    """
    for _ in range(warm):
        call()
    wait()
    started = time.perf_counter()
    times = clock(call, runs)
    wait()
    wall = (time.perf_counter() - started) * 1e3 / runs
    return {
        "median_ms": statistics.median(times),
        "least_ms": min(times),
        "most_ms": max(times),
        "wall_ms": wall,
        "runs": runs,
    }
