"""The statistics of one layer: both sides, their difference, and where it is worst.

The verdict comes from R, the layer's error divided by the error of PyTorch's own rounding
there: "relative L2 9.0e-5 = R × 3.0e-7" says that MAX is 300 times as far from PyTorch in
float64 as PyTorch in float32 is. Mean, std, min and max of both sides are for
orientation. The pane shows whatever fields `Stats` has (``debug/protocol/statistics.py``),
so a new one is added there, and computed in ``debug/measure/statistics.py``.
"""

from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from debug.protocol.messages import Compared
from debug.protocol.statistics import STATISTICS, Stats
from debug.protocol.values import (
    Divergence,
    Finding,
    Layer,
    Slice,
)
from debug.protocol.verdict import LAYER
from debug.results.root_causes import UNEXPLAINED
from debug.results.run import Run
from debug.results.why import reasons
from tui import words
from tui.answer import place_text
from tui.dashboard.keys import Keyboard
from tui.dashboard.panes.listing import code_of
from tui.dashboard.panes.source import candidate_place
from tui.dashboard.room import MEDIUM_FROM
from tui.dashboard.second_run import SecondRun
from tui.dashboard.selectable import SelectableText
from tui.verdict_colours import colour

_OK = f"ok up to {LAYER.ok_up_to:g}"
SPARKS = "▁▂▃▄▅▆▇█"
LABEL, LABEL_WIDTH = 9, 17
"""The columns of the labels above the table, and in it."""
ROOMY = 44
"""Columns from which numbers are written out."""
EXPLAINED_FROM = 72
"""Columns from which R is explained beside it."""
AS_LARGE = 0.9
"""The quotient of two errors from which they are as large as each other."""
COPIED = 200
"""Columns of what is copied."""


class StatisticsPane(VerticalScroll):
    BORDER_TITLE = "statistics"
    ALLOW_MAXIMIZE = True

    def __init__(self, keyboard: Keyboard) -> None:
        super().__init__(id="statistics")
        self._keyboard = keyboard
        self._text = SelectableText(id="statistics-text", markup=False)
        self._form: tuple | None = None
        self._title = ""

    def compose(self) -> ComposeResult:
        yield self._text

    def as_text(self) -> str:
        """What it shows, with the layer's name, as lines without colours."""
        console = Console(width=COPIED, color_system=None, file=StringIO())
        with console.capture() as captured:
            console.print(self._text.content)
        lines = [line.rstrip() for line in captured.get().splitlines()]
        return "\n".join([self._title, *lines])

    def show(self, index: int, run: Run, second_run: SecondRun | None) -> None:
        if not 0 <= index < len(run.layers):
            return
        layer, result = run.layers[index], run.results.get(index)
        title = f"statistics: {layer.name}"
        if title != self._title:
            self._title, self.border_title = title, Content(title)
        candidate = result.candidate if result else None
        roomy = self.size.width >= ROOMY
        parts: list[RenderableType] = [_sides(layer.reference, candidate, roomy)]
        if result is not None:
            parts += self._divergence(layer, result, run, run.isolated(index), roomy)
        other = second_run.run.results.get(index) if second_run else None
        if second_run is not None and other is not None:
            headline = self._headline(other.chained, roomy)
            parts.append(_labelled(second_run.run_mode.name, headline))
            if outdated := second_run.run.stale:
                parts.append(Text(str(outdated), "dim"))
            without_taps = second_run.run.without_taps
            if without_taps and index == run.last:
                parts.append(Text(words.without_taps(without_taps)))
        # Laying the screen out again takes longer than drawing it.
        form = (
            result is None,
            bool(result and result.chained.reason),
            other is None,
            second_run and (second_run.run.without_taps, second_run.run.stale),
            run.isolated(index) is None,
            str(run.findings(index)),
            run.outcome,
            str(run.probes(index)),
            roomy,
        )
        self._text.update(Group(*parts), layout=form != self._form)
        self._form = form

    def _divergence(
        self,
        layer: Layer,
        result: Compared,
        run: Run,
        isolated: Divergence | None,
        roomy: bool,
    ) -> list[RenderableType]:
        chained = result.chained
        headlines: list[RenderableType] = [
            _labelled("verdict", self._headline(chained, roomy))
        ]
        if isolated is not None:
            headline = self._headline(isolated, roomy=False)
            if roomy and chained.rel_l2 and isolated.rel_l2:
                amplified = chained.rel_l2 / isolated.rel_l2
                if not AS_LARGE < amplified < 1 / AS_LARGE:
                    headline.append(f", amplified ×{words.number(amplified, 3)}")
            headlines.append(_labelled("isolated", headline))
            if isolated.reason:
                headlines.append(Text(isolated.reason))
        index = run.layers.index(layer)
        wrong = not chained.verdict.healthy or run.wrong_in_isolation(index)
        behind = not roomy or self.app.size.height < MEDIUM_FROM
        headlines += [
            *_why(run.findings(index), index in run.faults()),
            *(_source(index, run, self._keyboard.of("source")) if wrong and behind else ()),
            *_probes(run, index),
        ]
        if chained.reason:
            return [*headlines, Text(chained.reason)]
        note = "unchanged, not rerun" if result.reused else words.seconds(result.seconds)
        if result.generation != run.generation:
            note = f"in generation {result.generation}, not in this one"
            if result.generation == 0:  # no engine has a generation of that number
                note = "before the engine was restarted"
        floor = words.number(layer.floor, 3) + (" (PyTorch's)" if roomy else "")
        at = ", ".join(str(position) for position in chained.max_abs_at)
        rows = {
            "relative L2": f"{words.number(chained.rel_l2, 3)} = R × {floor}",
            "max abs": f"{words.number(chained.max_abs)} at {at}",
            "1 - cosine": words.number(chained.cosine_distance),
            "worst channel": _slice(chained.channel, roomy),
            f"worst {layer.row}": _slice(chained.frame, roomy),
            "worst head": _slice(chained.head, roomy),
            "fp16 headroom": words.headroom(result.candidate or layer.reference),
            "computed": note,
            f"over {layer.row}s": sparkline(chained.frames, self.size.width - LABEL_WIDTH),
            "over channels": sparkline(chained.channels, self.size.width - LABEL_WIDTH),
        }
        details = Table.grid(padding=(0, 1))
        for label, text in rows.items():
            if text:
                details.add_row(label, text)
        return [*headlines, details]

    def _headline(self, chained: Divergence, roomy: bool) -> Text:
        shade = colour(chained.verdict, self.app.current_theme.dark)
        text = Text.assemble((words.verdict(chained.verdict), f"bold {shade}"))
        if chained.ratio is not None:
            text.append(f"  R {words.ratio(chained.ratio)}")
            if roomy and self.size.width >= EXPLAINED_FROM:
                text.append(f" = error ÷ PyTorch's own rounding, {_OK}")
            elif roomy:
                text.append(f" ({_OK})")
        return text


