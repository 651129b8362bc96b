"""What is told of a save, and of two beside each other."""

from rich.console import Group, RenderableType
from rich.style import Style
from rich.syntax import Syntax
from rich.text import Text

from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui import words
from tui.columns import Column, table_of
from tui.dashboard.history.difference import (
    LayerChange,
    file_changes,
    layer_changes,
    lines_of,
)
from tui.dashboard.saves import History, LayerResult, Result, Save, names_of
from tui.verdict_colours import colour

MOST_LINES = 4000
"""Of a source that are shown; it is written whole."""


def title_of(history: History, selected: Save | None, base: Save | None) -> Text:
    count = len(history.saves)
    text = Text(" history ", "bold")
    if selected is None:
        return text
    text.append(f"{count} {'save' if count == 1 else 'saves'}")
    if base is not None:
        text.append(f" · save {selected.number} beside save {base.number}")
    return text


def source(save: Save, dark: bool) -> RenderableType:
    """All files of a save, with their lines' numbers."""
    names, parts = names_of(save.files), []
    for path, contents in save.files.items():
        lines = lines_of(contents)
        if len(save.files) > 1:
            parts.append(Text(names[path], "bold underline"))
        code = "\n".join(lines[:MOST_LINES])
        theme = "ansi_dark" if dark else "ansi_light"
        told = {"line_numbers": True, "background_color": "default", "word_wrap": True}
        parts.append(Syntax(code, "python", theme=theme, **told))
        if lines[MOST_LINES:]:
            parts.append(Text(f"and {len(lines) - MOST_LINES} lines more", "dim"))
    return Group(*parts)


def compared(base: Save, selected: Save, dark: bool) -> RenderableType:
    """What was taken away and added, from one save to the other."""
    added, removed = colour(Verdict.OK, dark), colour(Verdict.DIVERGED, dark)
    styles = {"+": Style(color=added), "-": Style(color=removed), "@": Style(dim=True)}
    lines: list[Text] = []
    for change in file_changes(base.files, selected.files):
        lines.append(Text(str(change), "bold"))
        lines += [Text(line, styles.get(line[:1], Style())) for line in change.lines]
    return Text("\n").join(lines or [Text("the same source", "dim")])


def what_became(
    history: History, run: Run, selected: Save, base: Save | None, room: int
) -> RenderableType:
    """The root causes, the outcome, and the layers that became others."""
    result = history.result(selected, run)
    parts: list[RenderableType] = [*_answer(result)]
    if result.worst is not None:
        found = result.layers[result.worst].chained
        number = f"R {words.ratio(found.ratio)}" if found.ratio is not None else ""
        what = number or words.verdict(found.verdict)
        parts.append(Text(f"the worst: {what}, of {result.worst}"))
    if result.replaced:
        which = words.listed([*result.replaced])
        parts.append(Text(f"with PyTorch's value of {which}", "dim"))
    if result.outcome is not None:
        parts += [Text(line) for line in words.outcome(result.outcome)]
    if base is not None:
        parts += [Text(), *_layers(history.result(base, run), result, base, selected, room)]
    return Group(*parts)


def _answer(result: Result) -> list[Text]:
    if result.problem is not None:
        return [Text(f"✗ {result.problem}", "bold")]
    if not result.layers:
        return [Text("nothing has run yet", "dim")]
    if result.causes:
        return [Text(f"✗ {cause}", "bold") for cause in result.causes]
    verdict, ran = result.verdict or Verdict.OK, f"{result.ran} have run"
    return [Text(f"{words.verdict(verdict)}: {ran}, {unexplained(result)}")]


def unexplained(result: Result) -> str:
    """What is said where no root cause is known."""
    run = result.run
    culprit = run.culprit() if run else None
    if run is None or culprit is None:
        return "no root cause is known"
    return f"{words.difference(run)}: {run.layers[culprit].name}"


def _layers(
    old: Result, new: Result, base: Save, selected: Save, room: int
) -> list[RenderableType]:
    for result, save in ((old, base), (new, selected)):
        if result.summed_up:
            said = f"save {save.number} is long past: only its worst layer is still known"
            return [Text(said, "dim")]
    changes = layer_changes(old, new)
    if not old.layers or not new.layers:
        which = base if not old.layers else selected
        return [Text(f"of save {which.number} nothing has run to compare with", "dim")]
    if not changes:
        return [Text("every layer is as right or wrong as before", "dim")]
    columns = [
        Column[LayerChange]("layer", lambda each: each.name, is_name=True),
        Column[LayerChange](f"R in {base.number}", lambda each: _told(each.before)),
        Column[LayerChange](f"in {selected.number}", lambda each: _told(each.now)),
        Column[LayerChange]("alone", lambda each: _alone(each.now), dispensable=1),
    ]
    return [table_of(columns, changes, room)]


def _told(result: LayerResult | None) -> str:
    if result is None:
        return "-"
    glyph = words.GLYPHS[result.chained.verdict]
    return f"{glyph} {words.ratio(result.chained.ratio)}"


def _alone(result: LayerResult | None) -> str:
    found = result.isolated if result else None
    return f"{words.GLYPHS[found.verdict]} {words.ratio(found.ratio)}" if found else ""
