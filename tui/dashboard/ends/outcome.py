"""What the result is used for, on both sides, with every word that differs marked."""

from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from debug.protocol.values import Outcome
from debug.results.run import Run
from tui import words
from tui.dashboard.keys import Keyboard
from tui.transcript_diff import Word, aligned, word_differences

DIFFERS = Style(bold=True, reverse=True)
LEFT_OUT = "▁▁"
"""Where one side has no word."""


def told(run: Run, keyboard: Keyboard) -> RenderableType:
    """The outcome, or why there is none yet."""
    event = run.outcome_known
    if event is None:
        return Text(_why_none(run, keyboard), "dim")
    return side_by_side(event.outcome)


def _why_none(run: Run, keyboard: Keyboard) -> str:
    if not run.is_complete:
        return keyboard.told("it is tried once every layer has run: {cont} runs them")
    if not run.settled:
        return "it is tried after the causes were looked for …"
    for failure in run.failures:
        return failure.message
    return "nobody has said what the result is used for: outcome= in a port's file does"


def side_by_side(outcome: Outcome) -> RenderableType:
    theirs, ours = outcome.reference.split(), outcome.candidate.split()
    places = aligned(theirs, ours)
    table = Table.grid(padding=(0, 3), expand=True)
    table.add_column(ratio=1)
    table.add_column(ratio=1)
    table.add_row(Text("PyTorch", "bold"), Text("MAX", "bold"))
    of_theirs = [
        Word(word, not any(each.text == word and not each.differs for each in place))
        for word, place in zip(theirs, places, strict=False)
    ]
    of_ours = [word for place in places for word in place]
    table.add_row(_marked(of_theirs), _marked(of_ours))
    count = word_differences(outcome.reference, outcome.candidate)
    said = f"{count} of {len(theirs)} words differ" if count else "the same, word for word"
    return Group(table, Text(), Text(said), *map(Text, words.outcome(outcome)[2:]))


def _marked(side: list[Word]) -> Text:
    text = Text()
    for word in side:
        text.append(word.text or LEFT_OUT, DIFFERS if word.differs else "").append(" ")
    return text if text.plain else Text("(nothing)", "dim")
