"""One line at the top: what runs where, and what the engine is doing."""

import time
from dataclasses import dataclass

from rich.text import Text
from textual.widgets import Static

from debug.results.run import Run
from tui import words


@dataclass
class Activity:
    """What the engine is at; the screen's clock tells for how long."""

    word: str = "starting"
    """starting, loading, running, stopped, failed, dead."""
    what: str = ""
    since: float = 0.0

    @property
    def busy(self) -> bool:
        return self.word in ("starting", "loading", "running")

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.since


GLYPHS = {"stopped": "■", "failed": "✗", "dead": "✗"}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class StatusBar(Static):
    def __init__(self) -> None:
        super().__init__("", id="status", markup=False)

    def show(self, run: Run, activity: Activity, asking: Activity | None = None) -> None:
        look = "busy" if activity.busy else activity.word
        if look == "stopped" and run.stale:
            look = "failed"
        for word in ("busy", "failed", "dead"):
            self.set_class(look == word, word)
        parts = [self._state(run, activity)]
        if asking:
            parts.append(f"{asking.word} {words.seconds(asking.elapsed)}")
        if run.opened:
            opened = run.opened
            parts += [
                f"{opened.device} {opened.dtype}",
                f"generation {run.generation}",
                *_injected(run),
                opened.model,
                opened.audio,
                opened.mode.value,
            ]
        self.update(Text(" │ ".join(parts), no_wrap=True, overflow="ellipsis"))

    @staticmethod
    def _state(run: Run, activity: Activity) -> str:
        if activity.busy:
            tick = SPINNER[int(activity.elapsed * 8) % len(SPINNER)]
            clock = words.seconds(activity.elapsed) if activity.elapsed >= 1 else ""
            return f" {tick} {activity.what or activity.word} {clock}".rstrip()
        glyph = GLYPHS.get(activity.word, "·")
        if activity.word == "dead":
            return f" {glyph} {activity.what}: press R to restart it"
        if activity.word == "failed":
            return f" {glyph} {activity.what}"
        if run.stale:
            return f" ✗ {'STALE, ' if run.generation else ''}{run.stale}"
        if run.position < 0:
            return f" {glyph} ready: press s to step, c to run all"
        return f" {glyph} {_summary(run)} in {words.seconds(run.seconds)}"


def _injected(run: Run) -> list[str]:
    """The layers behind which PyTorch's values go on."""
    names = run.loaded.injected if run.loaded else []
    return [f"⇐ PyTorch's {words.listed(names, 1)}"] if names else []


def _summary(run: Run) -> str:
    """How many layers are ok, and the first that is not."""
    verdicts = run.verdicts()
    healthy = sum(verdict.healthy for verdict in verdicts)
    culprit = run.culprit()
    if culprit is None:
        return f"{healthy} of {len(run.layers)} layers ok"
    return f"first wrong: {run.layers[culprit].name}"
