"""One line at the top: what the engine is doing or has found, what runs where.

    ■ first wrong: ln_post in 1.2 s │ running layers in isolation, 3 of 9 │ cpu float32

What comes first is what a person waits for, because a narrow terminal cuts off the rest. Of
what takes long that is the clock and, after some minutes, what can be done.
The name of a job is the job's own: see ``debug/engine/jobs.py``.
"""

from rich.text import Text
from textual.widgets import Static

from debug.protocol.messages import Working
from debug.results.run import Run
from tui import words
from tui.dashboard.activity import Activity, Phase
from tui.dashboard.keys import Keyboard
from tui.dashboard.state import State

GLYPHS = {
    Phase.STOPPED: "■",
    Phase.FAILED: "✗",
    Phase.WAITING: "✗",
    Phase.DEAD: "✗",
}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
BUSY, GOOD, WATCHED, WRONG = "busy", "good", "watched", "wrong"
FAILED, DEAD = "failed", "dead"
TIGHT = 60
"""Cells below which what goes on comes first: the answer is in the line below."""
"""The classes that app.tcss colours the bar by."""


class StatusBar(Static):
    def __init__(self) -> None:
        super().__init__("", id="status", markup=False)

    def show(self, state: State) -> None:
        run, activity = state.results, state.activity
        look = _look(run, activity)
        for each in (BUSY, GOOD, WATCHED, WRONG, FAILED, DEAD):
            self.set_class(look == each, each)
        is_tight = self.size.width < TIGHT
        parts = [_doing(run, activity, state.keyboard, is_tight)]
        if state.unread:
            parts.append(f"{state.unread} is saved, not read yet")
        if state.job and not activity.busy:
            job = words.working(state.job)
            comes_first = is_tight and not run.settled
            parts = (
                [f" … {_counted_first(state.job)}", *parts]
                if comes_first
                else [*parts, job]
            )
        if second := state.second_activity:
            parts.append(f"{second.what} {words.seconds(second.elapsed)}")
        if opened := run.opened:
            parts += [
                f"{opened.device} {words.precision(run)}",
                f"generation {run.generation}",
                *_injected(run),
                opened.model,
                opened.audio,
                opened.mode.value,
            ]
        line = Text(" │ ".join(parts), no_wrap=True, overflow="ellipsis")
        self.update(line, layout=False)  # it has one row


def _look(run: Run, activity: Activity) -> str:
    """How the bar is coloured: idle work leaves it as quiet as it was."""
    if activity.busy:
        return BUSY
    if activity.phase is Phase.DEAD:
        return DEAD
    if activity.phase is Phase.FAILED or run.stale:
        return FAILED
    if not run.settled:
        return ""
    if run.culprit() is not None:
        return WRONG
    if run.watched():
        return WATCHED
    return GOOD if run.is_complete else ""


def _doing(run: Run, activity: Activity, keyboard: Keyboard, is_tight: bool) -> str:
    """What the engine does, or what came of the last run."""
    if activity.busy:
        tick = SPINNER[int(activity.elapsed * 8) % len(SPINNER)]
        parts = [words.seconds(activity.elapsed)] if activity.elapsed >= 1 else []
        if activity.elapsed >= words.PATIENCE and activity.hint:
            parts.append(activity.hint)
        if (left := activity.left) is not None:
            said = keyboard.told("({extend} waits longer, {abort} ends it)")
            parts.append(f"ends in {words.clock(left)} {said}")
        return f" {tick} {', '.join([*parts, activity.what or activity.phase])}"
    glyph = GLYPHS.get(activity.phase, "·")
    if activity.phase is Phase.DEAD:
        return f" {glyph} {activity.what}: {keyboard.of('restart')} restarts it"
    if activity.phase is Phase.FAILED:
        return f" {glyph} {activity.what} ({keyboard.of('what-runs')} changes what runs)"
    if run.stale:
        return f" ✗ {'STALE, ' if run.generation else ''}{run.stale}"
    if run.position < 0:
        return keyboard.told(f" {glyph} ready: press {{step}} to step, {{cont}} to run all")
    took = "" if is_tight else f" in {words.seconds(run.seconds)}"
    return f" {glyph} {_summary(run)}{took}"


def _counted_first(job: Working) -> str:
    """``7 of 14, looking for the cause``: what moves is not cut off."""
    return f"{job.done} of {job.total}, {job.job}" if job.total > 1 else job.job


def _injected(run: Run) -> list[str]:
    """The layers whose values are replaced by PyTorch's."""
    names = run.loaded.injected if run.loaded else []
    return [f"⇐ PyTorch's {words.listed(names, 1)}"] if names else []


def _summary(run: Run) -> str:
    """How many layers are ok, and the first that is not."""
    culprit = run.culprit()
    if culprit is None:
        return words.layers_ok(run)
    said = "first wrong" if run.settled else words.difference(run)
    return f"{said}: {run.layers[culprit].name}"
