"""How long a person waits for a layer's values: the worst element's numbers, the map of the
error, and all that is summed up.

Of a layer of large-v3's size, as the engine answers; the screen asks in this order.

Usage: python benchmarks/values.py [--shape 1 1500 5120] [--runs 5]
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from typing import Any, cast

import torch

from debug.engine.at_hand import LayerAtHand
from debug.engine.looking import Looking
from debug.measure.shelf import Shelf
from debug.measure.truth import measure_reference, put_away
from debug.protocol.survey import Cut, Excerpt, Locate, Located, Look, MapError, Survey


@dataclass
class Value:
    """The candidate's, computed already."""

    exact: torch.Tensor
    digest: str = "value"

    def value(self) -> torch.Tensor:
        return self.exact


def layer_of(shape: list[int]) -> LayerAtHand:
    torch.manual_seed(0)
    exact = torch.randn(shape, dtype=torch.float64)
    truth = put_away(measure_reference(exact, exact.float()), Shelf())
    ours = cast(Any, Value((exact * (1 + 1e-6 * torch.randn_like(exact))).float()))
    return LayerAtHand(1, 0, "layer", truth, ours, None, cast(Any, None), "float32")


def timed(layer: LayerAtHand) -> dict[str, tuple[float, float]]:
    """Seconds from the first question to each answer, by the clock and of the processor."""
    looking = Looking(cast(Any, object()))
    begun = time.perf_counter(), time.process_time()
    found: dict[str, tuple[float, float]] = {}

    def ask(what: str, question: Look) -> Any:
        answer = looking.answer(question, layer)
        now = time.perf_counter(), time.process_time()
        found[what] = now[0] - begun[0], now[1] - begun[1]
        return answer

    located = cast(Located, ask("where it is worst", Locate(0)))
    axes = len(located.axes) - 2, len(located.axes) - 1
    ask("the numbers there", Excerpt(0, False, Cut(axes, located.worst, 6, 8)))
    ask("the map of the error", MapError(0, False, axes, 20, 80))
    ask("all that is summed up", Survey(0))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=int, nargs="+", default=[1, 1500, 5120])
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    layer = layer_of(arguments.shape)
    timed(layer)  # the first one asks the system for memory
    runs = [timed(layer) for _ in range(arguments.runs)]
    for what in runs[0]:
        wall, cores = (statistics.median(run[what][i] for run in runs) for i in (0, 1))
        print(f"{what:<24}{1000 * wall:6.0f} ms{1000 * cores:8.0f} ms of processor")


if __name__ == "__main__":
    main()
