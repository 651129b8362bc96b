"""Verdicts, trends and numbers in words and glyphs: nothing is said by colour alone.

Every sentence that the dashboard and the commands have in common is made here, so that the
same finding reads the same on the screen, in the log and in a terminal's scrollback.
"""

import math
import zlib
from collections.abc import Iterable

from msgspec.structs import replace

from core.messages import Memory
from debug.protocol.diagnostic import ARCHIVE, OUT_OF_BOUNDS, Diagnostic
from debug.protocol.messages import Aligned, Compared, ComparedWithoutTaps, Probed, Working
from debug.protocol.statistics import Stats
from debug.protocol.values import (
    Divergence,
    Mode,
    Outcome,
    UnpairedModule,
)
from debug.protocol.verdict import LAYER, Limits, Verdict, judge
from debug.results.digits import factor as factor
from debug.results.digits import number as number
from debug.results.headroom import float16_headroom, squared_headroom
from debug.results.run import Run
from debug.results.trend import Trend
from debug.results.why import CONVINCING as CONVINCING
from debug.results.why import reasons as reasons
from debug.results.why import share as share

GLYPHS = {
    Verdict.OK: "✓",
    Verdict.UNSEEN: "·",
    Verdict.WATCH: "~",
    Verdict.DIVERGED: "✗",
    Verdict.INVALID: "!",
    Verdict.MISSING: "?",
}
TREND_GLYPHS = {Trend.BETTER: "↑ better", Trend.WORSE: "↓ worse", Trend.SAME: "="}
TREND_VERDICTS = {Trend.BETTER: Verdict.OK, Trend.WORSE: Verdict.DIVERGED}

LOWEST, HIGHEST = -8, 0
"""The decades of relative error that bars and charts show."""
NOTES = 4
"""How many layers that can't be compared on their own are named."""
PATIENCE = 180.0
"""Seconds after which a person wants to know what can be done about a wait."""
REPEATS = 2.4
"""How much shorter zlib makes a text that repeats itself, at least."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def verdict(value: Verdict) -> str:
    return f"{GLYPHS[value]} {value.value}"


def ratio(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if value < 1000 else number(value, 3)


def limits(of: Limits) -> str:
    """What R may be, in a sentence that is begun elsewhere."""
    return f"up to {of.ok_up_to:g} is ok, above {of.watch_up_to:g} is a bug"


LEGEND = (
    f"R = error ÷ PyTorch's own rounding error ({limits(LAYER)}); "
    "isolated: on PyTorch's inputs"
)
"""What the numbers mean, where they are first read."""


def precision(run: Run) -> str:
    """What the candidate computes in, and what of that is emulated."""
    assert run.opened is not None
    whole, emulated = run.opened.dtype, run.emulated
    if not emulated:
        return whole
    which = "" if emulated == [whole] else f"{' and '.join(emulated)} "
    return f"{whole} ({which}emulated)"


def shape(sizes: list[int]) -> str:
    return "×".join(str(size) for size in sizes)


def decade(error: float | None) -> float | None:
    """Where an error lies between the lowest and the highest decade, from 0 to 1."""
    if error is None:
        return None
    if error <= 0:
        return 0.0
    position = (math.log10(error) - LOWEST) / (HIGHEST - LOWEST)
    return min(max(position, 0.0), 1.0)


def spoiled(divergence: Divergence, row: str) -> str:
    """The row, head or channel that is wrong in a layer that is ok as a whole, if any.

    Args:
        divergence: of the layer.
        row: what a row of its value is.
    """
    of_all = divergence.ratio
    if of_all is None or not judge(of_all).healthy:
        return ""
    slices = {row: divergence.frame, "head": divergence.head, "channel": divergence.channel}
    for name, worst in slices.items():
        if worst is not None and not worst.verdict.healthy:
            return f"{name} {worst.index}: R {ratio(worst.ratio)}"
    return ""


def headroom(stats: Stats) -> str:
    """How far the values and, for layer norms, their squares are from float16's largest."""
    room, squared = float16_headroom(stats), squared_headroom(stats)
    if room is None or squared is None:
        return ""
    mark = "! " if min(room, squared) < 1 else ""
    return f"{mark}×{factor(room)}, squared ×{factor(squared)}"


def bar(error: float | None, width: int) -> str:
    """A horizontal bar on a log scale, in eighths of a cell."""
    position = decade(error)
    if position is None:
        return "!" * width
    eighths = round(position * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)


