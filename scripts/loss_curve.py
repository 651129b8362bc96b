"""Draws how micro's training goes, while it does: python -m scripts.loss_curve"""

import csv
from pathlib import Path
from statistics import fmean

import matplotlib

from scripts.micro_speech import FOLDER

matplotlib.use("svg")
from matplotlib import pyplot

SMOOTHED = 25
"""Batches of one length that a point is the mean of."""
COLOURS = {4.0: "tab:blue", 10.0: "tab:orange", 30.0: "tab:green"}


def curves(losses: Path, column: str) -> dict[float, tuple[list[float], list[float]]]:
    """Steps and smoothed losses, by the length of the windows in seconds."""
    points: dict[float, list[tuple[float, float]]] = {}
    with losses.open(newline="") as file:
        for row in csv.DictReader(file):
            point = float(row["step"]), float(row[column])
            points.setdefault(float(row["window"]), []).append(point)
    smooth = {}
    for seconds, own in sorted(points.items()):
        groups = [own[n : n + SMOOTHED] for n in range(0, len(own), SMOOTHED)]
        means = [
            (fmean(s for s, _ in group), fmean(v for _, v in group)) for group in groups
        ]
        smooth[seconds] = [step for step, _ in means], [value for _, value in means]
    return smooth


def draw(losses: Path, picture: Path) -> None:
    """One line a length of window, for the decoder's answers and the encoder's spelling."""
    # The same training draws the same file.
    pyplot.rcParams.update({"svg.hashsalt": "micro", "svg.fonttype": "none"})
    figure, axes = pyplot.subplots(
        1, 2, figsize=(9, 3.2), layout="constrained", sharey=True
    )
    for axis, (column, title) in zip(
        axes,
        {"loss": "the decoder's answers", "of spelling": "the encoder's spelling"}.items(),
        strict=True,
    ):
        for seconds, (steps, values) in curves(losses, column).items():
            axis.plot(steps, values, color=COLOURS[seconds], label=f"{seconds:g} s windows")
        axis.set(title=title, xlabel="step", yscale="log")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("loss (nats a token or letter)")
    axes[0].legend()
    figure.savefig(picture, metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    draw(FOLDER / "loss.csv", FOLDER / "loss.svg")