def _sides(reference: Stats, candidate: Stats | None, roomy: bool) -> Table:
    """Both sides and their difference, row by row."""
    digits = 6 if roomy else 5
    table = Table.grid(padding=(0, 2 if roomy else 1))
    titles = ("PyTorch", "MAX", "difference" if roomy else "diff.")
    table.add_row("", *(Text(title, "bold") for title in titles))
    rows = {"shape": lambda s: words.shape(s.shape), "dtype": lambda s: s.dtype}
    for label, text in rows.items():
        theirs, ours = text(reference), text(candidate) if candidate else ""
        table.add_row(label, theirs, ours, "differs" if ours and ours != theirs else "")
    for label in STATISTICS:
        theirs, ours = getattr(reference, label), getattr(candidate, label, None)
        difference = ""
        if theirs is not None and ours is not None:
            difference = words.number(ours - theirs, 3)
        right = words.number(ours, digits) if candidate else ""
        table.add_row(label, words.number(theirs, digits), right, difference)
    counts = reference.nonfinite, candidate.nonfinite if candidate else 0
    if any(counts):
        table.add_row("NaN, Inf", *(str(count) for count in counts))
    return table


def _labelled(label: str, text: Text) -> Table:
    """A text that is wrapped beside its label."""
    row = Table.grid()
    row.add_column(width=LABEL)
    row.add_row(label, text)
    return row


def _why(findings: list[Finding] | None, at_fault: bool) -> list[RenderableType]:
    """What is wrong in the layer's own code, if it was looked into."""
    if findings is None:
        return []
    if not findings and at_fault:
        return [_labelled("why", Text(UNEXPLAINED))]
    if not findings:
        return [Text("its own code is right: a layer inside it is wrong")]
    lines: list[RenderableType] = []
    for finding in findings:
        where = f"line {finding.place.line}, " if finding.place else ""
        lines.append(_labelled("why", Text(f"{where}{finding.target}:", "bold")))
        lines += [_labelled("", Text(reason)) for reason in reasons(finding)]
    return lines


def _source(index: int, run: Run, key: str) -> list[RenderableType]:
    """The line of the mistake, or the one that calls the layer, where the pane that shows
    the source is behind this one, which a key brings forward."""
    place, _ = candidate_place(index, run)
    if place is None:
        return []
    lines: list[RenderableType] = [
        _labelled("source", Text(f"{place_text(place)} ({key} shows it)"))
    ]
    if code := code_of(place):
        lines.append(Text(f"❱ {code}", "bold"))
    return lines


def _probes(run: Run, index: int) -> list[RenderableType]:
    """A line for each value of the layer that the source names."""
    found = [(probed, probed.name.rpartition(".")[2]) for probed in run.probes(index)]
    return [
        _labelled("" if number else "probes", Text(words.probed(*each)))
        for number, each in enumerate(found)
    ]


def _slice(worst: Slice | None, roomy: bool) -> str:
    if worst is None:
        return ""
    glyph = "" if worst.verdict.healthy else f"{words.GLYPHS[worst.verdict]} "
    text = f"{glyph}{worst.index}, R {words.ratio(worst.ratio)}"
    return f"{text}, {words.number(worst.rel_l2, 3)}" if roomy else text


def sparkline(values: list[float | None], width: int) -> str:
    """Up to ``width`` cells on the scale of the bars, each the worst of its share.

    A cell with a value that is no number is ``!``.
    """
    cells = []
    count = max(min(width, len(values)), 0)
    for cell in range(count):
        share = values[cell * len(values) // count : (cell + 1) * len(values) // count]
        positions = [words.decade(value) for value in share]
        if None in positions:
            cells.append("!")
        else:
            worst = max(position or 0.0 for position in positions)
            cells.append(SPARKS[round(worst * (len(SPARKS) - 1))])
    return "".join(cells)
