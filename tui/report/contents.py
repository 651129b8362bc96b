"""What a report of a run says, as plain text: the same for a page and for Markdown.

A report is given to somebody else, so it has no path of this machine in it: files in the
folder where it was made are told as a person there would write them, others by their name.
"""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from debug.protocol.values import Divergence, Place
from debug.protocol.verdict import Verdict
from debug.results.root_causes import RootCause, root_causes
from debug.results.run import Run
from tui import words
from tui.paths import told, without_folders
from tui.report.chart import Chart, chart_of
from tui.versions import versions

NOT_TO_ITS_END = "not run to its end"
CONTEXT = 3
"""Lines of source above and below the one that is meant."""


@dataclass(frozen=True)
class SourceLine:
    number: int
    text: str
    is_meant: bool


@dataclass(frozen=True)
class Excerpt:
    """A line of source among its neighbours."""

    place: str
    """``encoder.py:28``."""
    lines: Sequence[SourceLine]
    """None where the file can't be read any more."""


@dataclass(frozen=True)
class Told:
    """A root cause."""

    why: str
    layers: Sequence[str]
    port: Excerpt | None
    reference: Excerpt | None


@dataclass(frozen=True)
class Row:
    """A layer in the table, every cell as it is read."""

    verdict: Verdict
    is_ok: bool
    """In the run and in isolation."""
    name: str
    shape: str
    ratio: str
    isolated: str
    is_ok_alone: bool
    rel_l2: str
    max_abs: str
    reason: str

    @property
    def glyph(self) -> str:
        return words.GLYPHS[self.verdict]

    @property
    def colour(self) -> str:
        """What its colour means."""
        if self.verdict is Verdict.WATCH:
            return "watch"
        return "bad" if self.verdict.wrong else ""


@dataclass(frozen=True)
class Contents:
    verdict: str
    """One word; of a run that did not end, that it could not."""
    headline: Sequence[str]
    causes: Sequence[Told]
    doubts: Sequence[str]
    warnings: Sequence[str]
    subject: str
    rows: Sequence[Row]
    legend: str
    chart: Chart
    notes: Sequence[str]
    probes: Sequence[str]
    failures: Sequence[str]
    outcome: Sequence[str]
    settings: Sequence[tuple[str, str]]
    versions: Sequence[tuple[str, str]]
    written: str

    @property
    def is_good(self) -> bool:
        """Whether ``check`` would end with 0."""
        return self.verdict in (Verdict.OK, Verdict.WATCH) and not self.doubts

    @property
    def wrong(self) -> list[Row]:
        return [row for row in self.rows if not row.is_ok]


def contents_of(
    run: Run,
    options: Mapping[str, Any],
    now: datetime,
    save: str = "",
    sources: Mapping[str, bytes] | None = None,
) -> Contents:
    """What there is to say.

    Args:
        run: whose model was opened.
        options: what was asked for, by name.
        now: when the report is made.
        save: which save it is about, where that is not the last.
        sources: files as they were then, by path; others are read.
    """
    opened = run.opened
    assert opened is not None
    files = [opened.graph, *(place.path for place in _places(run))]

    def plain(text: str) -> str:
        return without_folders(text, files)

    taps = run.without_taps
    compiled = [f"Compiled, {words.without_taps(taps)}"] if taps else []
    seconds = {"PyTorch": opened.seconds_reference, "MAX": run.seconds}
    return Contents(
        verdict=run.verdict().value if run.is_complete else NOT_TO_ITS_END,
        headline=[plain(line) for line in _headline(run)],
        causes=[_told(run, root, plain, sources or {}) for root in root_causes(run)],
        doubts=[plain(each) for each in run.doubts],
        warnings=[plain(each) for each in opened.warnings],
        subject=plain(
            f"{opened.model} on {opened.device} in {words.precision(run)}, {opened.audio}, "
            f"{told(opened.graph)} ({opened.mode.value})"
        ),
        rows=[_row(run, i, plain) for i in range(len(run.layers)) if i in run.results],
        legend=words.LEGEND,
        chart=chart_of(run),
        notes=[plain(each) for each in words.notes(run)],
        probes=[plain(words.probed(each, each.name)) for each in run.probed],
        failures=[plain(str(each)) for each in run.failures],
        outcome=[*compiled, *(words.outcome(run.outcome) if run.outcome else [])],
        settings=[
            *([("save", save)] if save else []),
            *((name, plain(_option(value))) for name, value in sorted(options.items())),
            ("engine", opened.mode.value),
            *((f"time of {side}", words.seconds(took)) for side, took in seconds.items()),
        ],
        versions=[
            *versions().items(),
            ("system", f"{platform.system()} {platform.machine()}"),
        ],
        written=now.strftime("%Y-%m-%d %H:%M"),
    )


def _option(value: Any) -> str:
    text = str(value)
    return told(text) if "/" in text and Path(text).exists() else text


def _places(run: Run) -> list[Place]:
    found = [layer.place for layer in run.layers]
    for _, finding in run.all_findings():
        found += [finding.place, finding.reference]
    found += run.loaded.places.values() if run.loaded else []
    return [place for place in found if place is not None]


def _headline(run: Run) -> list[str]:
    """Which layer is the first wrong one, or that all are ok; why the run ended early."""
    error = words.could_not_run(run)
    what = "The last save can't be run" if run.is_complete else "It can't run to its end"
    ended = [f"{what}: {error}"] if error else []
    index = run.culprit()
    if index is None:
        return [*ended, words.all_ok(run), *words.watched(run)]
    name, verdict = run.layers[index].name, run.results[index].chained.verdict
    blame = words.blame(run, index, and_others=False)
    return [*ended, f"First wrong: {name} ({verdict.value})", *([blame] if blame else [])]


def _told(
    run: Run,
    root: RootCause,
    plain: Callable[[str], str],
    sources: Mapping[str, bytes],
) -> Told:
    return Told(
        plain(root.why),
        [run.layers[index].name for index in root.layers],
        excerpt(root.place, sources),
        excerpt(root.mistake.reference, sources),
    )


def excerpt(place: Place | None, sources: Mapping[str, bytes]) -> Excerpt | None:
    """The source around a place, as it was then or is on the disk now."""
    if place is None:
        return None
    try:
        known = sources.get(place.path)
        data = Path(place.path).read_bytes() if known is None else known
    except OSError:
        data = b""
    source = data.decode(errors="replace").splitlines()
    start = max(place.line - CONTEXT, 1)
    few = source[start - 1 : place.line + CONTEXT]
    lines = [
        SourceLine(number, line.expandtabs(4), number == place.line)
        for number, line in enumerate(few, start)
    ]
    return Excerpt(f"{told(place.path)}:{place.line}", lines)


def _row(run: Run, index: int, plain: Callable[[str], str]) -> Row:
    layer, found, alone = run.layers[index], run.results[index].chained, run.isolated(index)
    is_ok_alone = alone is None or alone.verdict.healthy
    return Row(
        verdict=found.verdict,
        is_ok=found.verdict is Verdict.OK and is_ok_alone,
        name=layer.name,
        shape=words.shape(layer.reference.shape),
        ratio=words.ratio(found.ratio),
        isolated=_alone(alone),
        is_ok_alone=is_ok_alone,
        rel_l2=words.number(found.rel_l2, 3),
        max_abs=words.number(found.max_abs, 3),
        reason=plain(found.reason or words.spoiled(found, layer.row)),
    )


def _alone(alone: Divergence | None) -> str:
    return "" if alone is None else words.ratio(alone.ratio)
