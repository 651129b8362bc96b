"""The columns of the layers: what each shows, and how much room it takes.

A column is one entry of `COLUMNS`; the list that a person chooses from (`K`) is made of
them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text

from debug.protocol.messages import Compared
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui import words
from tui.dashboard.arrangement import ColumnKey
from tui.dashboard.second_run import SecondRun
from tui.verdict_colours import colour

BAR_WIDTH = 8
WAITING = "·"
"""The glyph of a layer that this generation has not run."""
INHERITED = "↳ inherited"
"""Of a layer that is right in isolation: its error is that of its input."""


@dataclass(frozen=True)
class LayerRow:
    """What is known of a layer, as its row shows it."""

    index: int
    run: Run
    second: SecondRun | None
    mark: str
    is_heir: bool
    """Whether it only inherits an error."""
    narrow: bool
    dark: bool

    @property
    def result(self) -> Compared | None:
        return self.run.results.get(self.index)

    def shade(self, verdict: Verdict) -> Style:
        return Style(color=colour(verdict, self.dark), bold=not verdict.healthy)

    @property
    def style(self) -> Style:
        """Loud where the layer itself is wrong, dim where it is not known to be."""
        result = self.result
        if result is None:
            return Style(dim=True)
        style = self.shade(result.chained.verdict)
        if self.is_heir:
            style += Style(bold=False)
        old = result.generation != self.run.generation or self.run.stale is not None
        return style + Style(dim=True) if old or self.is_heir else style


@dataclass(frozen=True)
class Column:
    key: ColumnKey
    label: str
    width: int
    cell: Callable[[LayerRow], Text]
    help: str
    narrow: int | None = None
    """Its width where there is little room, if another."""


def _verdict(row: LayerRow) -> Text:
    result = row.result
    if result is None:
        return Text(WAITING if row.narrow else f"{WAITING} waiting", "dim")
    word = INHERITED if row.is_heir else words.verdict(result.chained.verdict)
    if row.narrow:
        word = word[0] if row.run.current(row.index) else WAITING
    return Text(word, row.style)


def _number(read: Callable[[Compared], str]) -> Callable[[LayerRow], Text]:
    """A number of the run of the whole model."""

    def cell(row: LayerRow) -> Text:
        result = row.result
        return Text("") if result is None else Text(read(result), row.style)

    return cell


def _outside(result: Compared) -> str:
    count = result.chained.outside
    return "" if count is None else f"{count:,}" if count < 1e6 else words.number(count, 3)


def _isolated(row: LayerRow) -> Text:
    """R of the layer in isolation; kept, but dim, until this generation has its own."""
    event = row.run.isolated_events.get(row.index)
    if event is None:
        return Text("")
    divergence = row.run.isolated(row.index) or event.divergence
    style = row.shade(divergence.verdict)
    if row.run.isolated(row.index) is None or row.run.stale:
        style += Style(dim=True)
    word = words.ratio(divergence.ratio)
    return Text(words.GLYPHS[divergence.verdict] if word == "-" else word, style)


def _trend(row: LayerRow) -> Text:
    if row.result is None:
        return Text("")
    if row.run.current(row.index) is None:
        return Text("earlier", "dim")
    trend = row.run.trend(row.index)
    if trend is None:
        return Text("")
    verdict = words.TREND_VERDICTS.get(trend)
    style = row.shade(verdict) if verdict else Style(dim=True)
    return Text(words.TREND_GLYPHS[trend], style)


def _second(row: LayerRow) -> Text:
    result = row.second.run.results.get(row.index) if row.second else None
    if result is None or row.second is None:
        return Text("")
    style = row.shade(result.chained.verdict)
    if row.second.run.stale:
        style += Style(dim=True)
    return Text(words.verdict(result.chained.verdict), style)


def _shape(row: LayerRow) -> Text:
    return Text(words.shape(row.run.layers[row.index].reference.shape), "dim")


COLUMNS = (
    Column(ColumnKey.MARK, "", 2, lambda row: Text(row.mark, "bold"), ""),
    Column(ColumnKey.VERDICT, "verdict", 12, _verdict, "", narrow=2),
    Column(ColumnKey.NAME, "layer", 22, lambda row: Text(""), "", narrow=20),
    Column(ColumnKey.SHAPE, "shape", 12, _shape, "the shape of its value"),
    Column(
        ColumnKey.RATIO,
        "R",
        7,
        _number(lambda result: words.ratio(result.chained.ratio)),
        "its error, divided by PyTorch's own rounding",
    ),
    Column(
        ColumnKey.ISOLATED,
        "isolated",
        9,
        _isolated,
        "R of the layer on PyTorch's input",
    ),
    Column(
        ColumnKey.REL_L2,
        "rel. L2",
        9,
        _number(lambda result: words.number(result.chained.rel_l2, 3)),
        "its relative L2 error",
    ),
    Column(
        ColumnKey.MAX_ABS,
        "max abs",
        9,
        _number(lambda result: words.number(result.chained.max_abs, 3)),
        "the largest difference of an element",
    ),
    Column(
        ColumnKey.COSINE,
        "1 - cos",
        9,
        _number(lambda result: words.number(result.chained.cosine_distance, 3)),
        "1 minus the cosine of both sides",
    ),
    Column(
        ColumnKey.OUTSIDE,
        "outside",
        9,
        _number(_outside),
        "elements beyond your own rtol and atol (config.toml)",
    ),
    Column(
        ColumnKey.BAR,
        "error",
        BAR_WIDTH + 1,
        _number(lambda result: words.bar(words.error_of(result), BAR_WIDTH)),
        "its relative L2 error as a bar",
    ),
    Column(
        ColumnKey.TIME,
        "time",
        8,
        _number(lambda result: "" if result.reused else words.seconds(result.seconds)),
        "how long it took; nothing where it was not run again",
    ),
    Column(ColumnKey.CHANGE, "save", 9, _trend, "what the last save did to it"),
    Column(ColumnKey.SECOND, "", 10, _second, "the verdict in float64, or compiled"),
)
BY_KEY = {column.key: column for column in COLUMNS}
ALWAYS = (ColumnKey.MARK, ColumnKey.VERDICT, ColumnKey.NAME)


def fitting(
    wanted: Sequence[ColumnKey], room: int, narrow: bool, has_second: bool
) -> list[tuple[Column, int]]:
    """What fits, in the order of `COLUMNS`, each with its width. The first that are wanted
    are the last to go; names get what is left."""
    widths = {
        column.key: (column.narrow if narrow and column.narrow else column.width)
        for column in COLUMNS
    }
    left = room - sum(widths[key] for key in ALWAYS)
    shown: set[ColumnKey] = set(ALWAYS)
    # The second run's verdict takes the place of the bar, which the chart shows, too.
    left_out = ColumnKey.BAR if has_second else ColumnKey.SECOND
    for key in wanted:
        if key is left_out:
            continue
        if widths[key] > left:
            break
        shown.add(key)
        left -= widths[key]
    widths[ColumnKey.NAME] += max(left, 0)
    return [(column, widths[column.key]) for column in COLUMNS if column.key in shown]