def error_of(result: Compared) -> float | None:
    """What the bar of a layer shows: None where there is no number."""
    return result.chained.rel_l2


def seconds(value: float) -> str:
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.1f} min"


def clock(value: float) -> str:
    """A place in a recording: minutes and seconds, hours where there are any."""
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def blame(run: Run, index: int, and_others: bool = True) -> str:
    """Which layer is at fault where one is wrong, as far as isolated runs tell.

    A layer that is wrong with PyTorch's inputs has a bug of its own. One that is ok with
    them only passes on an error: its input is wrong.

    Args:
        run: has the layer.
        index: of the layer.
        and_others: names the other layers that are wrong in isolation, too.
    """
    name, result = run.layers[index].name, run.current(index)
    if run.wrong_in_isolation(index):
        others = [run.layers[each].name for each in run.faults() if each != index]
        also = f"; so {'are' if len(others) > 1 else 'is'} {listed(others)}"
        said = f"{name} is wrong in isolation"
        if result is not None and result.chained.verdict is Verdict.MISSING:
            said = f"MAX never computes {name}"
            also = f"; wrong in isolation: {listed(others)}"
        return said + (also if others and and_others else "")
    isolated = run.isolated(index)
    if isolated is None:
        return ""
    before = listed([run.layers[fault].name for fault in run.faults_before(index)])
    if isolated.reason:
        return f"{name} {isolated.reason}" + (f"; see {before}" if before else "")
    wrong = f"{name} is ok in isolation, but its input is wrong"
    if before:
        return f"{wrong}: see {before}"
    if run.uncompared:
        inputs = f"one of the port's inputs ({listed(run.uncompared)})"
        return f"{wrong}: it comes from {inputs}, for no layer before it is wrong"
    return ""


def ran(run: Run, position: int, seconds_taken: float) -> str:
    """How far a run has come, and the first layer that differs."""
    culprit = run.culprit()
    name = "none" if culprit is None else run.layers[culprit].name
    done = f"{count(run, range(position + 1))} in {seconds(seconds_taken)}"
    return f"{done}, {difference(run)}: {name}"


def difference(run: Run) -> str:
    """What the first layer that differs is called, while it is not known who is guilty."""
    return f"first difference{'' if run.is_complete else ' so far'}"


def count(run: Run, indices: Iterable[int]) -> str:
    """``43 of 44 layers``: inputs are no layers, and never counted with them."""
    layers = [index for index, each in enumerate(run.layers) if not each.is_input]
    some = len(set(indices).intersection(layers))
    return f"{some} of {len(layers)} {'layer' if len(layers) == 1 else 'layers'}"


def layers_ok(run: Run) -> str:
    """``43 of 44 layers ok, 1 to be watched``."""
    verdicts = {
        index: result.chained.verdict
        for index in range(len(run.layers))
        if not run.layers[index].is_input and (result := run.current(index))
    }
    ok = [index for index, each in verdicts.items() if each is Verdict.OK]
    said = f"{count(run, ok)} ok"
    others = {Verdict.WATCH: "to be watched", Verdict.UNSEEN: "can't be seen"}
    for each, told in others.items():
        if some := list(verdicts.values()).count(each):
            said += f", {some} {told}"
    return said


def all_ok(run: Run) -> str:
    """How many layers were compared, where none is wrong."""
    verdicts = [each.chained.verdict for each in run.results.values()]
    unseen = verdicts.count(Verdict.UNSEEN)
    inputs = sum(run.layers[index].is_input for index in run.results)
    count = len(verdicts) - inputs - unseen
    noun = "input" if inputs == 1 else "inputs"
    layers = "layer" if count == 1 else "layers"
    which = f"All {count} {layers}" if run.stale is None else f"{count} {layers}"
    rest = f", {unseen} can't be seen" if unseen else ""
    return f"{which} and {inputs} {noun} are ok{rest}."


def watched(run: Run) -> list[str]:
    """Which layers round more than usual, if any."""
    watched = run.watched()
    if not watched:
        return []
    names = listed([run.layers[index].name for index in watched])
    given = (run.results[index].chained.reason for index in watched)
    reason = next((f": {each}" for each in given if each), "")
    return [f"To be watched, more than usual and less than a bug: {names}{reason}"]


