"""The table of a run as Markdown: every row, and the encoders' times beside the floor."""

from collections.abc import Mapping
from typing import Any

GOAL = 2.2
"""How many times as fast as PyTorch's eager float16 the encoder on MAX should be."""
YARDSTICK = "torch"

Rows = Mapping[str, Mapping[str, Any]]


def table(facts: Mapping[str, str], rows: Rows) -> str:
    lines = [f"`{facts['command']}`, {facts['date']}", ""]
    lines += ["| row | | seconds | |", "|---|---|---|---|"]
    for name, row in rows.items():
        says = str(row.get("problem") or row.get("says") or "").replace("|", "/")
        seconds = row.get("seconds", "")
        lines.append(f"| {name} | {row['status']} | {seconds} | {says} |")
    return "\n".join([*lines, *encoders(rows)]) + "\n"


def encoders(rows: Rows) -> list[str]:
    """The rows that time an encoder, with what the card could do at best."""
    timed = {
        name: row["figures"] for name, row in rows.items() if "median_ms" in row["figures"]
    }
    if not timed:
        return []
    rates = rows.get("rates", {}).get("figures", {})
    head = "| encoder | ms | least | times the floor | speed of PyTorch's eager |"
    lines = ["", f"{head} GB of the card |", "|---|---|---|---|---|---|"]
    for name, figures in timed.items():
        floor = floor_ms(figures, rates)
        speed = speed_of_yardstick(figures, timed.values())
        memory = figures.get("device_bytes")
        cells = [
            name.removeprefix("time "),
            f"{figures['median_ms']:.3g}",
            f"{figures['least_ms']:.3g}",
            "" if floor is None else f"{figures['median_ms'] / floor:.1f}",
            "" if speed is None else f"{speed:.2f} times",
            "" if memory is None else f"{memory / 1e9:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    goal = f"The goal is {GOAL} times the speed of PyTorch's eager code in half precision."
    return [*lines, "", goal]


def floor_ms(figures: Mapping[str, Any], rates: Mapping[str, Any]) -> float | None:
    """The milliseconds that the operations take at the measured rate of products, or the
    bytes at the measured bandwidth of a copy, whichever is more."""
    rate = rates.get(f"matmul_{figures['dtype']}")
    bandwidth = rates.get("copy")
    if not rate or not bandwidth:
        return None
    return 1e3 * max(figures["operations"] / rate, figures["bytes"] / bandwidth)


def speed_of_yardstick(figures: Mapping[str, Any], others: Any) -> float | None:
    """How many times as fast as PyTorch's eager code for the same size."""
    for other in others:
        if other["side"] == YARDSTICK and other["size"] == figures["size"]:
            return other["median_ms"] / figures["median_ms"]
    return None
