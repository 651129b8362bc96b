"""What ``maxwhisper check`` prints for a person: a row a layer, and a conclusion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from debug.protocol.values import Divergence, Layer
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from debug.results.why import place_of, why
from tui import words
from tui.columns import Column, table_of
from tui.commands.output import room, table_console
from tui.commands.shared.faults import also_wrong
from tui.paths import relative
from tui.verdict_colours import colour

BAR_WIDTH = 16


@dataclass(frozen=True)
class Row:
    """A layer in the run of the whole model, and in isolation where it was run so."""

    layer: Layer
    chained: Divergence
    isolated: Divergence | None

    @property
    def is_ok(self) -> bool:
        """Whether nothing about it is worth a line where only what is wrong is shown."""
        is_ok_alone = self.isolated is None or self.isolated.verdict.healthy
        return self.chained.verdict is Verdict.OK and is_ok_alone


def _chained(text: Callable[[Row], str]) -> Callable[[Row], Text]:
    """A cell in the colour of the layer's verdict."""
    return lambda row: Text(text(row), _style(row.chained))


def _isolated(row: Row) -> Text:
    """In the colour of its own verdict: a layer that only has a wrong input is ok here."""
    if row.isolated is None:
        return Text("")
    return Text(words.ratio(row.isolated.ratio), _style(row.isolated))


def _bar(row: Row) -> str:
    if row.chained.rel_l2 is None:
        return ""
    return words.bar(row.chained.rel_l2, BAR_WIDTH).rstrip()


def _reason(row: Row) -> str:
    """What is wrong in words, where numbers don't say it."""
    return row.chained.reason or words.spoiled(row.chained, row.layer.row)


COLUMNS: list[Column[Row]] = [
    Column("verdict", _chained(lambda row: words.verdict(row.chained.verdict))),
    Column("layer", _chained(lambda row: row.layer.name), is_name=True),
    Column(
        "shape",
        _chained(lambda row: words.shape(row.layer.reference.shape)),
        dispensable=2,
    ),
    Column("R", _chained(lambda row: words.ratio(row.chained.ratio)), right=True),
    Column("R isolated", _isolated, right=True),
    Column(
        "rel. L2",
        _chained(lambda row: words.number(row.chained.rel_l2, 3)),
        right=True,
        dispensable=1,
    ),
    Column(
        "max abs",
        _chained(lambda row: words.number(row.chained.max_abs, 3)),
        right=True,
        dispensable=3,
    ),
    Column(
        "1 - cos",
        _chained(lambda row: words.number(row.chained.cosine_distance, 3)),
        right=True,
        dispensable=4,
    ),
    Column("relative L2", _chained(_bar), dispensable=5),
    Column("", _chained(_reason), wraps=True),
]


def _style(divergence: Divergence) -> str:
    healthy = divergence.verdict.healthy
    return "" if healthy else colour(divergence.verdict, dark=True)


def print_table(run: Run, only_wrong: bool = False, answer_first: bool = False) -> None:
    """The table, and what is said about it.

    Args:
        run: which ended.
        only_wrong: leaves out the rows that are ok.
        answer_first: for a reader who scrolls up to the table, not down to the answer.
    """
    console = table_console()
    opened = run.opened
    assert opened is not None
    console.print(
        f"{opened.model} on {opened.device} in {words.precision(run)}, {opened.audio}, "
        f"{relative(opened.graph)} ({opened.mode.value})"
    )
    for warning in opened.warnings:
        console.print(Text(f"~ {warning}", "bold"), soft_wrap=True)
    if answer_first:
        print_answer(run)
        console.print()
    _print_rows(console, rows_of(run, only_wrong))
    for note in words.notes(run):
        console.print(Text(note, "dim"), soft_wrap=True)
    for probed in run.probed:
        style = _style(probed.chained) if probed.chained else ""
        line = words.probed(probed, probed.name)
        console.print(Text(f"probe {line}", style), soft_wrap=True)
    for failure in run.failures:
        console.print(Text(f"! {failure}", "bold"), soft_wrap=True)
    if not answer_first:
        print_answer(run)
    if run.without_taps is not None:
        console.print(f"Compiled, {words.without_taps(run.without_taps)}", markup=False)
    if run.outcome is not None:
        console.print(*words.outcome(run.outcome), sep="\n", markup=False)


def rows_of(run: Run, only_wrong: bool = False) -> list[Row]:
    """What has run, in order of computation."""
    rows = [
        Row(layer, run.results[index].chained, run.isolated(index))
        for index, layer in enumerate(run.layers)
        if index in run.results
    ]
    return [row for row in rows if not (only_wrong and row.is_ok)]


def _print_rows(console: Console, rows: Sequence[Row]) -> None:
    if not rows:
        return
    console.print(table_of(COLUMNS, rows, room()), crop=False)
    console.print(words.LEGEND, style="dim")


def print_answer(run: Run) -> None:
    """The verdict and the root causes, and nothing else."""
    console = table_console()
    for doubt in run.doubts:
        console.print(Text(f"✗ {doubt}", "bold red"), soft_wrap=True)
    console.print(conclusion(run))


def conclusion(run: Run) -> Text:
    """The first wrong layer, where it is and why, and every other; or that all are ok."""
    index = run.culprit()
    if index is None:
        return Text("\n".join([words.all_ok(run), *words.watched(run)]), "bold")
    place, layer = place_of(run, index), run.layers[index]
    where = f", {relative(place.path)}:{place.line}" if place else ""
    verdict = run.results[index].chained.verdict.value
    finding = run.finding(index)
    op = f", {finding.op}" if finding and finding.op else ""
    lines = [
        f"First wrong: {layer.name} ({verdict}){where}{op}",
        words.blame(run, index, and_others=False),
    ]
    lines += [f"Why: {reason}" for reason in why(run, index)]
    if finding is not None and (theirs := finding.reference) is not None:
        lines.append(f"PyTorch does it in {Path(theirs.path).name}:{theirs.line}")
    lines += also_wrong(run)
    return Text("\n".join(line for line in lines if line), "bold")