def notes(run: Run) -> list[str]:
    """What could not be compared, and why: no error, but somebody should know it."""
    layers = range(len(run.layers))
    alone = [
        f"{run.layers[index].name} {isolated.reason}"
        for index in layers
        if run.not_alone(index) and (isolated := run.isolated(index))
    ]
    more = [f"and so it is with {len(alone) - NOTES} more layers"] if alone[NOTES:] else []
    inputs = [
        f"{name} is none of inputs= in another layout, so it has no row"
        for name in run.uncompared
    ]
    return [*inputs, *alone[:NOTES], *more, *computed_within(run)]


def computed_within(run: Run) -> list[str]:
    """The layers that the port computes in some other way than with their weights."""
    return [
        f"no module holds {each.name}'s weights, and all that depends on them is right"
        for each in run.computed_within
    ]


def could_not_run(run: Run) -> Diagnostic | None:
    """Why a run ended before its last layer, and what may help."""
    error, opened = run.stale, run.opened
    if error is None or opened is None:
        return error
    said = error.message
    known = error.kind in ("graph", ARCHIVE)
    known = known or "--engine compile" in said or OUT_OF_BOUNDS in said
    if known or opened.mode is Mode.COMPILE:
        return error
    return replace(error, message=f"{error.message}; --engine compile may run it")


def outcome(of: Outcome) -> list[str]:
    """What the decoder makes of each side's result."""
    sides = [
        f"PyTorch's {of.speaker}: {of.reference or '(nothing)'}",
        f"MAX's {of.speaker}:     {of.candidate or '(nothing)'}",
    ]
    if doubt := nonsense(of.reference):
        sides.append(
            f"PyTorch's own text {doubt}: try a clip with speech, or the checkpoint"
        )
    if not of.tokens:
        return sides
    same = f"the likeliest next token is the same in {share(of.top1)} of {of.tokens}"
    return [*sides, f"{same}, KL {number(of.kl, 3)} nats"]


def nonsense(text: str) -> str:
    """What is wrong with a text that nobody has said; nothing, if it may be right.

    Source: openai's ``whisper.transcribe``, which takes a text for a repetition that zlib
    makes 2.4 times as short.
    """
    if not text.strip():
        return "is empty"
    data = text.encode()
    return "repeats itself" if len(data) > REPEATS * len(zlib.compress(data)) else ""


def probed(found: Probed, name: str) -> str:
    """What a probe found, in a line.

    Args:
        found: what is known.
        name: what to call it where the line is shown.
    """
    line = f"line {found.place.line}" if found.place else ""
    if found.chained is None:
        return ", ".join(part for part in (f"? {name}: {found.note}", line) if part)
    chained, isolated = found.chained, found.isolated
    parts = [f"{verdict(chained.verdict)} {name}"]
    if chained.reason:
        parts.append(chained.reason)
    else:
        parts += [f"R {ratio(chained.ratio)}", f"rel. L2 {number(chained.rel_l2, 3)}"]
    if isolated is not None and isolated.ratio is not None:
        parts.append(f"R isolated {ratio(isolated.ratio)}")
    return ", ".join(part for part in (*parts, line, found.note) if part)


def working(on: Working) -> str:
    """The job of an idle engine, and how far it has got where it has several pieces."""
    return f"{on.job}, {on.done} of {on.total}" if on.total > 1 else on.job


def without_taps(of: ComparedWithoutTaps) -> str:
    """Whether looking at the layers changes what the compiled graph gives."""
    if of.from_tapped == 0 and of.from_interpreted == 0:
        return "without taps it gives the same bits, and so does the interpreter"
    taps, interpreted = number(of.from_tapped, 3), number(of.from_interpreted, 3)
    verdict_of = verdict(of.divergence.verdict)
    return (
        f"without taps {verdict_of}, R {ratio(of.divergence.ratio)}, off by {taps} from "
        f"the one with taps and by {interpreted} from the interpreter"
    )


def listed(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def memory(peak: Memory) -> str:
    """The process's peak, and the device's beside it."""
    text = gigabytes(peak.process)
    return text if peak.device is None else f"{text} + {gigabytes(peak.device)} GPU"


def gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def aligned(found: Aligned) -> str:
    """How many layers have a counterpart, and how they were found."""
    return f"{len(found.pairs)} layers are aligned ({found.ways})."


def side(of: UnpairedModule) -> str:
    """Which side alone has a module."""
    return "PyTorch" if of.of_reference else "MAX"
